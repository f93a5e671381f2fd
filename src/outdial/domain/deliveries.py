"""When a delivery is tried again, when it is given up, and when its receiver is left in peace. Pure.

`chance` is a random number from 0 to 1 that comes from outside.
"""

from dataclasses import dataclass

MINUTE, HOUR = 60_000, 3_600_000
PAUSES = (5_000, 30_000, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR)
"""How long to wait after the first, second … failed attempt; the last one repeats."""
JITTER = 0.2
"""By how much of itself a pause may be longer or shorter, so that a thousand retries don't meet."""
GIVE_UP_AFTER = 24 * HOUR
"""How long after its first turn a delivery is tried."""
OPEN_AFTER = 5
"""After so many failed first attempts in a row the receiver is taken to be down, and is asked by one at a time."""
LONGEST_REST = 5 * MINUTE
DISABLE_AFTER = 5 * 24 * HOUR
"""A receiver that took nothing for so long is not asked any more."""
LEAST_FAILURES = 10
"""… if it was asked at least so often."""
LONGEST_RETRY_AFTER = HOUR


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to."""

    status: int | None
    """The receiver's; none where it gave none."""
    error: str | None
    """A few words; none where the delivery succeeded."""
    took: int
    """Milliseconds."""
    retry_after: int | None = None
    """Milliseconds for which the receiver asks to be left in peace."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.error is None

    @property
    def wants_no_more(self) -> bool:
        """410: the receiver says that this address is gone for good."""
        return self.status == 410


def pause_after(attempts: int, chance: float) -> int:
    """How long to wait after so many failed attempts."""
    return spread(PAUSES[min(attempts, len(PAUSES)) - 1], chance)


def rest_after(failures: int, chance: float) -> int:
    """How long a receiver is left in peace after so many failed first attempts in a row; 0 while it may be chance."""
    if failures < OPEN_AFTER:
        return 0
    return spread(min(PAUSES[0] * 2 ** min(failures - OPEN_AFTER, 10), LONGEST_REST), chance)


def spread(pause: int, chance: float) -> int:
    """A pause, somewhat longer or shorter."""
    return round(pause * (1 + JITTER * (2 * chance - 1)))


def is_hopeless(failures: int, failing_since: int | None, now: int) -> bool:
    """Whether a receiver has failed for so long that it is not asked any more."""
    return failures >= LEAST_FAILURES and failing_since is not None and now - failing_since >= DISABLE_AFTER
