"""Keeps a courier for every webhook that is switched on. The one entry point of this package: `Worker(...).run()`.

Exactly one process of an installation may run it.
"""

import asyncio
from contextlib import suppress
from uuid import uuid4

import structlog
from aiohttp.abc import AbstractResolver

from outdial.calls.event_log import EventLog
from outdial.calls.ports import Clock
from outdial.calls.webhooks import Attempt, DeliveryObserver, DeliveryStore, Subscription
from outdial.domain.cloud_events import cloud_event, encode
from outdial.domain.deliveries import Outcome
from outdial.domain.notices import Notice
from outdial.domain.refusals import Unavailable
from outdial.webhooks.courier import Courier, Means, Places, word_of
from outdial.webhooks.sender import Sender

LOOK_SECONDS = 5
"""How often it is looked for webhooks that another process changed; our own changes are told."""
TEST = "webhook.test.v1"


class Worker:
    """Delivers to every webhook while it runs."""

    def __init__(
        self,
        store: DeliveryStore,
        events: EventLog,
        clock: Clock,
        observer: DeliveryObserver,
        look_up: AbstractResolver | None = None,
    ) -> None:
        self._look_up = look_up
        self._sender: Sender | None = None
        self._store, self._events, self._clock, self._observer = store, events, clock, observer
        self._places = Places()
        self._couriers: dict[str, tuple[Courier, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled. What was under way then is delivered again by the next one."""
        async with Sender(self._look_up) as sender, asyncio.TaskGroup() as tasks:
            self._sender = sender
            means = Means(self._store, self._events, sender, self._clock, self._observer, self._places)
            while True:
                self._news.clear()
                with suppress(Unavailable):
                    self._take_up(means, {each.webhook.id: each for each in await self._store.subscriptions()}, tasks)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)

    def changed(self) -> None:
        """See `Deliveries.changed`."""
        self._news.set()

    async def test(self, subscription: Subscription) -> Outcome:
        """See `Deliveries.test`."""
        webhook, now = subscription.webhook, self._clock.now()
        if self._sender is None:
            return Outcome(None, "deliveries are not running in this process", 0)
        event = cloud_event(0, Notice(TEST, webhook.account, None, now, {"webhookId": webhook.id}))
        event |= {"id": str(uuid4())}
        async with self._places.one(webhook.account):
            outcome = await self._sender.send(webhook, subscription.private_networks, event["id"], encode(event), now)
        self._observer.attempted(word_of(outcome))
        await self._store.log_attempt(webhook, Attempt(now, None, event["id"], TEST, 1, outcome))
        return outcome

    def _take_up(self, means: Means, wanted: dict[str, Subscription], tasks: asyncio.TaskGroup) -> None:
        """Start couriers for new webhooks, tell those of changed ones, and end those of others."""
        for webhook_id, (courier, task) in list(self._couriers.items()):
            subscription = wanted.get(webhook_id)
            if task.done():
                del self._couriers[webhook_id]
            elif subscription is None:
                task.cancel()
                del self._couriers[webhook_id]
            elif subscription != courier.subscription:
                courier.reload(subscription)
        for webhook_id in wanted.keys() - self._couriers.keys():
            courier = Courier(wanted[webhook_id], means)
            self._couriers[webhook_id] = courier, tasks.create_task(_guarded(courier))


async def _guarded(courier: Courier) -> None:
    """A fault in one courier stops that one, until it is next looked for; never the others."""
    try:
        await courier.run()
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is one webhook's
        structlog.get_logger().error("webhook fault", webhook=courier.subscription.webhook.id, exc_info=error)
