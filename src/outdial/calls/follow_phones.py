"""Keeps the directory's word on which phones are there as the switch has it. Knows neither of them."""

import asyncio

from outdial.calls.directory import Directory
from outdial.calls.ports import Clock
from outdial.domain.refusals import Unavailable

RETRY_SECONDS = 1.0


class PhoneFollower:
    """Takes news at once and writes it down in its own time; of a phone that flaps only the last word counts."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._news: dict[str, bool] = {}
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How much news is not written down yet."""
        return len(self._news)

    def changed(self, sip_user: str, *, online: bool) -> None:
        """A phone has registered or gone away."""
        self._news[sip_user] = online
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled; while the store is away, keep the news."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._news:
                sip_user, online = next(iter(self._news.items()))
                try:
                    await self._directory.set_phone_online(sip_user, online, self._clock.now())
                except Unavailable:
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if self._news.get(sip_user) is online:
                    del self._news[sip_user]
