"""Everything between a call that ended and a CRM: a database with two accounts, and a worker that tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from outdial.calls.crm import CrmEntry, TaskState
from outdial.crm.sealing import KeySealing
from outdial.crm.worker import Worker
from outdial.domain.call import Call
from outdial.domain.crm import CrmSettings, HttpRequest, Salesforce, Target
from outdial.domain.events import LegRefused
from outdial.domain.legs import Side
from outdial.domain.recordings import SpoolFile
from outdial.domain.webhooks import secret_of
from outdial.storage.crm import StoredCrms
from outdial.storage.outbox import StoredNotices
from support.pages import Time
from support.posting import until
from support.salesforce import CLIENT_ID, CLIENT_SECRET, Org
from support.stored import BOTH_ANSWER, OURS, World, named

KEY = bytes(32)
BASE = "https://calls.example.com"
SECRET = secret_of(bytes(32))
BODY = '{"title": "${subject}", "who": "${agent}", "about": "${reference}", "seconds": ${durationSeconds}}'


@dataclass
class Counted:
    """What the worker told its observer."""

    verdicts: list[str] = field(default_factory=list)
    given_up: int = 0
    waiting: dict[str, int | None] = field(default_factory=dict)
    lags: dict[str, int | None] = field(default_factory=dict)

    def task_attempted(self, verdict: str) -> None:
        self.verdicts.append(verdict)

    def task_given_up(self) -> None:
        self.given_up += 1

    def tasks_waiting(self, account: str, count: int | None) -> None:
        self.waiting[account] = count

    def lag(self, reader: str, milliseconds: int | None) -> None:
        self.lags[reader] = milliseconds


@dataclass
class Telling:
    """Everything between a call that ended and a CRM."""

    world: World
    crms: StoredCrms
    events: StoredNotices
    counted: Counted = field(default_factory=Counted)
    worker: Worker | None = None

    async def connect(self, target: Target, account: str = OURS, **more: Any) -> CrmSettings:
        settings = CrmSettings(account, target, created_at=Time().now(), **more)
        await self.crms.put(settings)
        if self.worker is not None:
            self.worker.changed()
        return settings

    async def call(
        self, call_id: str, *, sent: str = "02072068888", answered: bool = False, account: str = OURS, **plan: Any
    ) -> Call:
        """A call that has ended."""
        now = Time().now()
        plan = {"asked": {"from": {"agentId": "1"}, "to": {"telephoneNumber": sent}}, **plan}
        call = await self.world.place(call_id, named(call_id, account=account), now=now, **plan)
        if answered:
            call = await self.world.tell(call, *BOTH_ANSWER, now=now)
        return await self.world.end(call, now=now)

    async def refuse(self, call_id: str) -> Call:
        """A call that reached nobody, as the switch would not ring the agent."""
        now = Time().now()
        call = await self.world.place(call_id, now=now)
        return await self.world.tell(call, LegRefused(Side.AGENT, "the phone is not registered"), now=now)

    async def record(self, call_id: str, *files: SpoolFile) -> Call:
        """A call that has ended, of which something was recorded."""
        now = Time().now()
        call = await self.world.place(call_id, now=now)
        call = replace(call, recording=replace(call.recording, files=files))
        return await self.world.end(call, now=now)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker tells inside; it is cut off at the end, wherever it is."""
        self.worker = Worker(self.crms, self.events, Time(), self.counted, BASE)
        task = asyncio.create_task(self.worker.run())
        try:
            yield self.worker
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.worker = None

    async def entry(self, call_id: str, account: str = OURS) -> CrmEntry:
        found = await self.crms.task(account, call_id)
        assert found is not None
        return found

    async def until_state(self, state: TaskState, *call_ids: str, account: str = OURS) -> None:
        """Wait until the tasks of these calls have come so far."""

        async def reached() -> bool:
            found = [await self.crms.task(account, call_id) for call_id in call_ids]
            return all(entry is not None and entry.state is state for entry in found)

        await until(reached)

    async def until_tried(self, call_id: str, times: int = 1) -> CrmEntry:
        """Wait until a task was attempted so often."""

        async def tried() -> bool:
            found = await self.crms.task(OURS, call_id)
            return found is not None and found.attempts >= times

        await until(tried)
        return await self.entry(call_id)


async def telling_in(world: World) -> Telling:
    """Both accounts may reach loopback."""
    for account in await world.directory.accounts():
        await world.directory.change_account(replace(account, private_networks=("127.0.0.0/8",)))
    return Telling(world, StoredCrms(world.database, KeySealing(KEY)), StoredNotices(world.database))


def org_of(org: Org, **more: Any) -> Salesforce:
    """How a stand-in is connected to."""
    values: dict[str, Any] = {"url": org.url, "client_id": CLIENT_ID, "secret": CLIENT_SECRET, **more}
    return Salesforce(**values)


def request_to(url: str, **more: Any) -> HttpRequest:
    """Any CRM at an address."""
    values: dict[str, Any] = {"url": url, "body": BODY, "secret": SECRET, **more}
    return HttpRequest(**values)
