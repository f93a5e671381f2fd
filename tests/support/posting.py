"""Everything between a notice and a receiver: a database with two accounts, and a worker that delivers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from outdial.calls.directory import Directory
from outdial.domain.notices import Notice
from outdial.domain.webhooks import Webhook, secret_of
from outdial.storage.database import Database
from outdial.storage.deliveries import StoredDeliveries
from outdial.storage.outbox import StoredNotices, add_notices
from outdial.storage.webhooks import StoredWebhooks
from outdial.webhooks.worker import Worker
from support.pages import Time
from support.receivers import Receiver
from support.stored import OURS

SECRET = secret_of(bytes(32))


@dataclass
class Counted:
    """What the worker told its observer."""

    outcomes: list[str] = field(default_factory=list)
    given_up: int = 0
    lags: dict[str, int | None] = field(default_factory=dict)

    def attempted(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def gave_up(self) -> None:
        self.given_up += 1

    def lag(self, reader: str, milliseconds: int | None) -> None:
        self.lags[reader] = milliseconds


@dataclass
class Post:
    """Everything between a notice and a receiver."""

    database: Database
    directory: Directory
    webhooks: StoredWebhooks
    deliveries: StoredDeliveries
    events: StoredNotices
    counted: Counted = field(default_factory=Counted)
    worker: Worker | None = None

    async def subscribe(self, receiver: Receiver, webhook_id: str = "w1", account: str = OURS, **more: Any) -> Webhook:
        webhook = Webhook(account, webhook_id, receiver.url, SECRET, **more)
        await self.webhooks.add(webhook)
        if self.worker is not None:
            self.worker.changed()
        return webhook

    async def happen(self, *calls: str, account: str = OURS, kind: str = "call.placed.v1") -> None:
        """One notice of each call, in one commit."""
        found = [Notice(kind, account, call, Time().now(), {"callId": call}) for call in calls]
        await self.database.write(lambda c: add_notices(c, found), account=account, rings=True)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker delivers inside; leaving ends it in good order."""
        async with self.killable() as (worker, task):
            yield worker
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def killable(self) -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
        self.worker = Worker(self.deliveries, self.events, Time(), self.counted)
        task = asyncio.create_task(self.worker.run())
        try:
            yield self.worker, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.worker = None

    async def settled(self, webhook_id: str = "w1", account: str = OURS) -> None:
        """Wait until a webhook's cursor has reached the newest event, and nothing waits."""
        await until(lambda: self._is_settled(webhook_id, account))

    async def _is_settled(self, webhook_id: str, account: str) -> bool:
        standing = await self.webhooks.standing(account, webhook_id)
        return standing.progress.cursor == standing.last and standing.waiting == 0


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    while not await condition():  # noqa: ASYNC110 -- the database tells nobody
        await asyncio.sleep(0.01)
