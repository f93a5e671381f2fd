"""Makes of kept legs what somebody wants to hear: one leg, both mixed, or one on each side. Byte for byte the same
each time, so that any stretch can be asked for. Must not know where the legs lie."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outdial.calls.recording_library import Hearing
from outdial.domain.legs import Side
from outdial.recordings import wav
from outdial.recordings.reading import Leg
from outdial.recordings.sealing import CHUNK_SIZE

Audio = NDArray[np.int16]
_PIECE_SAMPLES = 16 * CHUNK_SIZE // wav.WIDTH


def sides_of(hearing: Hearing) -> tuple[Side, ...]:
    """Which legs it takes, in the order of its channels."""
    return {Hearing.AGENT: (Side.AGENT,), Hearing.PARTY: (Side.PARTY,)}.get(hearing, (Side.AGENT, Side.PARTY))


@dataclass(frozen=True, slots=True)
class Mix:
    """A WAV file made of legs while it is read. The legs are in the order of `sides_of`."""

    hearing: Hearing
    legs: tuple[Leg, ...]

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return 2 if self.hearing is Hearing.STEREO else 1

    @property
    def samples(self) -> int:
        """Of each channel: as long as the longest leg."""
        return max((leg.size - wav.HEADER_SIZE) // wav.WIDTH for leg in self.legs)

    @property
    def size(self) -> int:
        """Bytes of the WAV file."""
        return wav.HEADER_SIZE + self.samples * wav.WIDTH * self.channels

    async def read(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`, in pieces. Raises as `Leg.read`."""
        if len(self.legs) == 1:
            async for piece in self.legs[0].read(start, stop):
                yield piece
            return
        head = wav.header(self.samples, self.channels)[start:stop]
        frame = wav.WIDTH * self.channels
        first, last = max(0, start - wav.HEADER_SIZE), stop - wav.HEADER_SIZE
        async for place, audio in self._frames(first // frame, -(-last // frame) if last > 0 else 0):
            # With the first audio and not before it: whoever has got the header is told of nothing that is wrong.
            yield head + audio.tobytes()[max(0, first - place * frame) : last - place * frame]
            head = b""
        if head:
            yield head

    async def audio(self) -> AsyncIterator[Audio]:
        """All of it as samples: an array of one column for each channel, piece by piece."""
        if len(self.legs) == 1:
            for start in range(0, self.samples, _PIECE_SAMPLES):
                stop = min(self.samples, start + _PIECE_SAMPLES)
                yield (await _samples(self.legs[0], start, stop)).reshape(-1, 1)
            return
        async for _, audio in self._frames(0, self.samples):
            yield audio.reshape(-1, self.channels)

    async def _frames(self, first: int, last: int) -> AsyncIterator[tuple[int, Audio]]:
        for start in range(first, last, _PIECE_SAMPLES):
            stop = min(last, start + _PIECE_SAMPLES)
            sides = await asyncio.gather(*(_samples(leg, start, stop) for leg in self.legs))
            yield start, await asyncio.to_thread(_together, self.hearing, sides)


async def _samples(leg: Leg, start: int, stop: int) -> Audio:
    """A leg's samples from one up to another; silence beyond its end."""
    data = bytearray()
    end = min(wav.HEADER_SIZE + stop * wav.WIDTH, leg.size)
    async for piece in leg.read(min(wav.HEADER_SIZE + start * wav.WIDTH, end), end):
        data += piece
    audio = np.zeros(stop - start, np.dtype("<i2"))
    found = np.frombuffer(bytes(data), np.dtype("<i2"))
    audio[: len(found)] = found
    return audio


def _together(hearing: Hearing, sides: Sequence[Audio]) -> Audio:
    if hearing is Hearing.STEREO:
        return np.column_stack(tuple(sides)).astype("<i2")
    # Seldom do both speak at once at the top of their voices; where they do, it is clipped rather than halved always.
    whole = np.sum([side.astype(np.int32) for side in sides], axis=0)
    mixed: Audio = np.clip(whole, -32768, 32767).astype("<i2")
    return mixed
