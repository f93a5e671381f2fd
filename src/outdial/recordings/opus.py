"""Opus in Ogg, encoded in memory: nothing unsealed touches the disk. Must not know whose audio it is."""

import asyncio
import io

import soundfile  # type: ignore[import-untyped]

from outdial.recordings import wav
from outdial.recordings.mixing import Mix


async def encoded(mix: Mix) -> bytes:
    """What is to be heard, as Opus in Ogg: about a tenth of the WAV file."""
    target = io.BytesIO()
    # Not closed where this is cancelled: a thread may still write to it then, which would crash the process. It closes
    # itself as soon as nobody has it any more, that thread included.
    file = soundfile.SoundFile(target, "w", samplerate=wav.RATE, channels=mix.channels, format="OGG", subtype="OPUS")
    async for frames in mix.audio():
        await asyncio.to_thread(file.write, frames)
    file.close()
    return target.getvalue()
