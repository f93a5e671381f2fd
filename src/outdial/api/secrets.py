"""API tokens and client secrets: made here, shown once, kept as a hash. Not for passwords that people choose.

Our secrets are 256 random bits. Nobody can guess one from its hash however fast the hash is, so a slow, salted one
(argon2) would only make each token request dear; plain SHA-256 with a comparison in constant time is enough.
"""

import hashlib
import hmac
from secrets import token_urlsafe

_KIND = "sha256:"
_NONE = _KIND + "0" * 64
"""Compared with where there is no hash, so that an unknown client takes as long as a known one."""


def new_secret() -> str:
    """256 random bits as 43 characters that need no escaping anywhere."""
    return token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is kept of a secret."""
    return _KIND + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def verify_secret(secret: str, kept: str | None) -> bool:
    """Whether a secret is the one that was hashed."""
    return hmac.compare_digest(hash_secret(secret), kept or _NONE) and kept is not None
