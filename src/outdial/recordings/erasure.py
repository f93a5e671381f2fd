"""The certificate of an erasure: what was erased and what was not, signed, its hash in the ledger.

Names no number and no reference: it must not bring back what it says is gone.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from outdial.domain.ledger import canonical
from outdial.domain.moments import told
from outdial.domain.recordings import Foreseen, KeptRecording, State

SCOPE = (
    "The audio of these recordings, what was set aside of them as it could not be read, the keys that opened it, and "
    "the telephone number and the reference in their records. "
    "Their calls' records, and the events and the CRM tasks that tell of those calls, name both and are kept for as "
    "long as the retention of calls says; the ledger, which names neither, for ever."
)


class Signer:
    """Signs with the installation's own key, of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = base64.b64encode(public).decode()

    @property
    def public_pem(self) -> str:
        """The public key as other programs take it."""
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return public.decode()

    def sign(self, data: bytes) -> bytes:
        """The bare signature of these bytes."""
        return self._key.sign(data)

    def signed(self, content: dict[str, Any]) -> dict[str, Any]:
        """The same with a signature of its canonical JSON beside it."""
        signature = base64.b64encode(self.sign(canonical(content).encode())).decode()
        return {**content, "signature": {"algorithm": "Ed25519", "publicKey": self.public_key, "value": signature}}


def key_of(public_key: str) -> Ed25519PublicKey:
    """A public key from its Base64. Raises ValueError where it is none."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))


def is_signed(certificate: dict[str, Any], public_key: str) -> bool:
    """Whether a certificate is what the holder of this key signed."""
    content = {name: value for name, value in certificate.items() if name != "signature"}
    key = key_of(public_key)
    try:
        key.verify(base64.b64decode(certificate["signature"]["value"]), canonical(content).encode())
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def content_of(
    certificate_id: str,
    account: str,
    erased: Sequence[KeptRecording],
    held: Sequence[KeptRecording | Foreseen],
    under_way: Sequence[Foreseen],
    asked: dict[str, Any],
) -> dict[str, Any]:
    """What a certificate says. `asked` is by what, why, by whom and when."""
    return {
        "certificate": certificate_id,
        "account": account,
        **asked,
        "scope": SCOPE,
        "erased": [_erased(kept) for kept in erased],
        "held": [{"recording": kept.id, "matters": [hold.matter for hold in kept.holds]} for kept in held],
        "underWay": [{"recording": seen.id, "audio": "erased as soon as its call has ended"} for seen in under_way],
    }


def hash_of(certificate: dict[str, Any]) -> str:
    """SHA-256 of its canonical JSON, as the ledger has it."""
    return hashlib.sha256(canonical(certificate).encode()).hexdigest()


def _erased(kept: KeptRecording) -> dict[str, Any]:
    return {
        "recording": kept.id,
        "startedAt": told(kept.recording.started_at),
        "files": [{"side": file.side.value, "sha256": file.sha256, "size": file.size} for file in kept.files],
        "setAside": [{"file": file.set_aside, "sha256": file.sha256, "size": file.size} for file in kept.set_aside],
        "keys": "destroyed",
        # Without its key a file is noise; where a store is away, the noise is removed as soon as it is back.
        "audio": "removed" if kept.state is State.DELETED else "unreadable, to be removed",
        "removalPendingIn": [str(bucket) for bucket in kept.buckets],
    }
