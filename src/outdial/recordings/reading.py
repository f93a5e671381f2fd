"""Reads kept legs, wherever they lie: any stretch of the WAV file that was sealed. Must not know who may hear it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from outdial.calls.recordings import NothingToRead, PlaceUnusable
from outdial.domain.legs import Side
from outdial.domain.recordings import READABLE, CallRecording, KeptFile, KeptRecording, State
from outdial.recordings.keys import Keys
from outdial.recordings.objects import Objects
from outdial.recordings.places import FileMissing, LocalFiles, Place, name_of
from outdial.recordings.sealing import CHUNK_SIZE, HEADER_SIZE, Seal, chunks_of, extent, plain_size

PIECE = 16 * CHUNK_SIZE
"""How much of a leg is read, opened and in memory at a time: a minute."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg's WAV file as if it lay there in the clear."""

    place: Place
    name: str
    seal: Seal
    file: KeptFile

    @property
    def size(self) -> int:
        """Bytes of the WAV file."""
        return self.file.size

    async def read(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`, in pieces.

        Raises:
            SealBroken: what is kept is not what was sealed.
            FileMissing, PlaceUnusable: it can't be read.
        """
        place = start
        while place < stop:
            # Ends at the end of a chunk, so that none is read twice.
            end = min(stop, (place // CHUNK_SIZE + PIECE // CHUNK_SIZE) * CHUNK_SIZE)
            yield await self._stretch(place, end)
            place = end

    async def _stretch(self, start: int, stop: int) -> bytes:
        part = extent(start, stop, self.file.sealed_size)
        data = await self.place.read(self.name, part.offset, part.length)
        chunks = chunks_of(self.file.sealed_size)
        opened = await asyncio.to_thread(lambda: b"".join(self.seal.opened(data, part.first, chunks)))
        piece = opened[part.skip : part.skip + stop - start]
        if len(piece) < stop - start:
            raise FileMissing(f"{self.name} was cut short")
        return piece


class Reading:
    """Opens kept legs."""

    def __init__(self, keys: Keys, local: LocalFiles, objects: Objects | None) -> None:
        self._keys = keys
        self._local = local
        self._objects = objects

    async def leg(self, kept: KeptRecording, side: Side) -> Leg:
        """One leg, ready to be read.

        Raises:
            NothingToRead: it was not recorded, or is deleted.
            KeyMissing, FileMissing, PlaceUnusable, SealBroken: it can't be read.
        """
        file = kept.file(side)
        if file is None or kept.state not in READABLE:
            raise NothingToRead(f"there is no audio of the {side.value}'s leg of recording {kept.id}")
        name = name_of(kept.recording, side)
        place = self.place_of(kept, file)
        key = await self._keys.of_file(kept.recording, file)
        head = await place.read(name, 0, HEADER_SIZE)
        plain_size(file.sealed_size)
        return Leg(place, name, Seal(key, context_of(kept.recording, side), head), file)

    async def key_of(self, kept: KeptRecording, file: KeptFile) -> bytes:
        """A file's key. Raises KeyMissing."""
        return await self._keys.of_file(kept.recording, file)

    def place_of(self, kept: KeptRecording, file: KeptFile) -> Place:
        """Where a recording's file is to be read. Raises PlaceUnusable where that is not set up any more."""
        if kept.state is not State.REMOTE or file.set_aside:
            return self._local
        if self._objects is None:
            raise PlaceUnusable(f"recording {kept.id} is in the object store, and none is configured")
        return self._objects


def context_of(recording: CallRecording, label: str) -> str:
    """What a file's seal is bound to."""
    return f"{recording.account}/{recording.call_id}/{label}"
