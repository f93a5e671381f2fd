"""WAV files of one or two channels of 16 bit samples: reads what a switch left, however it ended; writes headers.

Knows no folder and no recording.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 8000
"""Samples a second, of everything the switch records."""
WIDTH = 2
HEADER_SIZE = 44
_PIECE = 256 * 1024


class NotAWav(Exception):
    """A file is none that the switch writes. One sentence for people."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Where a file's samples lie, in bytes, and how many there are."""

    path: Path
    offset: int
    count: int


def header(samples: int, channels: int = 1) -> bytes:
    """The header of a file with so many samples in each channel."""
    size = samples * channels * WIDTH
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * channels * WIDTH, channels * WIDTH, WIDTH * 8)
    return b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form + _chunk(b"data", size)


def samples_of(path: Path) -> Samples:
    """Find the samples of a file that may have been cut short.

    The header's own length is not believed: it is written when the file is closed, which a crash prevents, and the
    switch writes nothing behind the samples. An empty file has none.

    Raises:
        NotAWav: it is something else, or not of one channel of 16 bit samples 8,000 times a second.
        OSError: it can't be read.
    """
    size = path.stat().st_size
    if size < HEADER_SIZE:
        # Whatever is there has not come to its first sample.
        return Samples(path, size, 0)
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotAWav(f"{path.name} is no WAV file")
    place, form = 12, b""
    while place + 8 <= len(head):
        name, length = head[place : place + 4], int.from_bytes(head[place + 4 : place + 8], "little")
        place += 8
        if name == b"fmt ":
            form = head[place : place + 16]
        if name == b"data":
            _check(path, form)
            return Samples(path, place, (size - place) // WIDTH)
        place += length + length % 2
    raise NotAWav(f"{path.name} has no samples where they should be")


class Line:
    """One line of time: files at the samples at which they begin; silence between them, and wherever it is hushed.

    A file that begins before the one before it has ended follows it: the clocks of both are a little apart.
    """

    def __init__(self, parts: Sequence[tuple[int, Samples]], hushed: Sequence[tuple[int, int]] = ()) -> None:
        self._placed: list[tuple[int, Samples]] = []
        self._hushed = hushed
        self.count = 0
        """How many samples it has."""
        self.silenced = 0
        """How many samples were heard where it is hushed; known once all of it was read."""
        for start, samples in sorted(parts, key=lambda part: part[0]):
            begin = max(self.count, start)
            self._placed.append((begin, samples))
            self.count = begin + samples.count

    def read(self) -> Iterator[bytes]:
        """Its bytes, in pieces."""
        end, self.silenced = 0, 0
        for begin, samples in self._placed:
            yield from _silence((begin - end) * WIDTH)
            place = begin * WIDTH
            for piece in _bytes_of(samples):
                yield self._quiet(piece, place)
                place += len(piece)
            end = begin + samples.count

    def _quiet(self, piece: bytes, place: int) -> bytes:
        """A piece that begins at this byte of the line, with silence where it is hushed."""
        for start, stop in self._hushed:
            first, last = max(0, start * WIDTH - place), min(len(piece), stop * WIDTH - place)
            if first < last:
                heard = np.frombuffer(piece[first:last], "<i2", (last - first) // WIDTH)
                self.silenced += int(np.count_nonzero(heard))
                piece = piece[:first] + bytes(last - first) + piece[last:]
        return piece


def _bytes_of(samples: Samples) -> Iterator[bytes]:
    left = samples.count * WIDTH
    with samples.path.open("rb") as file:
        file.seek(samples.offset)
        while left:
            piece = file.read(min(_PIECE, left))
            # The size was taken before: a file that has shrunk since must not shift what follows.
            piece = piece or bytes(min(_PIECE, left))
            left -= len(piece)
            yield piece


def _silence(size: int) -> Iterator[bytes]:
    while size > 0:
        yield bytes(min(_PIECE, size))
        size -= _PIECE


def _check(path: Path, form: bytes) -> None:
    if len(form) < 16 or struct.unpack("<HHI", form[:8]) != (1, 1, RATE) or form[14:16] != b"\x10\0":
        raise NotAWav(f"{path.name} is not of one channel of 16 bit samples, 8,000 a second")


def _chunk(name: bytes, size: int) -> bytes:
    return name + struct.pack("<I", size)
