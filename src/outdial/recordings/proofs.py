"""What an account's ledger says of each recording, and where the record says otherwise. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outdial.domain.ledger import Entry, Kind
from outdial.domain.legs import Side
from outdial.domain.recording_proof import proof_of
from outdial.domain.recording_replay import Replay
from outdial.domain.recordings import GONE, READABLE, KeptRecording, State
from outdial.recordings.transitions import is_too_long

Difference = tuple[str, str]
"""A finding's code, and a sentence."""
_CLOCK_SET_BACK_MS = 3_600_000
"""How much earlier than its end was decided a recording may be deleted: a clock may be set right in between."""


@dataclass(slots=True)
class Said:
    """What the ledger says of one recording."""

    replay: Replay = field(default_factory=Replay)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """For each leg, and each file that was set aside, what its entry says of it."""
    begun: bool = False
    failed: bool = False
    uploaded: set[str] = field(default_factory=set)
    matters: set[str] = field(default_factory=set)
    ordered: bool = False
    """Its erasure was ordered while its call was under way. Never where a hold stood before."""
    uploaded_to: str | None = None
    """The object store it was taken to last."""
    gone_at: int | None = None
    """When its end was decided."""
    failures: list[str] = field(default_factory=list)
    """What went wrong while it was kept, of one whose record has a hash."""
    record: str | None = None
    """The hash of the record, as it was changed last; none where it was kept before there were such hashes."""
    retained: tuple[int, int | None] | None = None
    """With which entry it was said until when it is retained, and until when."""
    kept_with: int | None = None
    """The entry with which it was kept."""

    def learn(self, entry: Entry) -> None:
        """Take the next entry."""
        try:
            data = json.loads(entry.data)
            self._learn(entry, data)
            self.replay.learn(entry, data)
        except (ValueError, KeyError, TypeError, AttributeError):
            # Whatever was made of it, the chain has told.
            return

    def _learn(self, entry: Entry, data: dict[str, Any]) -> None:
        if "record" in data:
            self.record, self.retained = data["record"], (entry.seq, data["retainUntil"])
        match entry.kind:
            case Kind.KEPT:
                self.kept[data.get("setAside") or data.get("side", "")] = data
                self.kept_with = entry.seq
            case Kind.STARTED:
                self.begun = True
            case Kind.FAILED:
                self.failed = True
                # Those of the call itself are not of its record.
                self.failures += [data["what"]] if "record" in data else []
            case Kind.UPLOADED:
                self.uploaded.add(data.get("side", ""))
                self.uploaded_to = data.get("to")
            case Kind.HELD:
                self.matters.add(data.get("matter", ""))
            case Kind.RELEASED:
                self.matters.discard(data.get("matter", ""))
            case Kind.ERASURE_ORDERED:
                self.ordered = True
            case Kind.ERASED | Kind.EXPIRED:
                self.gone_at = entry.at


@dataclass(slots=True)
class Told:
    """What the ledger of an account says, entry after entry."""

    recordings: dict[str, Said] = field(default_factory=dict)
    retention: list[tuple[int, int]] = field(default_factory=list)
    """With which entry the account's retention was set, and to how many days."""
    destroyed: set[int] = field(default_factory=set)
    """The generations of the account's key that are destroyed."""
    last: int = 0

    def learn(self, entry: Entry) -> None:
        """Take the next entry."""
        self.learn_of_account(entry)
        if entry.call_id is not None:
            self.recordings.setdefault(entry.call_id, Said()).learn(entry)

    def learn_of_account(self, entry: Entry) -> None:
        """Take the next entry, unless it is of one recording."""
        self.last = max(self.last, entry.seq)
        try:
            if entry.kind == Kind.RETENTION_SET:
                self.retention.append((entry.seq, int(json.loads(entry.data)["days"])))
            elif entry.kind == Kind.KEY_DESTROYED:
                self.destroyed.add(int(json.loads(entry.data)["generation"]))
        except (ValueError, KeyError, TypeError):
            return


def differences(kept: KeptRecording, said: Said, retention: list[tuple[int, int]]) -> list[Difference]:
    """Where record and ledger say different things of a recording."""
    found = [*_state(kept, said), *_files(kept, said), *_lengths(kept), *_holds(kept, said)]
    found += [("changed-record", what) for what in said.replay.differences(kept.recording)]
    found += _retention(kept, said, retention)
    if not found and said.record is not None and proof_of(kept) != said.record:
        # Where nothing can be named: the number, the reference, an agent.
        found.append(("changed-record", "the record is not what the ledger was told of it last"))
    return [*found, *_permission(kept, said)]


def _state(kept: KeptRecording, said: Said) -> Iterator[Difference]:
    gone = kept.state in GONE
    if gone and said.gone_at is None:
        yield "missing-entry", "it is deleted, and the ledger does not say why"
    elif said.ordered and said.gone_at is None and not gone:
        yield "changed-record", "its erasure was ordered while its call was under way, and it was not erased"
    elif said.gone_at is not None and not gone:
        yield "changed-record", "the ledger says that it was deleted; the record does not"
    elif (kept.state is State.DELETED) != (kept.deleted_at is not None):
        yield "changed-record", "it does not say when it was deleted, or says so although it is not"
    elif kept.deleted_at is not None and kept.deleted_at < (said.gone_at or 0) - _CLOCK_SET_BACK_MS:
        yield "changed-record", "it says that it was deleted before the ledger says that it was to be"
    if said.record is not None and said.failures != list(kept.failures):
        yield "changed-record", "the ledger says that something else went wrong while it was kept"
    if not said.kept.keys().isdisjoint(Side) and kept.state in (State.SPOOLED, State.FAILED):
        yield "changed-record", "the ledger says that it was kept; the record does not"


def _files(kept: KeptRecording, said: Said) -> Iterator[Difference]:
    for file in kept.sealed:
        what = file.set_aside or f"the {file.side.value}'s leg"
        proof = said.kept.get(file.label)
        if proof is None:
            yield "missing-entry", f"the ledger has no entry for {what}"
        elif (proof.get("sha256"), proof.get("sealed")) != (file.sha256, file.sealed_sha256):
            yield "changed-record", f"{what} has another hash than the ledger says"
    for file in kept.files:
        if kept.state in (State.UPLOADED, State.REMOTE) and file.side.value not in said.uploaded:
            yield "missing-entry", f"the ledger does not say that the {file.side.value}'s leg was uploaded"
    if kept.state in (State.UPLOADED, State.REMOTE) and said.uploaded_to not in [
        each.where for each in kept.buckets[-1:]
    ]:
        yield "changed-record", "the ledger says that it was uploaded to another object store"
    for label in sorted(set(said.kept) - {file.label for file in kept.sealed}):
        what = f"the {label}'s leg" if label in {each.value for each in Side} else label
        yield "changed-record", f"the record lacks {what}, which the ledger says was kept"


def _lengths(kept: KeptRecording) -> Iterator[Difference]:
    recording = kept.recording
    for file in kept.files:
        if recording.ended_at is not None and is_too_long(file.length_ms, recording.ended_at - recording.started_at):
            yield "leg-too-long", f"the {file.side.value}'s leg is longer than its call could be recorded"


def _holds(kept: KeptRecording, said: Said) -> Iterator[Difference]:
    matters = {hold.matter for hold in kept.holds}
    for matter in sorted(matters ^ said.matters):
        where = "the record, not in the ledger" if matter in matters else "the ledger, not in the record"
        yield "changed-record", f"legal hold {matter!r} is in {where}"


def _permission(kept: KeptRecording, said: Said) -> Iterator[Difference]:
    """Whatever the record says, the ledger's own decision and consents must have allowed what is kept."""
    for side in Side:
        unallowed = kept.file(side) is not None and side not in said.replay.allowed
        if unallowed or side in said.replay.wrongly:
            what = f"the {side.value}'s leg was recorded, which no decision or consent in the ledger permits"
            yield "leg-without-permission", what


def _retention(kept: KeptRecording, said: Said, retention: list[tuple[int, int]]) -> Iterator[Difference]:
    """Until when it is retained follows from what was said last: of it, or of all the account's recordings."""
    if kept.state not in READABLE:
        # What is not kept yet is told of when it is; of what is gone nothing is retained.
        return
    since = said.retained[0] if said.retained is not None else said.kept_with
    if since is None:
        return
    later = [days for seq, days in retention if seq > since]
    if later:
        right = kept.recording.retained_until(later[-1])
    elif said.retained is not None:
        right = said.retained[1]
    else:
        return
    if kept.retain_until != right:
        yield "changed-record", "it is retained until another time than the ledger says"
