"""What may happen to a call, in the past tense.

The switch, a timer, a person or a failed command are all told in these words; nothing here knows which adapter said it.
"""

from dataclasses import dataclass
from enum import StrEnum

from outdial.domain.legs import Side


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


Event = (
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
