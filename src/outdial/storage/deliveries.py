"""What delivering to webhooks needs of the database: who subscribes, how far each has come, what became of deliveries.

Everything that became true together is one commit. Must not know when something is tried.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from outdial.calls.webhooks import Attempt, Delivery, Progress, Settled, Subscription
from outdial.domain.notices import Notice
from outdial.domain.webhooks import Webhook
from outdial.storage import rows
from outdial.storage.database import Database
from outdial.storage.outbox import add_notices
from outdial.storage.tables import accounts
from outdial.storage.webhook_tables import webhook_attempts, webhook_deliveries, webhooks
from outdial.storage.webhooks import delivery_of, progress_of, webhook_of

MOST_LOGGED = 1_000
"""Lines that a webhook's delivery log keeps."""
MOST_DEAD = 10_000
"""Deliveries given up that a webhook keeps; beyond that the oldest go."""


class StoredDeliveries:
    """See `calls.webhooks.DeliveryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def subscriptions(self) -> Sequence[Subscription]:
        """Every webhook that is switched on."""
        joined = (
            select(webhooks, accounts.c.private_networks)
            .join(accounts, accounts.c.key == webhooks.c.account)
            .where(webhooks.c.enabled.is_(True))
            .order_by(webhooks.c.id)
        )
        found = await self._database.read(lambda c: c.execute(joined).all())
        return [Subscription(webhook_of(row), tuple(row.private_networks)) for row in found]

    async def load(self, webhook: Webhook) -> tuple[Progress, Sequence[Delivery]] | None:
        """How far it has come, and what waits."""
        table = webhook_deliveries
        waiting = select(table).where(table.c.webhook == webhook.id, table.c.dead.is_(False)).order_by(table.c.seq)

        def work(connection: Connection) -> tuple[Progress, Sequence[Delivery]] | None:
            row = _row_of(connection, webhook)
            if row is None or not row.enabled:
                return None
            return progress_of(row), [delivery_of(each) for each in connection.execute(waiting)]

        return await self._database.read(work)

    async def settle(self, webhook: Webhook, settled: Settled) -> bool:
        """Store what became of deliveries; a cursor that somebody moved meanwhile stays where they put it."""
        return await self._database.write(
            lambda connection: _settle(connection, webhook, settled),
            account=webhook.account,
            undoable=False,
            rings=settled.disabled is not None,
        )

    async def log_attempt(self, webhook: Webhook, attempt: Attempt) -> None:
        """Add one line to the delivery log; quiet where the webhook is gone."""

        def work(connection: Connection) -> None:
            if _row_of(connection, webhook) is not None:
                _log(connection, webhook.id, (attempt,))

        await self._database.write(work, account=webhook.account, undoable=False)


def _settle(connection: Connection, webhook: Webhook, settled: Settled) -> bool:
    row = _row_of(connection, webhook)
    if row is None:
        return False
    _replace_deliveries(connection, webhook.id, settled)
    _log(connection, webhook.id, settled.attempts)
    progress = settled.progress
    values: dict[str, Any] = {
        "failures": progress.failures,
        "failing_since": progress.failing_since,
        "rest_until": progress.rest_until,
    }
    current: bool = row.epoch == progress.epoch
    if current:
        values["cursor"] = progress.cursor
    if settled.disabled is not None and row.enabled:
        values |= {"enabled": False, "disabled_reason": settled.disabled}
        add_notices(connection, [_disabled(webhook, settled)])
    connection.execute(update(webhooks).where(webhooks.c.id == webhook.id).values(values))
    return current


def _replace_deliveries(connection: Connection, webhook_id: str, settled: Settled) -> None:
    table = webhook_deliveries
    kept = [(delivery, False) for delivery in settled.parked] + [(delivery, True) for delivery in settled.dead]
    gone = [*settled.done, *(delivery.seq for delivery, _ in kept)]
    if gone:
        connection.execute(delete(table).where(table.c.webhook == webhook_id, table.c.seq.in_(gone)))
    if kept:
        connection.execute(insert(table), [_values(webhook_id, delivery, dead) for delivery, dead in kept])
    if settled.dead:
        dead = select(table.c.seq).where(table.c.webhook == webhook_id, table.c.dead.is_(True))
        oldest = connection.execute(dead.order_by(table.c.seq.desc()).offset(MOST_DEAD).limit(1)).scalar()
        if oldest is not None:
            old = (table.c.webhook == webhook_id) & table.c.dead.is_(True) & (table.c.seq <= oldest)
            connection.execute(delete(table).where(old))


def _values(webhook_id: str, delivery: Delivery, dead: bool) -> dict[str, Any]:
    own = {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}
    return {**own, "webhook": webhook_id, "dead": dead}


def _log(connection: Connection, webhook_id: str, attempts: Sequence[Attempt]) -> None:
    if not attempts:
        return
    table = webhook_attempts
    last = connection.execute(select(func.max(table.c.number)).where(table.c.webhook == webhook_id)).scalar() or 0
    lines = [
        {
            "webhook": webhook_id,
            "number": number,
            "at": attempt.at,
            "seq": attempt.seq,
            "event_id": attempt.event_id,
            "type": attempt.type,
            "attempt": attempt.number,
            "status": attempt.outcome.status,
            "error": attempt.outcome.error,
            "took": attempt.outcome.took,
        }
        for number, attempt in enumerate(attempts, last + 1)
    ]
    connection.execute(insert(table), lines)
    old = last + len(lines) - MOST_LOGGED
    if old > 0:
        connection.execute(delete(table).where(table.c.webhook == webhook_id, table.c.number <= old))


def _disabled(webhook: Webhook, settled: Settled) -> Notice:
    # What stands behind a question mark is often a secret, and whoever reads events need not be an administrator.
    url = webhook.url.partition("?")[0]
    data = {"webhookId": webhook.id, "url": url, "reason": settled.disabled}
    return Notice("webhook.disabled.v1", webhook.account, None, settled.at, data)


def _row_of(connection: Connection, webhook: Webhook) -> Row[Any] | None:
    row: Row[Any] | None = rows.one_of(connection, webhooks, account=webhook.account, id=webhook.id)
    return row
