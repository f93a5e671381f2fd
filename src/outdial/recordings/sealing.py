"""The sealed file: AES-256-GCM in chunks, so that any stretch can be read, and no bit changed, without reading all.

    header   8 bytes magic, 4 bytes size of a chunk, 16 bytes salt
    chunk    ciphertext (all but the last are of full size) and 16 bytes tag

The chunks' key comes of the file's key, the salt and the context (whose file it is), so that files can't be
exchanged for one another. A chunk's nonce is its number and whether it is the last, so that chunks can't be
exchanged, dropped or added. Knows no place where files lie.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outdial.calls.recordings import Damaged

MAGIC = b"OUTDIAL\x01"
SALT_SIZE = 16
HEADER_SIZE = len(MAGIC) + 4 + SALT_SIZE
TAG_SIZE = 16
CHUNK_SIZE = 64 * 1024
"""Four seconds of one leg."""
KEY_SIZE = 32


class SealBroken(Damaged):
    """A sealed file is not what was sealed: changed, cut short, exchanged, or sealed with another key."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a stretch of the plain text lies in the sealed file: which chunks, and which bytes they take."""

    first: int
    offset: int
    length: int
    skip: int
    """Bytes of the first chunk's plain text that come before the stretch."""


class Seal:
    """One file's key, header and measures; seals nothing and opens nothing without them."""

    def __init__(self, key: bytes, context: str, header: bytes) -> None:
        """Raises SealBroken where the header is none of ours."""
        if len(header) != HEADER_SIZE or not header.startswith(MAGIC):
            raise SealBroken("it is no sealed recording")
        self.header = header
        self.chunk_size = int.from_bytes(header[len(MAGIC) : len(MAGIC) + 4], "big")
        if self.chunk_size != CHUNK_SIZE:
            raise SealBroken("its header was changed")
        info = b"outdial sealed file\0" + context.encode()
        derived = HKDF(SHA256(), KEY_SIZE, header[-SALT_SIZE:], info).derive(key)
        self._cipher = AESGCM(derived)

    @classmethod
    def fresh(cls, key: bytes, context: str) -> "Seal":
        """For a new file."""
        return cls(key, context, MAGIC + CHUNK_SIZE.to_bytes(4, "big") + secrets.token_bytes(SALT_SIZE))

    def sealed(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The sealed file, piece by piece, for a plain text given in pieces of any size."""
        yield self.header
        waiting, number = bytearray(), 0
        for part in parts:
            waiting += part
            # The last chunk is sealed as such, so one is held back until it is known that more follows.
            while len(waiting) > self.chunk_size:
                yield self._cipher.encrypt(_nonce(number, last=False), bytes(waiting[: self.chunk_size]), self.header)
                del waiting[: self.chunk_size]
                number += 1
        yield self._cipher.encrypt(_nonce(number, last=True), bytes(waiting), self.header)

    def opened(self, data: bytes, first: int, chunks: int) -> Iterator[bytes]:
        """The plain text of whole chunks that follow each other, the first of this number, of so many in the file.

        Raises:
            SealBroken: one of them is not what was sealed; which one.
        """
        step = self.chunk_size + TAG_SIZE
        for number, start in enumerate(range(0, len(data), step), first):
            try:
                yield self._cipher.decrypt(
                    _nonce(number, last=number == chunks - 1), data[start : start + step], self.header
                )
            except InvalidTag:
                raise SealBroken(f"chunk {number + 1} of {chunks} was changed") from None


def plain_size(sealed_size: int) -> int:
    """How long the plain text of a sealed file is. Raises SealBroken for a size that no sealed file has."""
    body = sealed_size - HEADER_SIZE
    size = body - TAG_SIZE * chunks_of(sealed_size)
    if body < TAG_SIZE or size < 0 or sealed_size_of(size) != sealed_size:
        raise SealBroken("it was cut short")
    return size


def sealed_size_of(size: int) -> int:
    """How long the sealed file of a plain text of so many bytes is."""
    return HEADER_SIZE + size + TAG_SIZE * max(1, -(-size // CHUNK_SIZE))


def chunks_of(sealed_size: int) -> int:
    """How many chunks a sealed file of this size has."""
    return -(-(sealed_size - HEADER_SIZE) // (CHUNK_SIZE + TAG_SIZE))


def extent(start: int, stop: int, sealed_size: int) -> Extent:
    """Which bytes of the sealed file are needed to read the plain text from `start` up to `stop`."""
    step = CHUNK_SIZE + TAG_SIZE
    first, last = start // CHUNK_SIZE, max(start, stop - 1) // CHUNK_SIZE
    offset = HEADER_SIZE + first * step
    length = min(sealed_size, HEADER_SIZE + (last + 1) * step) - offset
    return Extent(first, offset, length, start - first * CHUNK_SIZE)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
