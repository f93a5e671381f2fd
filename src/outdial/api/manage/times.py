"""Moments as others write them. How we do: `domain.moments`."""

from datetime import datetime

from outdial.domain.setup import InvalidMember

_WANTED = "a date and time with its offset, such as 2026-11-24T09:30:00Z"


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
