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
    FAILED = "failed"
    """It could not be recorded, or not any further."""

    @property
    def running(self) -> bool:
        """Whether the switch may be writing it, rightly."""
        return self in (Track.ASKED, Track.ON)


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
    stop_again_at: int | None = None
    """When a stop that nobody confirmed is asked for again."""
    cut_short: bool = False
    """The switch went, and with it the end of what was recorded."""

    @property
    def due(self) -> int | None:
        """When something is to be done; none where nothing is."""
        moments = [at for at in (self.asking_until, self.resume_at, self.stop_again_at) if at is not None]
        return min(moments, default=None)

    @property
    def paused(self) -> bool:
        """Whether silence stands in place of what is said."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def running(self) -> tuple[Side, ...]:
        """The legs being recorded, paused or not."""
        return tuple(side for side in Side if self.track(side).running)

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
