"""CRMs and their tasks in the database. Calls are taken from the outbox in the very commit that moves the cursor.

Every statement that names an account sees that account's tasks and no others. Must not know when a task is told.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy import Connection as Db

from outdial.calls.crm import Connection, CrmEntry, CrmStanding, Due, Sealing, TaskState
from outdial.calls.directory import Unknown
from outdial.domain.crm import CrmSettings
from outdial.domain.crm_pauses import GIVE_UP_AFTER
from outdial.domain.crm_task import task_of
from outdial.storage import rows
from outdial.storage.batches import BATCH, delete_all
from outdial.storage.crm_records import entry_of, entry_values, new_entry_values, settings_of, settings_values
from outdial.storage.crm_tables import crm_tasks, crms
from outdial.storage.database import Database
from outdial.storage.records import call_of
from outdial.storage.tables import accounts, calls, outbox_heads

T = TypeVar("T")
_UNDONE = (TaskState.DEAD, TaskState.WAITING)


class StoredCrms:
    """See `calls.crm.Crms` and `calls.crm.CrmStore`."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def crm(self, account: str) -> CrmSettings | None:
        """An account's CRM."""
        row = await self._database.read(lambda c: rows.one_of(c, crms, account=account))
        return None if row is None else settings_of(row, self._sealing)

    async def put(self, settings: CrmSettings) -> None:
        """Set it; what waits is due at once, as what stood in its way may be gone."""
        values = settings_values(settings, self._sealing)
        await self._write(settings.account, lambda c: _put(c, settings, values))

    async def remove(self, account: str) -> None:
        """With all of its tasks, which may be many: it is switched off first, and gone when they are."""
        await self._write(account, lambda c: rows.change(c, crms, {"enabled": False}, _named(account), account=account))
        await delete_all(self._database, crm_tasks, crm_tasks.c.account == account, account=account)
        await self._write(account, lambda c: c.execute(delete(crms).where(crms.c.account == account)))

    async def standing(self, account: str) -> CrmStanding:
        """How it is doing; all zero where there is none."""
        return await self._database.read(lambda c: _standing(c, account))

    async def tasks(self, account: str, state: TaskState | None, before: int | None, limit: int) -> Sequence[CrmEntry]:
        """Newest first."""
        found = select(crm_tasks).where(crm_tasks.c.account == account).order_by(crm_tasks.c.seq.desc()).limit(limit)
        if state is not None:
            found = found.where(crm_tasks.c.state == state.value)
        if before is not None:
            found = found.where(crm_tasks.c.seq < before)
        return [entry_of(row) for row in await self._database.read(lambda c: c.execute(found).all())]

    async def task(self, account: str, call_id: str) -> CrmEntry | None:
        """One call's."""
        row = await self._database.read(lambda c: rows.one_of(c, crm_tasks, account=account, call_id=call_id))
        return None if row is None else entry_of(row)

    async def replay(self, account: str, call_id: str | None, now: int) -> int:
        """Have a call told again, whatever became of it; or all that are dead or wait."""
        of_account = crm_tasks.c.account == account
        if call_id is not None:
            changed = await self._retell(account, of_account & (crm_tasks.c.call_id == call_id), now)
            if not changed:
                raise Unknown(f"task of call {call_id} is unknown")
            return changed
        undone = of_account & crm_tasks.c.state.in_([state.value for state in _UNDONE])
        after, count = "", 0
        while found := await self._some(undone & (crm_tasks.c.call_id > after)):
            count += await self._retell(account, undone & crm_tasks.c.call_id.in_(found), now)
            after = found[-1]
        return count

    async def _some(self, chosen: ColumnElement[bool]) -> Sequence[str]:
        """The first calls of those chosen: so many as may be written at once, while others' calls wait."""
        ordered = select(crm_tasks.c.call_id).where(chosen).order_by(crm_tasks.c.call_id).limit(BATCH)
        return await self._database.read(lambda c: c.execute(ordered).scalars().all())

    async def _retell(self, account: str, chosen: ColumnElement[bool], now: int) -> int:
        again = {"attempts": 0, "due_at": now, "give_up_at": now + GIVE_UP_AFTER, "settled_at": None}
        changed = update(crm_tasks).where(chosen).values(state=TaskState.WAITING.value, **again)
        return await self._write(account, lambda c: c.execute(changed).rowcount)

    async def connections(self) -> Sequence[Connection]:
        """Every CRM that is switched on."""
        joined = (
            select(crms, accounts.c.private_networks)
            .join(accounts, accounts.c.key == crms.c.account)
            .where(crms.c.enabled.is_(True))
        )
        found = await self._database.read(lambda c: c.execute(joined.order_by(crms.c.account)).all())
        return [Connection(settings_of(row, self._sealing), tuple(row.private_networks)) for row in found]

    async def cursor(self, settings: CrmSettings) -> int | None:
        """Up to which event calls have been taken."""
        row = await self._database.read(lambda c: _same(c, settings))
        return None if row is None else row.cursor

    async def take(self, settings: CrmSettings, ended: Sequence[tuple[int, str]], cursor: int, now: int) -> None:
        """Have calls told, each once, and move the cursor."""

        def work(connection: Db) -> None:
            if _same(connection, settings) is None:
                return
            _take(connection, settings.account, {call: seq for seq, call in ended}, now)
            connection.execute(update(crms).where(crms.c.account == settings.account).values(cursor=cursor))

        await self._write(settings.account, work, undoable=False)

    async def due(self, account: str, now: int, limit: int) -> Due:
        """What is to be told now, longest due first."""
        column = crm_tasks.c
        waiting = (column.account == account) & (column.state == TaskState.WAITING.value)
        counted = select(func.count(), func.min(column.due_at), func.min(column.ended_at)).where(waiting)
        found = select(crm_tasks).where(waiting, column.due_at <= now).order_by(column.due_at, column.seq).limit(limit)

        def work(connection: Db) -> Due:
            count, next_at, oldest_at = connection.execute(counted).one()
            entries = [entry_of(row) for row in connection.execute(found)] if limit else []
            return Due(entries, next_at, count, oldest_at)

        return await self._database.read(work)

    async def settle(self, account: str, entry: CrmEntry, now: int) -> None:
        """Store what became of a task; quiet where it is gone."""
        task = (crm_tasks.c.account == account) & (crm_tasks.c.call_id == entry.task.call_id)
        trouble = {"error": entry.error, "error_at": now if entry.error else None}

        def work(connection: Db) -> None:
            connection.execute(update(crm_tasks).where(task).values(entry_values(entry)))
            connection.execute(update(crms).where(crms.c.account == account).values(trouble))

        await self._write(account, work, undoable=False)

    async def _write(self, account: str, work: Callable[[Db], T], *, undoable: bool = True) -> T:
        return await self._database.write(work, account=account, undoable=undoable)


def _put(connection: Db, settings: CrmSettings, values: dict[str, Any]) -> None:
    account = settings.account
    stored = rows.one_of(connection, crms, account=account)
    if stored is None:
        last = connection.execute(select(outbox_heads.c.last).filter_by(account=account)).scalar() or 0
        fresh = {"account": account, "created_at": settings.created_at, "revision": 0, "cursor": last}
        rows.add(connection, crms, {**values, **fresh}, _named(account))
        return
    values = {**values, "revision": stored.revision + 1}
    connection.execute(update(crms).where(crms.c.account == account).values(values))
    waiting = (crm_tasks.c.account == account) & (crm_tasks.c.state == TaskState.WAITING.value)
    connection.execute(update(crm_tasks).where(waiting).values(due_at=0))


def _take(connection: Db, account: str, ended: dict[str, int], now: int) -> None:
    """A task for each call that has none; of a call that is not kept any more, nothing is known to tell, and of one
    that reached nobody there is nothing."""
    if not ended:
        return
    known = select(crm_tasks.c.call_id).where(crm_tasks.c.account == account, crm_tasks.c.call_id.in_(ended))
    there = set(connection.execute(known).scalars())
    wanted = select(calls.c.data).where(calls.c.account == account, calls.c.id.in_(ended.keys() - there))
    found = map(call_of, connection.execute(wanted).scalars())
    tasks = [task_of(call) for call in found if not call.reached_nobody]
    fresh = [CrmEntry(ended[each.call_id], each, due_at=now, give_up_at=now + GIVE_UP_AFTER) for each in tasks]
    if fresh:
        connection.execute(insert(crm_tasks), [new_entry_values(entry) for entry in fresh])


def _standing(connection: Db, account: str) -> CrmStanding:
    counted = select(crm_tasks.c.state, func.count().label("number")).where(crm_tasks.c.account == account)
    counts = {row.state: row.number for row in connection.execute(counted.group_by(crm_tasks.c.state))}
    waiting, done, dead = (counts.get(state.value, 0) for state in (TaskState.WAITING, TaskState.DONE, TaskState.DEAD))
    row = rows.one_of(connection, crms, account=account)
    return CrmStanding(waiting, done, dead, row and row.error, row and row.error_at)


def _same(connection: Db, settings: CrmSettings) -> Row[Any] | None:
    """The row of a CRM, unless it was removed and made anew meanwhile."""
    row: Row[Any] | None = rows.one_of(connection, crms, account=settings.account, created_at=settings.created_at)
    return row


def _named(account: str) -> str:
    return f"CRM of account {account}"
