"""A waveform to be drawn: the least and the greatest sample of each stretch, in the form that audiowaveform gave its
name to (version 2, 8 bits) and that players in the browser read. Must not know where the audio comes from."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np

from outdial.recordings import wav
from outdial.recordings.mixing import Audio, Mix

MOST_IN_ALL = 60_000
"""Peaks of each channel, whatever is asked for: more than any screen shows, and JSON in a few milliseconds."""


async def peaks(mix: Mix, per_second: int) -> dict[str, Any]:
    """The peaks of what is to be heard, so many a second; fewer where it is too long for that."""
    step = max(wav.RATE // per_second, -(-mix.samples // MOST_IN_ALL))
    data: list[int] = []
    async for frames in _in_steps(mix.audio(), step):
        data += _peaks_of(frames, step)
    channels = mix.channels
    return {
        "version": 2,
        "channels": channels,
        "sample_rate": wav.RATE,
        "samples_per_pixel": step,
        "bits": 8,
        "length": len(data) // (2 * channels),
        "data": data,
    }


async def _in_steps(pieces: AsyncIterator[Audio], step: int) -> AsyncIterator[Audio]:
    """The same audio in pieces of whole steps, but for the last one."""
    rest: Audio | None = None
    async for piece in pieces:
        whole = piece if rest is None else np.concatenate((rest, piece))
        cut = len(whole) // step * step
        rest = whole[cut:]
        if cut:
            yield whole[:cut]
    if rest is not None and len(rest):
        yield rest


def _peaks_of(frames: Audio, step: int) -> list[int]:
    starts = np.arange(0, len(frames), step)
    least = np.minimum.reduceat(frames, starts) >> 8
    most = np.maximum.reduceat(frames, starts) >> 8
    # For each stretch, and in it for each channel: least, then most.
    found: list[int] = np.stack((least, most), axis=-1).reshape(-1).tolist()
    return found
