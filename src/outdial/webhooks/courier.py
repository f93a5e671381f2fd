"""Delivers to one webhook: reads its events from where it stands, tries what its line allows, stores what became of it.

What is stored is always behind what is true, never ahead: a kill repeats deliveries, with the same ids, and loses none.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from outdial.calls.event_log import PAGE, EventLog
from outdial.calls.ports import Clock
from outdial.calls.webhooks import Delivery, DeliveryObserver, DeliveryStore, Settled, Subscription
from outdial.domain.cloud_events import cloud_event, encode, subject_of
from outdial.domain.deliveries import Outcome
from outdial.domain.notice_filter import matches
from outdial.domain.notices import Notice
from outdial.domain.refusals import Unavailable
from outdial.webhooks.line import Line
from outdial.webhooks.sender import Sender

STORE_MS = 100
"""What became of deliveries is stored together, at most this long after the first."""
DRIFT_MS = 2_000
"""How long a cursor may lag that moved over unwanted events only."""
RETRY_SECONDS = 1
"""How long to wait when the store does not answer."""
MOST_OF_AN_ACCOUNT = 32
MOST_OF_ALL = 128
"""Attempts at a time. An account whose receivers all hang keeps nobody else out."""


class Places:
    """Room for so many attempts at a time, in all and for each account."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(MOST_OF_ALL)
        self._accounts: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def one(self, account: str) -> AsyncIterator[None]:
        """There is room inside."""
        own = self._accounts.setdefault(account, asyncio.Semaphore(MOST_OF_AN_ACCOUNT))
        async with own, self._all:
            yield


@dataclass(frozen=True, slots=True)
class Means:
    """What every courier works with."""

    store: DeliveryStore
    events: EventLog
    sender: Sender
    clock: Clock
    observer: DeliveryObserver
    places: Places


class Courier:
    """One webhook's deliveries."""

    def __init__(self, subscription: Subscription, means: Means) -> None:
        self.subscription = subscription
        self._webhook = subscription.webhook
        self._means = means
        self._wake = asyncio.Event()
        self._stale = False
        self._unstored: Settled | None = None
        self._stored_at = 0
        self._times: dict[int, int] = {}
        self._log = structlog.get_logger().bind(webhook=self._webhook.id, account=self._webhook.account)

    async def run(self) -> None:
        """Deliver until cancelled, or until the webhook is switched off or gone."""
        reader = f"webhook {self._webhook.id}"
        try:
            while (line := await self._load()) is not None:
                await self._deliver(line)
        finally:
            self._means.observer.lag(reader, None)

    def reload(self, subscription: Subscription) -> None:
        """Somebody changed the webhook or its deliveries: finish what is under way, then begin from what is stored."""
        self.subscription, self._webhook = subscription, subscription.webhook
        self._stale = True
        self._wake.set()

    async def _load(self) -> Line | None:
        while True:
            self._stale = False
            try:
                loaded = await self._means.store.load(self._webhook)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._times.clear()
            return None if loaded is None else Line(*loaded, random.random)

    async def _deliver(self, line: Line) -> None:
        """Work a line off until it is stale, or the webhook is switched off."""
        with self._means.events.listening(self._webhook.account) as self._wake:
            try:
                async with asyncio.TaskGroup() as attempts:
                    while not self._stopping(line) or line.flying:
                        await self._turn(line, attempts)
                await self._store_all(line)
            except asyncio.CancelledError:
                # The process ends in good order: what is delivered need not be delivered again by the next one.
                self._unstored = self._unstored or line.changes(self._now())
                if self._unstored is not None:
                    await self._store_unstored()
                raise

    async def _turn(self, line: Line, attempts: asyncio.TaskGroup) -> None:
        """Look once for everything that can be done now, and wait for the next time."""
        self._wake.clear()
        if not self._stopping(line):
            await self._feed(line)
            for delivery in line.start(self._now()):
                attempts.create_task(self._attempt(line, delivery))
        await self._store(line)
        self._tell_lag(line)
        await self._pause(line)

    def _stopping(self, line: Line) -> bool:
        return self._stale or line.disabled is not None

    async def _feed(self, line: Line) -> None:
        """Read on, as far as there is room."""
        while line.room >= PAGE:
            try:
                page = await self._means.events.after(self._webhook.account, line.read, PAGE)
            except Unavailable:
                return
            if not page:
                return
            if page[0][0] > line.read + 1:
                self._log.warning("webhook missed events", after=line.read, before=page[0][0])
            for seq, notice in page:
                wanted = matches(self._webhook.types, notice.type)
                line.feed(seq, delivery_of(seq, notice) if wanted else None)
                if wanted:
                    self._times[seq] = notice.at

    async def _attempt(self, line: Line, delivery: Delivery) -> None:
        subscription = self.subscription
        async with self._means.places.one(self._webhook.account):
            started = self._now()
            outcome = await self._means.sender.send(
                subscription.webhook, subscription.private_networks, delivery.event_id, delivery.body, started
            )
        self._means.observer.attempted(word_of(outcome))
        if line.finish(delivery, outcome, started, self._now()):
            self._means.observer.gave_up()
            self._log.warning("webhook delivery given up", event_id=delivery.event_id, error=outcome.error)
        if line.disabled is not None:
            self._log.warning("webhook switched off", reason=line.disabled)
        self._wake.set()

    async def _store(self, line: Line) -> None:
        """Store what became of deliveries, if it is time."""
        if self._unstored is None:
            delay = STORE_MS if line.has_news else DRIFT_MS
            if not line.has_changed or self._now() < self._stored_at + delay:
                return
            self._unstored = line.changes(self._now())
        await self._store_unstored()

    async def _store_all(self, line: Line) -> None:
        """Store everything, before the line is given up."""
        while True:
            self._unstored = self._unstored or line.changes(self._now())
            if self._unstored is None:
                return
            if not await self._store_unstored():
                await asyncio.sleep(RETRY_SECONDS)

    async def _store_unstored(self) -> bool:
        assert self._unstored is not None  # noqa: S101 -- asked for only when there is something
        try:
            current = await self._means.store.settle(self._webhook, self._unstored)
        except Unavailable:
            self._stored_at = self._now() + RETRY_SECONDS * 1000
            return False
        self._unstored, self._stored_at = None, self._now()
        self._stale = self._stale or not current
        return True

    async def _pause(self, line: Line) -> None:
        """Wait until there may be something to do."""
        now = self._now()
        times = [] if self._stopping(line) else [line.wake_at(now)]
        if self._unstored is not None:
            times.append(self._stored_at)
        elif line.has_changed:
            times.append(self._stored_at + (STORE_MS if line.has_news else DRIFT_MS))
        due = [time for time in times if time is not None]
        seconds = max(0, min(due) - now) / 1000 if due else None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def _tell_lag(self, line: Line) -> None:
        oldest = line.oldest
        self._times = {seq: at for seq, at in self._times.items() if oldest is not None and seq >= oldest}
        lag = 0 if oldest is None else max(0, self._now() - self._times.get(oldest, self._now()))
        self._means.observer.lag(f"webhook {self._webhook.id}", lag)

    def _now(self) -> int:
        return self._means.clock.now()


def delivery_of(seq: int, notice: Notice) -> Delivery:
    """An event as it is sent, with everything in it that a retry needs."""
    event = cloud_event(seq, notice)
    return Delivery(seq, event["id"], notice.type, subject_of(notice), encode(event))


def word_of(outcome: Outcome) -> str:
    """How metrics call an outcome."""
    if outcome.delivered:
        return "delivered"
    return "refused" if (outcome.error or "").startswith("refused") else "failed"
