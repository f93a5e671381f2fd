"""Signatures of Standard Webhooks, made by its own library. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook as StandardWebhook


def standard_headers(secrets: Sequence[str], message_id: str, body: str, seconds: int) -> dict[str, str]:
    """The three headers. One signature for each secret that is good: a receiver needs to know any of them."""
    moment = datetime.fromtimestamp(seconds, UTC)
    signatures = (StandardWebhook(secret).sign(message_id, moment, body) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }
