"""Which tone is heard when in a recording: Goertzel's measure over short windows. Must not know who recorded it."""

import math
import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HEAD_BYTES = 44
"""What stands before the samples in the plain WAV files that the switch writes."""
WINDOW_MS = 40
"""Long enough to tell tones 25 Hz apart, short enough to say when they begin."""
QUIET = 100.0
"""Root mean square, of 32,767, below which a window counts as silence."""
PURE = 0.7
"""Which part of a window's power must be at one frequency for the window to count as that tone."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording: one channel of 16 bit samples."""

    samples: Sequence[int]
    rate: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return len(self.samples) * 1000 // self.rate


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one tone, in milliseconds from the start of the recording."""

    tone: int
    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it sounds."""
        return self.end_ms - self.start_ms


def read_sound(path: Path) -> Sound:
    """Read a WAV file; one that is not there, or whose head is not written yet, is silence.

    The lengths in the head are not believed: while a file is being written they are nothing. Its size is.

    Raises:
        ValueError: it is no recording of one 16 bit channel.
    """
    data = path.read_bytes() if path.exists() else b""
    if len(data) <= HEAD_BYTES or not any(data[:HEAD_BYTES]):
        return Sound((), 8000)
    kind, channels, rate, bits = struct.unpack_from("<HHI6xH", data, 20)
    if (data[:4], data[8:16]) != (b"RIFF", b"WAVEfmt ") or (kind, channels, bits) != (1, 1, 16):
        raise ValueError(f"{path.name} is not a recording of one 16 bit channel")
    samples = data[HEAD_BYTES:]
    return Sound(array("h", samples[: len(samples) // 2 * 2]), rate)


def power_at(samples: Sequence[int], rate: int, frequency: float) -> float:
    """Mean square of the samples that lies at one frequency."""
    if not samples:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * frequency / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    energy = before * before + last * last - turn * before * last
    return 2 * energy / len(samples) ** 2


def power_of(samples: Sequence[int]) -> float:
    """Mean square of the samples."""
    return sum(sample * sample for sample in samples) / len(samples) if samples else 0.0


def tone_of(samples: Sequence[int], rate: int, tones: Iterable[int]) -> int | None:
    """Which of the tones makes up nearly all of these samples; none where they are quiet or something else."""
    whole = power_of(samples)
    if whole < QUIET * QUIET:
        return None
    found, best = None, PURE * whole
    for tone in tones:
        power = power_at(samples, rate, tone)
        if power > best:
            found, best = tone, power
    return found


def spans(sound: Sound, tones: Iterable[int]) -> list[Span]:
    """The stretches of each tone, in the order in which they are heard."""
    wanted = tuple(tones)
    size = sound.rate * WINDOW_MS // 1000
    windows = [sound.samples[start : start + size] for start in range(0, len(sound.samples) - size + 1, size)]
    heard = [tone_of(window, sound.rate, wanted) for window in windows]
    edges = [0, *(i for i in range(1, len(heard)) if heard[i] != heard[i - 1]), len(heard)]
    return [
        Span(tone, start * WINDOW_MS, end * WINDOW_MS)
        for start, end in pairwise(edges)
        if start < end and (tone := heard[start]) is not None
    ]


def heard_ms(sound: Sound, tone: int) -> int:
    """For how long a tone is heard in all."""
    return sum(span.length_ms for span in spans(sound, (tone,)))
