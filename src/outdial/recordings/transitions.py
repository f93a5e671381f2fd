"""What becomes of a recording at each step of its way, and what the ledger is told of it. Pure.

Each gives none where the step does not apply any more: somebody else was there first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from outdial.calls.recording_store import Change
from outdial.domain.ledger import Kind, Record
from outdial.domain.legs import Side
from outdial.domain.recordings import Bucket, Hold, KeptFile, KeptRecording, State

Changed = tuple[KeptRecording, Sequence[Record]] | None
END_TOLERANCE_MS = 2_000
"""How much shorter than the call a leg may be before that is on record as a failure."""
LENGTH_TOLERANCE = 0.001
"""How much faster than ours the clock of a phone may be, which a leg's length follows."""
LATE_MS = 500
"""How long after a leg had to be stopped or hushed the switch may have done it before that is on record as a failure.
What it wrote meanwhile is not kept in any case."""


def is_too_long(length: int, allowed: int) -> bool:
    """Whether a leg is longer than the time there was to record it, in milliseconds: then it began before it is said
    to have begun, and whatever is cut or hushed is at another place than it should be."""
    return length > allowed * (1 + LENGTH_TOLERANCE) + END_TOLERANCE_MS


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something allowed that could not be kept, or something found that was not allowed."""

    what: str
    side: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the ledger is told."""
        return {"what": self.what} if self.side is None else {"what": self.what, "side": self.side}


@dataclass(slots=True)
class Findings:
    """What was found when a recording was taken over from the spool."""

    troubles: list[Trouble] = field(default_factory=list)
    cut_short: bool = False
    amended: dict[Side, dict[str, int]] = field(default_factory=dict)
    """For each leg, in milliseconds, what is not in it although the switch wrote it: said with its hash."""

    def trouble(self, what: str, side: str | None = None) -> None:
        """One more."""
        self.troubles.append(Trouble(what, side))

    def amend(self, side: Side, word: str, milliseconds: int) -> None:
        """So much more was left out of a leg."""
        told = self.amended.setdefault(side, {})
        told[word] = told.get(word, 0) + milliseconds


def keep(sealed: Sequence[KeptFile], found: Findings, now: int) -> Change:
    """What there was is sealed on the local disk."""
    files = tuple(file for file in sealed if not file.set_aside)
    aside = tuple(file for file in sealed if file.set_aside)

    def change(kept: KeptRecording) -> Changed:
        if kept.state is not State.SPOOLED:
            return None
        recording = replace(kept.recording, cut_short=found.cut_short or kept.recording.cut_short)
        if recording.ended_at is None and files:
            # Nobody could say when it ended; the audio does.
            recording = replace(recording, ended_at=recording.started_at + max(file.length_ms for file in files))
        state = State.KEPT if files else State.FAILED
        after = replace(kept, recording=recording, state=state, files=files, set_aside=aside)
        after = replace(after, failures=(*kept.failures, *(trouble.what for trouble in found.troubles)))
        return after, [
            *(_record(kept, Kind.KEPT, now, _proof(file, recording.cut_short, found)) for file in files),
            *(_record(kept, Kind.KEPT, now, {**_named(file), **_measures(file)}) for file in aside),
            *(_record(kept, Kind.FAILED, now, trouble.to_dict()) for trouble in found.troubles),
        ]

    return change


def begin_upload(bucket: Bucket) -> Change:
    """It is on its way to this object store; remembered before anything goes there."""

    def change(kept: KeptRecording) -> Changed:
        if kept.state not in (State.KEPT, State.UPLOADING):
            return None
        others = tuple(found for found in kept.buckets if found != bucket)
        return replace(kept, state=State.UPLOADING, buckets=(*others, bucket)), ()

    return change


def uploaded(where: str, now: int) -> Change:
    """The object store has given back what it was given."""

    def change(kept: KeptRecording) -> Changed:
        if kept.state is not State.UPLOADING:
            return None
        records = [
            _record(kept, Kind.UPLOADED, now, {"side": file.side.value, "sealed": file.sealed_sha256, "to": where})
            for file in kept.files
        ]
        return replace(kept, state=State.UPLOADED), records

    return change


def local_removed(kept: KeptRecording) -> Changed:
    """The object store has it alone."""
    return (replace(kept, state=State.REMOTE), ()) if kept.state is State.UPLOADED else None


def delete(kind: Kind, who: str, why: dict[str, Any], now: int) -> Change:
    """Its end is decided: the keys go at once, and with them whatever could be read; so does whom it was with."""

    def change(kept: KeptRecording) -> Changed:
        if kept.holds or kept.state in (State.DELETING, State.DELETED):
            return None
        files, aside = (
            tuple(replace(file, wrapped_key="") for file in there) for there in (kept.files, kept.set_aside)
        )
        recording = replace(kept.recording, number=None, reference=None)
        data = {**why, "files": [_named(file) for file in kept.sealed]}
        # Without its salt, the ledger's hash of the record tells nobody whom it was with.
        after = replace(kept, recording=recording, state=State.DELETING, files=files, set_aside=aside, salt="")
        return after, [_record(kept, kind, now, data, who)]

    return change


def gone_from(bucket: Bucket) -> Change:
    """An object store has confirmed that it has none of it any more."""

    def change(kept: KeptRecording) -> Changed:
        if kept.state is not State.DELETING or bucket not in kept.buckets:
            return None
        return replace(kept, buckets=tuple(found for found in kept.buckets if found != bucket)), ()

    return change


def deleted(now: int) -> Change:
    """No file is left."""

    def change(kept: KeptRecording) -> Changed:
        if kept.state is not State.DELETING or kept.buckets:
            return None
        return replace(kept, state=State.DELETED, deleted_at=now), ()

    return change


def hold(matter: str, who: str, now: int) -> Change:
    """Nothing may delete it until this hold is released."""

    def change(kept: KeptRecording) -> Changed:
        there = any(found.matter == matter for found in kept.holds)
        if there or kept.state in (State.DELETING, State.DELETED):
            return None
        after = replace(kept, holds=(*kept.holds, Hold(matter, now, who)))
        return after, [_record(kept, Kind.HELD, now, {"matter": matter}, who)]

    return change


def release(matter: str, who: str, now: int) -> Change:
    """One hold less."""

    def change(kept: KeptRecording) -> Changed:
        left = tuple(found for found in kept.holds if found.matter != matter)
        if left == kept.holds:
            return None
        return replace(kept, holds=left), [_record(kept, Kind.RELEASED, now, {"matter": matter}, who)]

    return change


def _record(kept: KeptRecording, kind: Kind, now: int, data: dict[str, Any], who: str | None = None) -> Record:
    return Record(kind, kept.recording.account, now, kept.id, who, data)


def _proof(file: KeptFile, cut_short: bool, found: Findings) -> dict[str, Any]:
    amended = found.amended.get(file.side, {})
    return {**_named(file), **_measures(file), "lengthMs": file.length_ms, "cutShort": cut_short, **amended}


def _measures(file: KeptFile) -> dict[str, Any]:
    return {"size": file.size, "sealed": file.sealed_sha256, "sealedSize": file.sealed_size}


def _named(file: KeptFile) -> dict[str, str]:
    """A leg by its side; what was set aside by its name in the spool."""
    name = {"setAside": file.set_aside} if file.set_aside else {"side": file.side.value}
    return {**name, "sha256": file.sha256}
