"""Moments on the wire: RFC 3339 in UTC, to the millisecond. Within, they are milliseconds since the epoch."""

from datetime import datetime

from outdial.domain.moments import told
from outdial.domain.setup import InvalidMember

_WANTED = "a date and time with its offset, such as 2026-11-24T09:30:00Z"


def told_or_none(moment: int | None) -> str | None:
    """A moment that may not have come."""
    return None if moment is None else told(moment)


def moment_of(text: str, member: str) -> int:
    """A moment as somebody wrote it.

    Raises:
        InvalidMember: it is no date and time, or says no offset.
    """
    try:
        written = datetime.fromisoformat(text)
        if written.tzinfo is None or "T" not in text.upper():
            raise ValueError(text)
        return int(written.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidMember(member, _WANTED) from None


__all__ = ["moment_of", "told", "told_or_none"]
