"""Tickets: stand for a token in an address, for one recording and a short time. Void as soon as the token is.

Knows no HTTP.
"""

import base64
import binascii
import hashlib
import hmac
import json

from outdial.api.auth import RECORDINGS_LISTEN
from outdial.api.tokens import Claims

_LONGEST = 1024
_TAG_SIZE = 32


class InvalidTicket(Exception):
    """Not a ticket of ours, or an expired one, or one for something else."""


def issue(key: bytes, claims: Claims, subject: str, expires_at: int) -> str:
    """A ticket with which whoever has these claims may listen to one thing until then."""
    members = [claims.client_id, claims.account, claims.is_client, claims.fingerprint, expires_at]
    content = json.dumps(members, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(key, content, subject) + content).decode().rstrip("=")


def read(key: bytes, ticket: str, subject: str, now: int) -> Claims:
    """What may be done with a ticket for one thing: to listen, and nothing else.

    Raises:
        InvalidTicket: anything is wrong with it.
    """
    try:
        raw = base64.b64decode(ticket[:_LONGEST] + "=" * (-len(ticket[:_LONGEST]) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidTicket from None
    tag, content = raw[:_TAG_SIZE], raw[_TAG_SIZE:]
    if not hmac.compare_digest(tag, _tag(key, content, subject)):
        raise InvalidTicket
    client_id, account, is_client, fingerprint, expires_at = json.loads(content)
    if now >= expires_at:
        raise InvalidTicket
    return Claims(client_id, account, is_client, frozenset({RECORDINGS_LISTEN}), fingerprint, expires_at)


def _tag(key: bytes, content: bytes, subject: str) -> bytes:
    """Bound to what it is for, and by its beginning apart from everything else that is signed with this key."""
    return hmac.new(key, b"outdial-ticket:" + subject.encode() + b"\0" + content, hashlib.sha256).digest()
