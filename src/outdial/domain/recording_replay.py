"""What an account's ledger says of the making of one recording, in order; and where its record says otherwise. Pure.

The other side of `recording_records`, which writes these entries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from outdial.domain.consent import NOTHING, RecordingDecision, decision_of
from outdial.domain.ledger import Entry, Kind
from outdial.domain.legs import Side
from outdial.domain.recording import permitted
from outdial.domain.recording_records import CALL_ENDED, CONSENT_KINDS, NO_CONSENT, PAUSE_NOT_MADE, decision_told
from outdial.domain.recordings import CallRecording, ConsentTaken, Pause

_ACTS = {kind.value: act for act, kind in CONSENT_KINDS.items()}


@dataclass(slots=True)
class Replay:
    """A recording's making, as far as the ledger tells it."""

    decided: RecordingDecision | None = None
    consents: list[ConsentTaken] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    started: list[tuple[Side, int]] = field(default_factory=list)
    stopped: list[tuple[Side, int]] = field(default_factory=list)
    """Legs whose consent had gone."""
    ended_at: int | None = None
    allowed: set[Side] = field(default_factory=set)
    """The legs that could be recorded at any time."""
    wrongly: set[Side] = field(default_factory=set)
    """The legs whose recording began while it was not allowed."""

    def learn(self, entry: Entry, data: dict[str, Any]) -> None:
        """Take the next entry. Raises ValueError or KeyError for one that none of ours can be."""
        match entry.kind:
            case Kind.DECIDED:
                self.decided = RecordingDecision.from_dict(data)
                self.allowed |= self._permitted()
            case Kind.CONSENT_GIVEN | Kind.CONSENT_REFUSED | Kind.CONSENT_WITHDRAWN:
                taken = ConsentTaken(entry.at, _ACTS[entry.kind], Side(data["side"]), data["way"], entry.who)
                self.consents.append(taken)
                self.allowed |= self._permitted()
            case Kind.STARTED:
                since = data.get("since", {})
                self.started += [(Side(side), since.get(side, entry.at)) for side in data["sides"]]
                self.wrongly |= {Side(side) for side in data["sides"]} - self._permitted()
            case Kind.STOPPED if data["why"] == CALL_ENDED:
                self.ended_at = entry.at
            case Kind.STOPPED if data["why"] == NO_CONSENT:
                self.stopped += [(Side(side), entry.at) for side in data["sides"]]
            case Kind.PAUSED | Kind.RESUMED:
                self._pause(entry, data.get("why"))

    def differences(self, recording: CallRecording) -> Iterator[str]:
        """Where a record says something else than the ledger, as sentences."""
        yield from self.otherwise_decided(recording.decision, recording.consents)
        if self.pauses != list(recording.pauses):
            yield "the ledger has other pauses"
        files = recording.files
        if not set(self.started) <= {(file.side, file.started_at) for file in files}:
            yield "the ledger says that a leg was begun at another time"
        if not set(self.stopped) <= {(file.side, file.stopped_at) for file in files}:
            yield "the ledger says that a leg was stopped at another time"
        if self.ended_at not in (None, recording.ended_at):
            yield "the ledger says that its call ended at another time"

    def otherwise_decided(self, decision: dict[str, Any], consents: Sequence[ConsentTaken]) -> Iterator[str]:
        """Where somebody says that something else was decided, or agreed, than the ledger does, as sentences."""
        decided = self.decided
        if decided is None and decision_of(decision).says_something:
            yield "the ledger does not say what was decided"
        elif decided is not None and decision_told(decided) != decision_told(decision_of(decision)):
            yield "the ledger says that something else was decided"
        if self.consents != list(consents):
            yield "the ledger has other consents"

    def _permitted(self) -> set[Side]:
        return set(permitted(self.decided or NOTHING, tuple(self.consents)))

    def _pause(self, entry: Entry, why: str | None) -> None:
        if entry.kind == Kind.PAUSED and why is None:
            self.pauses.append(Pause(entry.at, None, entry.who))
        elif not self.pauses:
            raise ValueError("nothing was paused")
        elif entry.kind == Kind.PAUSED:
            # It could not be resumed.
            self.pauses[-1] = replace(self.pauses[-1], until=None, resumed_by=None)
        elif why == PAUSE_NOT_MADE:
            self.pauses.pop()
        else:
            self.pauses[-1] = replace(self.pauses[-1], until=entry.at, resumed_by=entry.who)
