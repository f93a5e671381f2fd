"""Reads notices once for everybody who asks for the same at the same moment: after each commit, every stream and
webhook of an account does. Keeps nothing: what is shared is a reading under way, and only one begun since the last
ring, so that nobody is handed a page from before what woke them.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from outdial.calls.event_log import EventLog, Kept
from outdial.domain.notices import Notice

Page = Sequence[tuple[int, Notice]]


class _AbandonedError(Exception):
    """Whoever was reading for the others failed or left."""


@dataclass(frozen=True, slots=True)
class _Reading:
    page: asyncio.Future[Page]
    rung: asyncio.Event
    """Set once there may be more than this reading will find."""


class SharedNotices:
    """See `calls.event_log.EventLog`. Pages are shared, so nobody may change what is in them."""

    def __init__(self, notices: EventLog) -> None:
        self._notices = notices
        self._under_way: dict[tuple[str, int, int], _Reading] = {}

    async def after(self, account: str, seq: int, limit: int) -> Page:
        """The notices beyond a number, oldest first."""
        key = account, seq, limit
        while (reading := self._under_way.get(key)) is not None and not reading.rung.is_set():
            try:
                return await asyncio.shield(reading.page)
            except _AbandonedError:
                continue
        return await self._read(key)

    async def kept(self, account: str) -> Kept:
        """Which of an account's notices are still there."""
        return await self._notices.kept(account)

    def listening(self, account: str) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever there may be something new."""
        return self._notices.listening(account)

    async def _read(self, key: tuple[str, int, int]) -> Page:
        page: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        with self._notices.listening(key[0]) as rung:
            mine = self._under_way[key] = _Reading(page, rung)
            try:
                found = await self._notices.after(*key)
                page.set_result(found)
            finally:
                if self._under_way.get(key) is mine:
                    del self._under_way[key]
                if not page.done():
                    page.set_exception(_AbandonedError())
                    # Nobody may have been waiting for it.
                    page.exception()
        return found
