"""From the spool to sealed files: finds each leg's audio, lays it on one line of time, hashes and seals it.

The switch may have stopped or hushed a leg too late: what it wrote meanwhile never comes into the sealed file.
Waits for the disk: call it in a thread. Must not know the database.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from outdial.domain.legs import Side
from outdial.domain.recordings import CallRecording, KeptFile, SpoolFile
from outdial.recordings import wav
from outdial.recordings.places import LocalFiles, name_of
from outdial.recordings.reading import context_of
from outdial.recordings.sealing import Seal
from outdial.recordings.spool import Spool
from outdial.recordings.transitions import END_TOLERANCE_MS, LATE_MS, Findings, is_too_long

Key = tuple[bytes, str, int]
"""A fresh file's key: itself, as it is to be kept, and the generation of the key that sealed it."""
_A_MS = wav.RATE // 1000
_PIECE = 256 * 1024


@dataclass(slots=True)
class Found(Findings):
    """What the spool has of a recording."""

    legs: dict[Side, list[tuple[int, wav.Samples]]] = field(default_factory=dict)
    """For each leg, its files with the sample at which each begins, as far as they may be kept."""
    unreadable: list[tuple[SpoolFile, Path]] = field(default_factory=list)
    """What is no audio, to be set aside: it may be all there is of a call."""


def look(spool: Spool, recording: CallRecording) -> Found:
    """Find the audio of a recording, and whatever is wrong with it.

    Raises:
        OSError: the disk can't be read; nothing is known then.
    """
    found = Found(cut_short=recording.cut_short)
    for file, path in zip(recording.files, spool.audio_of(recording), strict=True):
        side = file.side.value
        if file.unconfirmed:
            if path and path.stat().st_size > wav.HEADER_SIZE:
                found.trouble(f"{file.file_name} was written unknown to anybody, and destroyed", side)
            continue
        try:
            samples = wav.samples_of(path) if path else None
        except wav.NotAWav as error:
            if path is not None:
                found.unreadable.append((file, path))
            found.trouble(f"{error}; it was set aside", side)
            continue
        if samples is None or not samples.count:
            found.trouble(f"nothing was written to {file.file_name}", side)
            continue
        _look_at_length(recording, file, samples, found)
        if allowed := _cut(file, samples, found):
            start = max(0, file.started_at - recording.started_at) * _A_MS
            found.legs.setdefault(file.side, []).append((start, allowed))
    for path in spool.strangers(recording):
        found.trouble(f"{path.name} was found where nothing of that name was allowed, and destroyed")
    return found


def seal(local: LocalFiles, recording: CallRecording, side: Side, found: Found, key: Key) -> KeptFile:
    """Seal one leg on the local disk; durable when it returns. What had to be hushed is told to `found`.

    Raises:
        PlaceUnusable: it can't be written, for instance as the disk is full.
        OSError: the spool can't be read.
    """
    line = wav.Line(found.legs[side], _hushed(recording))
    sealed = _sealed(local, recording, KeptFile(side, line.count // _A_MS, 0, "", 0, "", "", 0), key, _file(line))
    if silenced := line.silenced // _A_MS:
        found.amend(side, "silencedMs", silenced)
    if silenced > LATE_MS:
        found.trouble(f"{silenced} ms were recorded while it was paused; silence was written over them", side.value)
    return sealed


def set_aside(local: LocalFiles, recording: CallRecording, file: SpoolFile, path: Path, key: Key) -> KeptFile:
    """Seal a file that can't be read as it is, all its bytes. Raises as `seal`."""
    blank = KeptFile(file.side, 0, 0, "", 0, "", "", 0, set_aside=file.file_name)
    return _sealed(local, recording, blank, key, _all_of(path))


def _look_at_length(recording: CallRecording, file: SpoolFile, samples: wav.Samples, found: Found) -> None:
    end = file.stopped_at or recording.ended_at
    length = samples.count // _A_MS
    if not recording.cut_short and end is not None and length < end - file.started_at - END_TOLERANCE_MS:
        found.cut_short = True
        found.trouble(f"only {length} of {end - file.started_at} ms were written", file.side.value)
    if file.stopped_at is None and end is not None and is_too_long(length, end - file.started_at):
        found.trouble(f"{length} ms were written of a call of {end - file.started_at}", file.side.value)


def _cut(file: SpoolFile, samples: wav.Samples, found: Found) -> wav.Samples | None:
    """A file up to where it had to be stopped; none where nothing of it may be kept."""
    if file.stopped_at is None:
        return samples
    allowed = min(samples.count, max(0, file.stopped_at - file.started_at) * _A_MS)
    late = (samples.count - allowed) // _A_MS
    if late:
        found.amend(file.side, "cutOffMs", late)
    if late > LATE_MS or not allowed:
        found.trouble(f"{late} ms were recorded after it had to be stopped; they were cut off", file.side.value)
    return replace(samples, count=allowed) if allowed else None


def _hushed(recording: CallRecording) -> list[tuple[int, int]]:
    """The stretches of the recording that hold silence as somebody paused it, in samples."""
    for_ever = 1 << 62
    return [
        (
            (pause.since - recording.started_at) * _A_MS,
            for_ever if pause.until is None else (pause.until - recording.started_at) * _A_MS,
        )
        for pause in recording.pauses
    ]


def _sealed(local: LocalFiles, recording: CallRecording, blank: KeptFile, key: Key, parts: Iterable[bytes]) -> KeptFile:
    plain_key, wrapped, generation = key
    measured = _Measured(parts)
    sealing = Seal.fresh(plain_key, context_of(recording, blank.label))
    sealed_size, sealed_sha256 = local.write(name_of(recording, blank.label), sealing.sealed(measured))
    return replace(
        blank,
        size=measured.size,
        sha256=measured.digest.hexdigest(),
        sealed_size=sealed_size,
        sealed_sha256=sealed_sha256,
        wrapped_key=wrapped,
        key_generation=generation,
    )


class _Measured:
    """Pieces of a file; its size and hash once they were all given out."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self.size, self.digest = 0, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.size += len(part)
            self.digest.update(part)
            yield part


def _file(line: wav.Line) -> Iterator[bytes]:
    yield wav.header(line.count)
    yield from line.read()


def _all_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
