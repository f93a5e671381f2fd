"""Seals what a CRM is opened with, so that the database alone opens none. Knows no CRM."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_SIZE = 12


class KeySealing:
    """See `calls.crm.Sealing`. One key, kept outside the database."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: str, about: str) -> str:
        """See `Sealing.seal`."""
        nonce = os.urandom(_NONCE_SIZE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), about.encode())).decode()

    def open(self, sealed: str, about: str) -> str | None:
        """See `Sealing.open`."""
        try:
            whole = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(whole[:_NONCE_SIZE], whole[_NONCE_SIZE:], about.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            return None
