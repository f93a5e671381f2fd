"""Whether a carrier answers when it is asked, by OPTIONS, whether it is there. For information: calls go out anyway."""

from dataclasses import dataclass
from enum import StrEnum


class Answers(StrEnum):
    """What came of asking."""

    REACHABLE = "reachable"
    """It answered, whatever it said."""
    UNREACHABLE = "unreachable"
    """It said nothing, or could not be asked. Carriers that answer no OPTIONS take calls none the less."""
    UNKNOWN = "unknown"
    """It has not been asked yet, or is not asked as it is switched off."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of a carrier, and since when, in milliseconds since the epoch."""

    state: Answers = Answers.UNKNOWN
    since: int | None = None
    round_trip_ms: float | None = None
    """How long the first answer took that it gave since then."""
    why: str | None = None
    """What is in the way, where that could be found out."""
