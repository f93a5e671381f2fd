"""Keeps a clerk for every CRM that is switched on. The one entry point of this package: `Worker(...).run()`.

Exactly one process of an installation may run it.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import structlog
from aiohttp.abc import AbstractResolver

from outdial.calls.crm import Attempt, Connection, CrmObserver, CrmStore, Verdict
from outdial.calls.event_log import EventLog
from outdial.calls.ports import Clock
from outdial.crm.clerk import Clerk, Means, teller_of
from outdial.crm.salesforce import SalesforceOrg
from outdial.crm.tokens import check_secret_of
from outdial.domain.crm import CrmSettings
from outdial.domain.crm_task import CrmTask
from outdial.domain.refusals import Unavailable
from outdial.outgoing.sessions import Sessions

LOOK_SECONDS = 5
"""How often it is looked for CRMs that another process set; our own changes are told."""


class Worker:
    """Tells every CRM while it runs. See `calls.crm.CrmDesk`."""

    def __init__(
        self,
        store: CrmStore,
        events: EventLog,
        clock: Clock,
        observer: CrmObserver,
        base_url: str,
        look_up: AbstractResolver | None = None,
    ) -> None:
        self._store, self._events, self._clock, self._observer = store, events, clock, observer
        self._base_url, self._look_up = base_url, look_up
        self._sessions: Sessions | None = None
        self._clerks: dict[str, tuple[Clerk, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._hurried = False

    async def run(self) -> None:
        """Tell until cancelled. What was under way then is told again by the next one."""
        async with Sessions(self._look_up) as sessions, asyncio.TaskGroup() as tasks:
            self._sessions = sessions
            means = Means(self._store, self._events, sessions, self._clock, self._observer, self._base_url)
            while True:
                self._news.clear()
                with suppress(Unavailable):
                    found = await self._store.connections()
                    self._take_up(means, {each.settings.account: each for each in found}, tasks)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)

    def changed(self) -> None:
        """See `CrmDesk.changed`."""
        self._hurried = True
        self._news.set()

    def check(self, settings: CrmSettings) -> None:
        """See `CrmDesk.check`."""
        check_secret_of(settings)

    async def test(self, connection: Connection) -> Attempt:
        """See `CrmDesk.test`."""
        if self._sessions is None:
            return Attempt(Verdict.DOWN, error="CRMs are not told by this process")
        started = time.monotonic_ns()
        teller = teller_of(connection, self._sessions, self._clock)
        if isinstance(teller, SalesforceOrg):
            attempt = await teller.test()
        else:
            attempt = await teller.tell(self._made_up(connection.settings.account), "")
        self._observer.task_attempted(attempt.verdict.value)
        return replace(attempt, took=(time.monotonic_ns() - started) // 1_000_000)

    def _made_up(self, account: str) -> CrmTask:
        now = self._clock.now()
        return CrmTask(
            account=account,
            call_id=str(uuid4()),
            agent_id="0",
            number="00000000000",
            e164=None,
            called_agent_id=None,
            reference=None,
            application="test",
            started_at=now,
            ended_at=now,
            duration_seconds=0,
            outcome="Test",
            hung_up_by=None,
            recorded=False,
        )

    def _take_up(self, means: Means, wanted: dict[str, Connection], tasks: asyncio.TaskGroup) -> None:
        """Start clerks for new CRMs, end those of others, and let those of changed ones finish before the next."""
        hurried, self._hurried = self._hurried, False
        for account, (clerk, task) in list(self._clerks.items()):
            if task.done():
                del self._clerks[account]
            elif clerk.connection != wanted.get(account):
                clerk.stop()
            elif hurried:
                clerk.hurry()
        for account in wanted.keys() - self._clerks.keys():
            clerk = Clerk(wanted[account], means)
            self._clerks[account] = clerk, tasks.create_task(self._guarded(clerk))

    async def _guarded(self, clerk: Clerk) -> None:
        """A fault in one clerk stops that one, until it is next looked for; never the others."""
        try:
            await clerk.run()
            self._news.set()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is one account's
            account = clerk.connection.settings.account
            structlog.get_logger().error("crm fault", account=account, exc_info=error)
