"""Webhooks in the database as they are managed: added, changed, looked into, replayed.

Every statement that names an account sees that account's webhooks and no others. Delivering is elsewhere.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, func, select, update

from outdial.calls.directory import Unknown
from outdial.calls.webhooks import Attempt, Delivery, Progress, Standing
from outdial.domain.deliveries import GIVE_UP_AFTER, Outcome
from outdial.domain.webhooks import MOST_WEBHOOKS, SignatureForm, TooManyWebhooks, Webhook
from outdial.storage import rows
from outdial.storage.database import Database
from outdial.storage.tables import outbox_heads
from outdial.storage.webhook_tables import webhook_attempts, webhook_deliveries, webhooks

T = TypeVar("T")
_PROGRESS = ("cursor", "epoch", "failures", "failing_since", "rest_until")
_NO_FAILURES = {"failures": 0, "failing_since": None, "rest_until": None}


class StoredWebhooks:
    """See `calls.webhooks.Webhooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def webhooks(self, account: str) -> Sequence[Webhook]:
        """An account's webhooks, oldest first."""
        ordered = select(webhooks).where(webhooks.c.account == account).order_by(webhooks.c.created_at, webhooks.c.id)
        return [webhook_of(row) for row in await self._database.read(lambda c: c.execute(ordered).all())]

    async def webhook(self, account: str, webhook_id: str) -> Webhook | None:
        """One webhook."""
        row = await self._database.read(lambda c: rows.one_of(c, webhooks, account=account, id=webhook_id))
        return None if row is None else webhook_of(row)

    async def add(self, webhook: Webhook) -> None:
        """It is told what happens from now on."""
        await self._write(webhook.account, lambda c: _add(c, webhook))

    async def change(self, webhook: Webhook) -> None:
        """Everything that people set. One that is switched on again begins without its old failures."""
        await self._write(webhook.account, lambda c: _change(c, webhook))

    async def remove(self, account: str, webhook_id: str) -> None:
        """With everything that waits for it."""
        await self._write(
            account, lambda c: rows.remove(c, webhooks, _named(webhook_id), account=account, id=webhook_id)
        )

    async def standing(self, account: str, webhook_id: str) -> Standing:
        """How it is doing."""
        return await self._database.read(lambda c: _standing(c, _find(c, account, webhook_id)))

    async def attempts(
        self, account: str, webhook_id: str, before: int | None, limit: int
    ) -> Sequence[tuple[int, Attempt]]:
        """The delivery log, newest first."""
        table = webhook_attempts
        found = select(table).where(table.c.webhook == webhook_id).order_by(table.c.number.desc()).limit(limit)
        if before is not None:
            found = found.where(table.c.number < before)

        def work(connection: Connection) -> Sequence[tuple[int, Attempt]]:
            _find(connection, account, webhook_id)
            return [(row.number, _attempt_of(row)) for row in connection.execute(found)]

        return await self._database.read(work)

    async def deliveries(
        self, account: str, webhook_id: str, *, dead: bool, after: int, limit: int
    ) -> Sequence[Delivery]:
        """Those given up, or those that wait."""
        table = webhook_deliveries
        chosen = select(table).where(table.c.webhook == webhook_id, table.c.dead == dead, table.c.seq > after)

        def work(connection: Connection) -> Sequence[Delivery]:
            _find(connection, account, webhook_id)
            return [delivery_of(row) for row in connection.execute(chosen.order_by(table.c.seq).limit(limit))]

        return await self._database.read(work)

    async def replay(self, account: str, webhook_id: str, seqs: Sequence[int] | None, now: int) -> int:
        """Let dead deliveries wait again, due at once. Where none is named, whatever waits is due at once too."""
        table = webhook_deliveries
        revived = update(table).where(table.c.webhook == webhook_id, table.c.dead.is_(True))
        waiting = update(table).where(table.c.webhook == webhook_id, table.c.due_at > now)
        if seqs is not None:
            revived = revived.where(table.c.seq.in_(seqs))
        values = {"dead": False, "attempts": 0, "parked_at": now, "due_at": now, "give_up_at": now + GIVE_UP_AFTER}

        def work(connection: Connection) -> int:
            _touch(connection, account, webhook_id)
            count = connection.execute(revived.values(values)).rowcount
            if seqs is None:
                connection.execute(waiting.values(due_at=now))
            return count

        return await self._write(account, work)

    async def replay_after(self, account: str, webhook_id: str, seq: int) -> None:
        """Set the cursor back. What was given up beyond it has a turn with the rest."""
        table = webhook_deliveries

        def work(connection: Connection) -> None:
            _touch(connection, account, webhook_id, cursor=seq, epoch=webhooks.c.epoch + 1)
            beyond = (table.c.webhook == webhook_id) & (table.c.seq > seq) & table.c.dead.is_(True)
            connection.execute(delete(table).where(beyond))

        await self._write(account, work)

    async def _write(self, account: str, work: Callable[[Connection], T]) -> T:
        return await self._database.write(work, account=account)


def webhook_of(row: Row[Any]) -> Webhook:
    """A webhook's row."""
    values = {name: value for name, value in row._mapping.items() if name in Webhook.__dataclass_fields__}
    return Webhook(**{**values, "types": tuple(values["types"]), "form": SignatureForm(values["form"])})


def progress_of(row: Row[Any]) -> Progress:
    """How far a webhook's row says it has come."""
    return Progress(**{name: row._mapping[name] for name in _PROGRESS})


def delivery_of(row: Row[Any]) -> Delivery:
    """A delivery's row."""
    return Delivery(**{name: row._mapping[name] for name in Delivery.__dataclass_fields__})


def _attempt_of(row: Row[Any]) -> Attempt:
    return Attempt(row.at, row.seq, row.event_id, row.type, row.attempt, Outcome(row.status, row.error, row.took))


def _values(webhook: Webhook) -> dict[str, Any]:
    values = {name: getattr(webhook, name) for name in Webhook.__dataclass_fields__}
    return {**values, "types": list(webhook.types), "form": webhook.form.value}


def _add(connection: Connection, webhook: Webhook) -> None:
    of_account = select(func.count()).select_from(webhooks).where(webhooks.c.account == webhook.account)
    if connection.execute(of_account).scalar_one() >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    values = {**_values(webhook), "cursor": _last(connection, webhook.account), "epoch": 0, **_NO_FAILURES}
    rows.add(connection, webhooks, values, _named(webhook.id))


def _change(connection: Connection, webhook: Webhook) -> None:
    stored = _find(connection, webhook.account, webhook.id)
    values = _values(webhook)
    for kept in ("id", "account", "created_at"):
        del values[kept]
    values["revision"] = stored.revision + 1
    if webhook.enabled and not stored.enabled:
        values |= _NO_FAILURES
    connection.execute(update(webhooks).where(webhooks.c.id == webhook.id).values(values))


def _standing(connection: Connection, row: Row[Any]) -> Standing:
    table = webhook_deliveries
    counted = select(table.c.dead, func.count()).where(table.c.webhook == row.id).group_by(table.c.dead)
    counts: dict[bool, int] = {bool(dead): count for dead, count in connection.execute(counted)}
    return Standing(progress_of(row), counts.get(False, 0), counts.get(True, 0), _last(connection, row.account))


def _touch(connection: Connection, account: str, webhook_id: str, **values: Any) -> None:  # noqa: ANN401
    """Change something that whoever delivers must take up."""
    _find(connection, account, webhook_id)
    changed = update(webhooks).where(webhooks.c.id == webhook_id)
    connection.execute(changed.values(revision=webhooks.c.revision + 1, **values))


def _find(connection: Connection, account: str, webhook_id: str) -> Row[Any]:
    row: Row[Any] | None = rows.one_of(connection, webhooks, account=account, id=webhook_id)
    if row is None:
        raise Unknown(f"{_named(webhook_id)} is unknown")
    return row


def _last(connection: Connection, account: str) -> int:
    found: int | None = connection.execute(select(outbox_heads.c.last).filter_by(account=account)).scalar()
    return found or 0


def _named(webhook_id: str) -> str:
    return f"webhook {webhook_id}"
