"""How a delivery proves whom it is from: headers for a body, in either form. Pure."""

import hashlib
from collections.abc import Sequence
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OctKey

from outdial.domain.webhooks import SignatureForm, Webhook
from outdial.outgoing.signing import standard_headers

VONAGE_SECONDS = 300


def signed(webhook: Webhook, event_id: str, body: str, now: int) -> dict[str, str]:
    """The headers that say and prove what is delivered: the event's id, the same at every attempt, and signatures."""
    secrets = webhook.secrets_at(now)
    seconds = now // 1000
    if webhook.form is SignatureForm.VONAGE:
        bearer = f"Bearer {_vonage(secrets, body, seconds)}"
        return {"webhook-id": event_id, "webhook-timestamp": str(seconds), "Vonage-Signature": bearer}
    return standard_headers(secrets, event_id, body, seconds)


def key_id(secret: str) -> str:
    """Tells which secret signed, and nothing about it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def _vonage(secrets: Sequence[str], body: str, seconds: int) -> str:
    """There is room for one signature: the older secret rules until its overlap ends, and `kid` tells which it was."""
    secret = secrets[-1]
    claims = {
        "iss": "Outdial",
        "iat": seconds,
        "exp": seconds + VONAGE_SECONDS,
        "jti": str(uuid4()),
        "payload_hash": hashlib.sha256(body.encode()).hexdigest(),
    }
    header = {"alg": "HS256", "typ": "JWT", "kid": key_id(secret)}
    return jwt.encode(header, claims, OctKey.import_key(secret))
