"""What may happen to a call, in the past tense.

The switch, a timer, a person or a failed command are all told in these words; nothing here knows which adapter said it.
"""

from dataclasses import dataclass
from enum import StrEnum

from outdial.domain.legs import Side
from outdial.domain.recordings import ConsentAct


class Asker(StrEnum):
    """Who can ask for, or be held to have caused, the end of a call."""

    AGENT = "Agent"
    PARTY = "Party"
    API = "Api"
    SYSTEM = "System"


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The phone of this side rings."""

    side: Side


@dataclass(frozen=True, slots=True)
class LegProgressed:
    """The far end of this side sends early media; that is not an answer."""

    side: Side


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """This side picked up."""

    side: Side


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The switch holds no channel for this side any more.

    `cause` is Q.850, `sip_code` the final status of its INVITE; `detail` says what else is known
    ("switch lost").
    """

    side: Side
    cause: int | None = None
    sip_code: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class LegRefused:
    """The switch would not take this side's leg: there is, and was, no channel."""

    side: Side
    detail: str


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """A command did not succeed, or nobody knows whether it did. `command` is its class name."""

    command: str
    detail: str


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    """Somebody wants the whole call to end."""

    by: Asker


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The call's one stored deadline has come."""


@dataclass(frozen=True, slots=True)
class Faulted:
    """Our own code failed on this call: it ends rather than leave somebody on a live line."""

    detail: str


@dataclass(frozen=True, slots=True)
class RecordingBegun:
    """The switch was asked to record legs: some it records, some it does not as far as is known, for the reason in
    `detail`. `since` says since when, of those of which that is known; it may be long ago."""

    started: tuple[Side, ...]
    failed: tuple[Side, ...] = ()
    detail: str | None = None
    since: tuple[tuple[Side, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """A leg was being recorded, and nothing seems to be written of it any more."""

    side: Side
    detail: str


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """The switch records these legs no longer."""

    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class RecordingControlled:
    """The switch has done what was asked for: silence is written in place of what is said, or no longer."""

    pause: bool


@dataclass(frozen=True, slots=True)
class ConsentCaptured:
    """Somebody told what the other side says about being recorded."""

    act: ConsentAct
    way: str
    who: str | None = None


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """Somebody pressed a key of their phone."""

    side: Side
    digit: str


@dataclass(frozen=True, slots=True)
class RecordingControl:
    """Somebody wants the recording to be paused, or to go on."""

    pause: bool
    who: str


RecordingNews = (
    RecordingBegun
    | RecordingFailed
    | RecordingStopped
    | RecordingControlled
    | ConsentCaptured
    | DigitPressed
    | RecordingControl
)
"""What concerns nothing but the recording of a call that is joined."""
RecordingEvent = RecordingNews | CommandFailed | DeadlinePassed
"""What may change a recording; the last two may be about something else."""

LegEvent = (
    LegRinging
    | LegProgressed
    | LegAnswered
    | LegEnded
    | LegRefused
    | CommandFailed
    | HangUpRequested
    | DeadlinePassed
    | Faulted
)
"""What may change the state of a call."""
Event = LegEvent | RecordingNews
