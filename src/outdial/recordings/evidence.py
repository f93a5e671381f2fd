"""All that proves one recording, as one zip file that can be checked without this service, years later.

The ledger is in it from the call's first entry to its head: what lies between belongs to others, but leads there. The
head is signed, and with it the hash of every other file. Must not know who may have it.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from outdial.calls.recording_store import Ledger
from outdial.domain.ledger import canonical, text_of
from outdial.domain.moments import told
from outdial.domain.recordings import KeptRecording
from outdial.recordings.erasure import Signer
from outdial.recordings.reading import Leg

README, ABOUT, LEDGER, SUMS = "README.txt", "recording.json", "ledger.jsonl", "SHA256SUMS"
STATEMENT, SIGNATURE, KEY = "statement.json", "statement.sig", "signing-key.pem"
AUDIO = "audio/{}.wav"
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """When it was asked for, and by whom."""

    at: int
    by: str


async def evidence(
    kept: KeptRecording, legs: Sequence[Leg], about: dict[str, Any], ledger: Ledger, signer: Signer, asked: Asked
) -> AsyncIterator[bytes]:
    """The file, piece by piece. Raises Damaged or PlaceUnusable where audio can't be read."""
    account, bundle = kept.recording.account, _Bundle(asked.at)
    # First what may fail.
    for leg in legs:
        async for piece in bundle.add(AUDIO.format(leg.file.side.value), leg.read(0, leg.size), leg.size):
            yield piece
    head = await ledger.head(account) or (0, "")
    async for piece in bundle.add(LEDGER, _chain(ledger, account, kept.id, head[0])):
        yield piece
    yield await bundle.put(ABOUT, json.dumps(about, ensure_ascii=False, indent=2).encode() + b"\n")
    yield await bundle.put(README, files(__package__).joinpath("evidence.txt").read_bytes())
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(bundle.hashes.items())).encode()
    statement = canonical(
        {
            "account": account,
            "recording": kept.id,
            "at": told(asked.at),
            "by": asked.by,
            "head": {"seq": head[0], "hash": head[1]},
            "sha256sums": hashlib.sha256(sums).hexdigest(),
        }
    ).encode()
    yield await bundle.put(SUMS, sums)
    yield await bundle.put(STATEMENT, statement)
    yield await bundle.put(SIGNATURE, signer.sign(statement))
    yield await bundle.put(KEY, signer.public_pem.encode())
    yield bundle.end()


async def _chain(ledger: Ledger, account: str, call_id: str, last: int) -> AsyncIterator[bytes]:
    """The account's entries from the call's first one to the head, each as it was hashed."""
    first = await ledger.entries(account, 0, 1, call_id)
    seq = first[0].seq - 1 if first else last
    while seq < last:
        page = await ledger.entries(account, seq, min(_PAGE, last - seq))
        if not page:
            # The ledger lacks its end: whoever checks this finds it too.
            return
        yield "".join(f"{text_of(entry)}\n" for entry in page).encode()
        seq = page[-1].seq


class _Bundle:
    """A zip file that is read while it is written."""

    def __init__(self, at: int) -> None:
        self._pipe = _Pipe()
        self._zip = ZipFile(self._pipe, "w")
        self._time = datetime.fromtimestamp(at / 1000, UTC).timetuple()[:6]
        self.hashes: dict[str, str] = {}

    async def add(self, name: str, pieces: AsyncIterator[bytes], size: int | None = None) -> AsyncIterator[bytes]:
        """A file of so many bytes, or of text as long as it turns out; what is to be read by then."""
        info = ZipInfo(name, self._time)
        info.compress_type = ZIP_DEFLATED if size is None else ZIP_STORED
        digest = hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=size is None or size > 1 << 31) as file:
            async for piece in pieces:
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
                yield self._pipe.taken()
        self.hashes[name] = digest.hexdigest()
        yield self._pipe.taken()

    async def put(self, name: str, content: bytes) -> bytes:
        """A small file, all at once."""
        self.hashes[name] = hashlib.sha256(content).hexdigest()
        self._zip.writestr(ZipInfo(name, self._time), content)
        return self._pipe.taken()

    def end(self) -> bytes:
        """The end of the zip file."""
        self._zip.close()
        return self._pipe.taken()


class _Pipe:
    """What was written and not yet taken. Can't be gone back in, so that a zip file is written straight on."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        """All of it."""
        taken, self._written = bytes(self._written), bytearray()
        return taken
