"""Kept recordings as files to be played or downloaded. Opus is encoded when first asked for and stays in memory a
while, so that its ranges fit together. Must not know who asks."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from outdial.calls.recording_library import Audio, Form, Hearing
from outdial.calls.recordings import NothingToRead
from outdial.domain.legs import Side
from outdial.domain.recordings import KeptRecording
from outdial.recordings.mixing import Mix, sides_of
from outdial.recordings.opus import encoded
from outdial.recordings.reading import Reading

MEMORY = 64 * 1024 * 1024
"""Bytes of Opus that are kept for the next range to be asked for: some six hours of one channel."""
MOST_ENCODED = 2 * 3600 * 1000
"""Longest recording, in milliseconds, that is encoded: it takes about a second a minute. A longer one is heard as WAV.
"""


class Renditions:
    """Makes files of recordings."""

    def __init__(self, reading: Reading, memory: int = MEMORY) -> None:
        self._reading = reading
        self._memory = memory
        self._encoded: OrderedDict[str, bytes] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # One at a time: calls must not wait for those who listen.
        self._encoder = asyncio.Semaphore(1)

    async def mix(self, kept: KeptRecording, hearing: Hearing | None) -> Mix:
        """The legs of what is to be heard; of both in stereo, or of the one there is, where nothing is named.

        Raises:
            NothingToRead: a leg it takes was not recorded, or all is deleted.
            Damaged, PlaceUnusable: it can't be read.
        """
        if hearing is None:
            there = {file.side for file in kept.files}
            hearing = Hearing.STEREO if len(there) == len(Side) else Hearing(next(iter(there), Side.AGENT).value)
        return Mix(hearing, tuple([await self._reading.leg(kept, side) for side in sides_of(hearing)]))

    async def audio(self, kept: KeptRecording, mix: Mix, form: Form) -> Audio:
        """The file. Raises as `mix`."""
        stem = f"{datetime.fromtimestamp(kept.recording.started_at / 1000, UTC):%Y-%m-%dT%H-%M-%SZ}"
        name = f"{stem}_{kept.recording.agent_id}_{kept.id}_{mix.hearing.value}"
        tag = hashlib.sha256("/".join((mix.hearing.value, *(leg.file.sha256 for leg in mix.legs))).encode()).hexdigest()
        if form is Form.WAV:
            return Audio(mix.size, "audio/wav", tag, f"{name}.wav", mix.read)
        if kept.length_ms > MOST_ENCODED:
            raise NothingToRead(f"recording {kept.id} is too long to be had as Opus")
        data = await self._opus(f"{kept.recording.account}/{kept.id}/{tag}", mix)

        async def read(start: int, stop: int) -> AsyncIterator[bytes]:
            yield data[start:stop]

        # Encoded anew, the same audio need not come to the same bytes.
        tag = hashlib.sha256(data).hexdigest()
        return Audio(len(data), "audio/ogg; codecs=opus", tag, f"{name}.opus", read)

    def forget(self, account: str, recording_id: str) -> None:
        """Keep nothing of a recording in memory."""
        for key in [key for key in self._encoded if key.startswith(f"{account}/{recording_id}/")]:
            del self._encoded[key]

    async def _opus(self, key: str, mix: Mix) -> bytes:
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            data = self._encoded.pop(key, None)
            if data is None:
                async with self._encoder:
                    data = await encoded(mix)
            self._encoded[key] = data
        while sum(map(len, self._encoded.values())) > self._memory and len(self._encoded) > 1:
            self._encoded.popitem(last=False)
        return data
