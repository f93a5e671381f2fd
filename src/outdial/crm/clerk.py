"""Tells one account's CRM of its calls: takes those that ended, tells what is due, stores what came of it.

What is stored is always behind what is true, never ahead: a kill has a call told again, under the same id.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass

import structlog

from outdial.calls.crm import Attempt, Connection, CrmEntry, CrmObserver, CrmStore, TaskState, Verdict
from outdial.calls.event_log import EventLog
from outdial.calls.ports import Clock
from outdial.crm.exchange import Exchange
from outdial.crm.request import TemplatedRequest
from outdial.crm.salesforce import SalesforceOrg
from outdial.crm.settling import settled
from outdial.domain.crm import Salesforce
from outdial.domain.crm_pauses import rest_after
from outdial.domain.refusals import Unavailable
from outdial.outgoing.sessions import Sessions

PAGE = 200
MOST_AT_ONCE = 8
"""Tasks told to one CRM at a time; one while it is in trouble."""
RETRY_SECONDS = 1
"""How long to wait when the store does not answer."""
GATHER_SECONDS = 0.2
"""How long events are left to gather before they are looked at: each call has a dozen, of which one matters here."""
LONGEST_PAUSE_SECONDS = 60
"""How long to wait at most, as another process may have changed something."""
ENDED = "call.ended.v1"


@dataclass(frozen=True, slots=True)
class Means:
    """What every clerk works with."""

    store: CrmStore
    events: EventLog
    sessions: Sessions
    clock: Clock
    observer: CrmObserver
    base_url: str
    """How links to recordings begin."""


class Clerk:
    """One account's tasks."""

    def __init__(self, connection: Connection, means: Means) -> None:
        self.connection = connection
        self._settings, self._means = connection.settings, means
        self._account = connection.settings.account
        self._teller = teller_of(connection, means.sessions, means.clock)
        self._wake = asyncio.Event()
        self._stopping = False
        self._read: int | None = None
        self._stored = 0
        self._failures = 0
        self._rest_until = 0
        self._log = structlog.get_logger().bind(account=self._account)

    async def run(self) -> None:
        """Tell until cancelled or stopped."""
        try:
            with self._means.events.listening(self._account) as self._wake:
                while not self._stopping:
                    self._wake.clear()
                    try:
                        pause = await self._turn()
                    except Unavailable:
                        pause = RETRY_SECONDS
                    if pause and not self._stopping:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._wake.wait(), min(pause, LONGEST_PAUSE_SECONDS))
                            await asyncio.sleep(GATHER_SECONDS)
        finally:
            self._means.observer.tasks_waiting(self._account, None)
            self._means.observer.lag(f"crm {self._account}", None)

    def hurry(self) -> None:
        """Somebody wants it tried now, however it went before."""
        self._rest_until = 0
        self._wake.set()

    def stop(self) -> None:
        """The CRM was changed or removed: finish what is under way, so that nobody else tells the same beside it."""
        self._stopping = True
        self._wake.set()

    async def _turn(self) -> float:
        """Do what can be done now; how many seconds until there may be more."""
        await self._take()
        now = self._means.clock.now()
        limit = 0 if now < self._rest_until else 1 if self._failures else MOST_AT_ONCE
        due = await self._means.store.due(self._account, now, limit)
        self._means.observer.tasks_waiting(self._account, due.waiting)
        lag = 0 if due.oldest_at is None else max(0, now - due.oldest_at)
        self._means.observer.lag(f"crm {self._account}", lag)
        if due.entries:
            async with asyncio.TaskGroup() as attempts:
                for entry in due.entries:
                    attempts.create_task(self._tell(entry))
            return 0
        if due.next_at is None:
            return LONGEST_PAUSE_SECONDS
        return max(0, max(due.next_at, self._rest_until) - now) / 1000

    async def _take(self) -> None:
        """Note every call that has ended, and how far events were read."""
        if self._read is None:
            self._read = self._stored = await self._means.store.cursor(self._settings) or 0
        while page := await self._means.events.after(self._account, self._read, PAGE):
            if page[0][0] > self._read + 1:
                self._log.warning("crm missed events", after=self._read, before=page[0][0])
            ended = [(seq, notice.call_id) for seq, notice in page if notice.type == ENDED and notice.call_id]
            last = page[-1][0]
            if ended or last - self._stored >= PAGE:
                await self._means.store.take(self._settings, ended, last, self._means.clock.now())
                self._stored = last
            self._read = last

    async def _tell(self, entry: CrmEntry) -> None:
        task = entry.task
        url = f"{self._means.base_url}/v6/{task.account}/recordings/{task.call_id}"
        try:
            attempt = await self._teller.tell(task, url)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is one call's, and must not stop the others
            self._log.error("crm fault", call=task.call_id, exc_info=error)
            attempt = Attempt(Verdict.AGAIN, error="a fault of our own; see the log")
        now = self._means.clock.now()
        self._note(attempt, now)
        after = settled(entry, attempt, now, random.random())  # noqa: S311 -- no secret
        if after.state is TaskState.DEAD:
            self._means.observer.task_given_up()
            self._log.warning("crm task given up", call=task.call_id, error=attempt.error)
        while True:
            # Told again only when it can be stored: a store that is away must not have the CRM asked over and over.
            try:
                return await self._means.store.settle(self._account, after, now)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _note(self, attempt: Attempt, now: int) -> None:
        """What an attempt tells of the CRM."""
        self._means.observer.task_attempted(attempt.verdict.value)
        if attempt.verdict is not Verdict.DOWN:
            self._failures = 0
            return
        self._failures += 1
        rest = max(rest_after(self._failures, random.random()), attempt.rest or 0)  # noqa: S311 -- no secret
        self._rest_until = max(self._rest_until, now + rest)
        self._log.warning("crm takes nothing", error=attempt.error, seconds=rest // 1000)


def teller_of(connection: Connection, sessions: Sessions, clock: Clock) -> SalesforceOrg | TemplatedRequest:
    """Whoever can tell this CRM."""
    settings, networks = connection.settings, connection.private_networks
    exchange = Exchange(sessions, networks)
    if isinstance(settings.target, Salesforce):
        return SalesforceOrg(settings, exchange, networks, clock)
    return TemplatedRequest(settings, exchange, clock)
