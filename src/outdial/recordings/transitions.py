"""What becomes of a recording at each step of its way, and what the ledger is told of it. Pure.

Each gives none where the step does not apply any more: somebody else was there first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from outdial.calls.recording_store import Change
from outdial.domain.ledger import Kind, Record
from outdial.domain.recordings import Hold, KeptFile, KeptRecording, State

Changed = tuple[KeptRecording, Sequence[Record]] | None
END_TOLERANCE_MS = 2_000
"""How much shorter than the call a leg may be before that is on record as a failure."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something allowed that could not be kept, or something found that was not allowed."""

    what: str
    side: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the ledger is told."""
        return {"what": self.what} if self.side is None else {"what": self.what, "side": self.side}


def keep(files: Sequence[KeptFile], troubles: Sequence[Trouble], cut_short: bool, now: int) -> Change:
    """The audio is sealed on the local disk, as far as there was any."""

    def change(kept: KeptRecording) -> Changed:
        if kept.state is not State.SPOOLED:
            return None
        recording = replace(kept.recording, cut_short=cut_short or kept.recording.cut_short)
        if recording.ended_at is None and files:
            # Nobody could say when it ended; the audio does.
            recording = replace(recording, ended_at=recording.started_at + max(file.length_ms for file in files))
        state = State.KEPT if files else State.FAILED
        after = replace(kept, recording=recording, state=state, files=tuple(files))
        return after, [
            *(_record(kept, Kind.KEPT, now, _proof(file, recording.cut_short)) for file in files),
            *(_record(kept, Kind.FAILED, now, trouble.to_dict()) for trouble in troubles),
        ]

    return change


def begin_upload(kept: KeptRecording) -> Changed:
    """It is on its way to the object store."""
    return (replace(kept, state=State.UPLOADING), ()) if kept.state is State.KEPT else None


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
        files = tuple(replace(file, wrapped_key="") for file in kept.files)
        recording = replace(kept.recording, number=None, reference=None)
        data = {**why, "files": [_named(file) for file in files]}
        # Without its salt, the ledger's hash of the record tells nobody whom it was with.
        after = replace(kept, recording=recording, state=State.DELETING, files=files, salt="")
        return after, [_record(kept, kind, now, data, who)]

    return change


def deleted(now: int) -> Change:
    """No file is left."""

    def change(kept: KeptRecording) -> Changed:
        return (replace(kept, state=State.DELETED, deleted_at=now), ()) if kept.state is State.DELETING else None

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


def _proof(file: KeptFile, cut_short: bool) -> dict[str, Any]:
    measures = {"sealed": file.sealed_sha256, "sealedSize": file.sealed_size, "lengthMs": file.length_ms}
    return {**_named(file), "size": file.size, **measures, "cutShort": cut_short}


def _named(file: KeptFile) -> dict[str, str]:
    return {"side": file.side.value, "sha256": file.sha256}
