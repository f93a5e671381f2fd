"""Access tokens: signed (JWT, HS256), short-lived, and void as soon as the secret they were got with is.

A token carries a fingerprint of the hash of its client's secret. Whoever checks it compares that with the hash as it
is stored now, so a new secret or a revoked client needs no list of void tokens. Knows no HTTP.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_HEADER = {"alg": "HS256", "typ": "JWT"}
_LONGEST = 4096
"""Characters; longer ones are not looked at."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    client_id: str
    """An account's key, or the id of an API client."""
    account: str | None
    """The account it is good for; none for an operator, who may act in every account."""
    is_client: bool
    """Whether it was got by an API client, and not with an account's API token."""
    scopes: frozenset[str]
    fingerprint: str
    expires_at: int
    """Milliseconds since the epoch."""


class InvalidToken(Exception):
    """Not a token of ours, or an expired one."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and reads tokens with one key."""

    key: bytes = field(repr=False)

    def issue(
        self,
        client_id: str,
        account: str | None,
        scopes: frozenset[str],
        secret_hash: str,
        *,
        is_client: bool,
        now: int,
        lifetime_seconds: int,
    ) -> str:
        """A new token, good for so long from now (milliseconds since the epoch)."""
        claims: dict[str, object] = {
            "sub": client_id,
            "use": "client" if is_client else "account",
            "scope": " ".join(sorted(scopes)),
            "iat": now // 1000,
            "exp": now // 1000 + lifetime_seconds,
            "fp": fingerprint(secret_hash),
        }
        if account is not None:
            claims["acc"] = account
        return jwt.encode(_HEADER, claims, OctKey.import_key(self.key), algorithms=["HS256"])

    def read(self, token: str, now: int) -> Claims:
        """What a token says, once its signature and its time have been checked; nothing more has.

        Raises:
            InvalidToken: anything is wrong with it.
        """
        if len(token) > _LONGEST:
            raise InvalidToken
        claims = _signed(self.key, token)
        if now >= claims.expires_at:
            raise InvalidToken
        return claims


@lru_cache(maxsize=1024)
def _signed(key: bytes, token: str) -> Claims:
    """What a token says that was signed with a key. A signature that was right once stays so: it is checked once."""
    try:
        said = jwt.decode(token, OctKey.import_key(key), algorithms=["HS256"]).claims
        return Claims(
            client_id=str(said["sub"]),
            account=said.get("acc"),
            is_client=said["use"] == "client",
            scopes=frozenset(said["scope"].split()),
            fingerprint=str(said["fp"]),
            expires_at=int(said["exp"]) * 1000,
        )
    except (JoseError, ValueError, OverflowError, KeyError, TypeError, AttributeError):
        raise InvalidToken from None


def fingerprint(secret_hash: str) -> str:
    """Stands for a secret's hash in a token, without giving the hash away."""
    digest = hashlib.sha256(b"outdial-token:" + secret_hash.encode()).digest()
    return base64.urlsafe_b64encode(digest[:12]).decode()


def is_of(claims: Claims, secret_hash: str | None) -> bool:
    """Whether a token was got with the secret whose hash is stored now."""
    return secret_hash is not None and hmac.compare_digest(claims.fingerprint, fingerprint(secret_hash))
