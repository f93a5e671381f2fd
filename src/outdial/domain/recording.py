"""The recording of a call while it is made, as a value that is part of the call: each leg's state, pauses, consents.

Pure, and without a transition: those are in `recording_steps`, which only `call.advance` reaches.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from outdial.domain.consent import Legs, RecordingDecision, least
from outdial.domain.legs import Side
from outdial.domain.recordings import ConsentAct, ConsentTaken, Pause, SpoolFile


class Track(StrEnum):
    """Whether a leg is recorded."""

    OFF = "off"
    ASKED = "asked"
    """The switch has been asked to record it."""
    ON = "on"
    STOPPING = "stopping"
    """It may not be recorded any more; the switch has not confirmed that it isn't."""
    DOUBTFUL = "doubtful"
    """It could not be recorded, or not any further, as was said; the switch has not confirmed that it isn't."""
    FAILED = "failed"
    """It could not be recorded, or not any further, and the switch writes nothing of it."""

    @property
    def running(self) -> bool:
        """Whether the switch may be writing it, rightly."""
        return self in (Track.ASKED, Track.ON)

    @property
    def unstopped(self) -> bool:
        """Whether the switch may be writing it although it is not to."""
        return self in (Track.STOPPING, Track.DOUBTFUL)


_SIDES = {Legs.NONE: (), Legs.AGENT: (Side.AGENT,), Legs.BOTH: (Side.AGENT, Side.PARTY)}


@dataclass(frozen=True, slots=True)
class Recording:
    """What is being recorded of a call, and what was. Times are milliseconds since the epoch."""

    agent: Track = Track.OFF
    party: Track = Track.OFF
    files: tuple[SpoolFile, ...] = ()
    """Every file that the switch was rightly asked to write, in order."""
    pauses: tuple[Pause, ...] = ()
    consents: tuple[ConsentTaken, ...] = ()
    failures: tuple[str, ...] = ()
    """What went wrong, each once: sentences for people."""
    asking_until: int | None = None
    """Until when the other side may answer the announcement with a key."""
    resume_at: int | None = None
    """When a paused recording goes on by itself."""
    pausing: bool = False
    """The pause has been asked for, and the switch has not confirmed it."""
    unmute_again_at: int | None = None
    """When a resumption that nobody confirmed is asked for again."""
    stop_again_at: int | None = None
    """When a stop that nobody confirmed is asked for again."""
    retry_at: int | None = None
    """When legs that failed are tried again."""
    cut_short: bool = False
    """The switch went, and with it the end of what was recorded."""

    @property
    def due(self) -> int | None:
        """When something is to be done; none where nothing is."""
        # What begins while it is paused would be heard for a moment: it waits for the end of the pause.
        retry_at = None if self.paused else self.retry_at
        moments = (self.asking_until, self.resume_at, self.unmute_again_at, self.stop_again_at, retry_at)
        return min((at for at in moments if at is not None), default=None)

    @property
    def paused(self) -> bool:
        """Whether silence stands in place of what is said."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def running(self) -> tuple[Side, ...]:
        """The legs being recorded, paused or not."""
        return tuple(side for side in Side if self.track(side).running)

    @property
    def unstopped(self) -> tuple[Side, ...]:
        """The legs that are not to be recorded, and may be all the same."""
        return tuple(side for side in Side if self.track(side).unstopped)

    @property
    def failing(self) -> tuple[Side, ...]:
        """The legs that could not be recorded, or not any further."""
        return self.sides(Track.DOUBTFUL, Track.FAILED)

    @property
    def refused_by_party(self) -> bool:
        """Whether the other side itself has said no: then nobody else's word for it counts."""
        own = [taken.act for taken in self.consents if taken.way == BY_KEY]
        return bool(own) and own[-1] is ConsentAct.REFUSED

    def track(self, side: Side) -> Track:
        """A leg's state."""
        return self.agent if side is Side.AGENT else self.party

    def sides(self, *states: Track) -> tuple[Side, ...]:
        """The legs in any of these states."""
        return tuple(side for side in Side if self.track(side) in states)

    def with_track(self, state: Track, *sides: Side) -> "Recording":
        """With these legs in another state."""
        changes: dict[str, Any] = {side.value: state for side in sides}
        return replace(self, **changes) if changes else self

    def file_of(self, side: Side) -> SpoolFile | None:
        """The file that a leg is, or was last, written to."""
        return next((file for file in reversed(self.files) if file.side is side), None)

    def with_file(self, side: Side, **changes: Any) -> "Recording":  # noqa: ANN401 -- dataclasses.replace checks them
        """With the latest file of a leg changed."""
        last = self.file_of(side)
        files = tuple(replace(file, **changes) if file is last else file for file in self.files)
        return replace(self, files=files)

    def starts_failed(self, side: Side) -> int:
        """How many times in a row, up to now, a leg could not be begun."""
        own = [file.unconfirmed for file in self.files if file.side is side]
        return next((back for back, failed in enumerate(reversed(own)) if not failed), len(own))

    def failed(self, what: str) -> "Recording":
        """With one more failure, unless it is the last one again."""
        return self if self.failures[-1:] == (what,) else replace(self, failures=(*self.failures, what))


BY_KEY = "dtmf"
"""The way of a consent that the other side gave or refused itself, by a key."""
BY_API = "api"
"""The way of a consent that somebody told through the API."""


def permitted(decision: RecordingDecision, consents: tuple[ConsentTaken, ...]) -> tuple[Side, ...]:
    """The legs that may be recorded now. The latest consent counts; refused or withdrawn, the party's leg is out."""
    if not consents:
        legs = decision.legs
    elif consents[-1].act is ConsentAct.GIVEN:
        legs = decision.after_consent
    else:
        legs = least(decision.legs, Legs.AGENT)
    return _SIDES[legs]


def ever_permitted(decision: RecordingDecision) -> tuple[Side, ...]:
    """The legs that may be recorded at one moment or another, whatever is consented to."""
    return tuple(side for side in Side if side in _SIDES[decision.legs] or side in _SIDES[decision.after_consent])
