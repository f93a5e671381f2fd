"""What streams, pages and webhooks need of the outbox, as protocols."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from outdial.domain.notices import Notice

PAGE = 100
"""How many are read at a time; the same everywhere, so that those who stand at the same place can share a page."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Which of an account's events are still kept."""

    first: int
    """Number of the oldest; one more than `last` where none is kept."""
    last: int
    """Number of the newest there has ever been; 0 where there was none."""


class EventLog(Protocol):
    """Every event of each account, in order."""

    async def after(self, account: str, seq: int, limit: int) -> Sequence[tuple[int, Notice]]:
        """The events beyond a number, oldest first, each with its number."""
        ...

    async def kept(self, account: str) -> Kept: ...

    def listening(self, account: str) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever there may be something new. Clear it before looking."""
        ...
