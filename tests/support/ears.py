"""Who is told what a real switch does, and waits for it."""

import asyncio
from collections.abc import Callable, Sequence

from outdial.domain.directory import Agent, Trunk
from outdial.domain.events import Event
from outdial.domain.plan import Phone, PhoneKind

AGENT = Agent("acc", "1", "Ann", Phone(PhoneKind.SIP, "acc-1"), sip_user="acc-1", sip_ha1="0" * 32)


class Ears:
    """Hears everything a switch tells, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.phones: dict[str, bool] = {}
        self.phone_news: list[str] = []
        self._news = asyncio.Event()

    def happened(self, call_id: str, event: Event) -> None:
        self._note(f"{call_id} {type(event).__name__}")

    def phone_changed(self, sip_user: str, online: bool) -> None:
        self.phones[sip_user] = online
        self.phone_news.append(sip_user)
        self._news.set()

    async def inventory(self) -> tuple[Sequence[Agent], Sequence[Trunk]]:
        self._note("asked for its phones")
        return (AGENT,), ()

    async def came_back(self) -> None:
        self._note("came back")

    async def died(self) -> None:
        self._note("died")

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._news.clear()
            await self._news.wait()

    def _note(self, what: str) -> None:
        self.told.append(what)
        self._news.set()
