"""From the spool to sealed files: finds each leg's audio, lays it on one line of time, hashes and seals it.

Waits for the disk: call it in a thread. Must not know the database.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from outdial.domain.legs import Side
from outdial.domain.recordings import CallRecording, KeptFile, SpoolFile
from outdial.recordings import wav
from outdial.recordings.places import LocalFiles, name_of
from outdial.recordings.reading import context_of
from outdial.recordings.sealing import Seal
from outdial.recordings.spool import Spool
from outdial.recordings.transitions import END_TOLERANCE_MS, Trouble

LATE_TOLERANCE_MS = 500
"""How long after it was to be stopped a leg may have been written before that is on record. It is never kept."""


@dataclass(slots=True)
class Found:
    """What the spool has of a recording."""

    legs: dict[Side, list[tuple[int, wav.Samples]]] = field(default_factory=dict)
    """For each leg, its files with the sample at which each begins."""
    troubles: list[Trouble] = field(default_factory=list)
    cut_short: bool = False


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
                found.troubles.append(Trouble(f"{file.file_name} was written unknown to anybody, and destroyed", side))
            continue
        try:
            samples = wav.samples_of(path) if path else None
        except wav.NotAWav as error:
            spool.set_aside(recording.call_id, file.file_name)
            found.troubles.append(Trouble(f"{error}; it was set aside", side))
            continue
        if samples is None or not samples.count:
            found.troubles.append(Trouble(f"nothing was written to {file.file_name}", side))
            continue
        if (late := _late_ms(file, samples)) > 0:
            samples = replace(samples, count=max(0, samples.count - late * wav.RATE // 1000))
            if late > LATE_TOLERANCE_MS:
                what = f"{late} ms of {file.file_name} were written after it was to be stopped, and destroyed"
                found.troubles.append(Trouble(what, side))
        start = max(0, file.started_at - recording.started_at) * wav.RATE // 1000
        found.legs.setdefault(file.side, []).append((start, samples))
        end = file.stopped_at or recording.ended_at
        length = samples.count * 1000 // wav.RATE
        if not recording.cut_short and end is not None and length < end - file.started_at - END_TOLERANCE_MS:
            found.cut_short = True
            found.troubles.append(Trouble(f"only {length} of {end - file.started_at} ms were written", side))
    for path in spool.strangers(recording):
        found.troubles.append(Trouble(f"{path.name} was found where nothing of that name was allowed, and destroyed"))
    return found


def _late_ms(file: SpoolFile, samples: wav.Samples) -> int:
    """How much longer a file is than it was to be written: what was said then may not be kept."""
    if file.stopped_at is None:
        return 0
    return samples.count * 1000 // wav.RATE - max(0, file.stopped_at - file.started_at)


def seal(
    local: LocalFiles, recording: CallRecording, side: Side, found: Found, key: tuple[bytes, str, int]
) -> KeptFile:
    """Seal one leg on the local disk; durable when it returns.

    Raises:
        PlaceUnusable: it can't be written, for instance as the disk is full.
        OSError: the spool can't be read.
    """
    plain_key, wrapped, generation = key
    count, audio = wav.laid_out(found.legs[side])
    digest = hashlib.sha256()
    sealing = Seal.fresh(plain_key, context_of(recording, side))
    parts = _hashed(_file(count, audio), digest)
    sealed_size, sealed_sha256 = local.write(name_of(recording, side), sealing.sealed(parts))
    return KeptFile(
        side=side,
        length_ms=count * 1000 // wav.RATE,
        size=wav.HEADER_SIZE + count * wav.WIDTH,
        sha256=digest.hexdigest(),
        sealed_size=sealed_size,
        sealed_sha256=sealed_sha256,
        wrapped_key=wrapped,
        key_generation=generation,
    )


def _file(count: int, audio: Iterator[bytes]) -> Iterator[bytes]:
    yield wav.header(count)
    yield from audio


def _hashed(parts: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for part in parts:
        digest.update(part)
        yield part
