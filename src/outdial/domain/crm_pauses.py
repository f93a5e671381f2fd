"""When a task is told again, when it is given up, and how long a CRM that takes nothing is left in peace. Pure."""

from outdial.domain.deliveries import HOUR, LONGEST_REST, PAUSES, spread

GIVE_UP_AFTER = 72 * HOUR
"""How long a task is tried: a CRM's limits are of a day, and it may be down for a weekend."""
LIMIT_REST = HOUR // 4
"""How long a CRM is left in peace whose limit of requests is used up: it is one of the last 24 hours."""


def pause_after(attempts: int, chance: float) -> int:
    """How long a task waits after so many failed attempts, in milliseconds."""
    return spread(PAUSES[min(attempts, len(PAUSES)) - 1], chance)


def rest_after(failures: int, chance: float) -> int:
    """How long a CRM is left in peace after so many failures in a row."""
    return spread(min(PAUSES[0] * 2 ** min(failures - 1, 10), LONGEST_REST), chance)
