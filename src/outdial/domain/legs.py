"""A leg: one channel of a call, the agent's or the party's, and how far it has come.

Must not know what a switch is; ids and clocks come from outside.
"""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Whose leg it is."""

    AGENT = "agent"
    PARTY = "party"

    @property
    def other(self) -> "Side":
        """The side this one talks to."""
        return Side.PARTY if self is Side.AGENT else Side.AGENT


class LegState(StrEnum):
    """How far a leg has come; it never goes back."""

    NONE = "none"
    """Not asked for yet."""
    ASKED = "asked"
    """The switch has been asked for it; whether it took it may still be unknown."""
    RINGING = "ringing"
    """The phone rings (180)."""
    EARLY_MEDIA = "early_media"
    """The far end plays tones or an announcement before any answer (183)."""
    UP = "up"
    """Answered."""
    GONE = "gone"
    """Ended, refused, or never taken by the switch: no command may name it any more."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of a call. Times are milliseconds since the epoch."""

    state: LegState = LegState.NONE
    asked_at: int | None = None
    ringing_at: int | None = None
    answered_at: int | None = None
    ended_at: int | None = None
    cause: int | None = None
    """Q.850 cause with which the switch ended it."""
    sip_code: int | None = None
    """Final SIP status of the INVITE, where the switch told one."""

    @property
    def alive(self) -> bool:
        """Whether the switch may hold a channel for it."""
        return self.state not in (LegState.NONE, LegState.GONE)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing ever came of it: no phone rang, nor was there anything to end."""
        return (self.ringing_at, self.answered_at, self.cause, self.sip_code) == (None, None, None, None)

    @property
    def up(self) -> bool:
        """Whether it has been answered and not ended."""
        return self.state is LegState.UP
