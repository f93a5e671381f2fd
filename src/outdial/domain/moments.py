"""How a moment is written for others: RFC 3339 in UTC, to the millisecond.

Within, it is milliseconds since the epoch.
"""

from datetime import UTC, datetime


def told(moment: int) -> str:
    """A moment as it is told."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told_or_none(moment: int | None) -> str | None:
    """A moment that may not have come."""
    return None if moment is None else told(moment)
