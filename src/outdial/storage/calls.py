"""Calls in the database: placed with their agents reserved, saved step by step, and found again.

Must not know what a call may do; that is the domain's.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, false, insert, or_, select, true, tuple_, update

from outdial.calls.directory import CallFilter
from outdial.calls.ports import Reserved, Wanted
from outdial.domain import refusals as refused
from outdial.domain.call import Call
from outdial.domain.notices import Notice, notices
from outdial.storage.database import Database
from outdial.storage.outbox import add_notices
from outdial.storage.records import account_of, call_of, call_values, caller_id_of, trunk_of
from outdial.storage.reservation import free, reserve, reserved_notices
from outdial.storage.tables import accounts, caller_ids, calls, trunks

MOST_FOUND = 1_000

_INSERT = insert(calls)
_SAVE = (
    update(calls)
    .where(calls.c.id == bindparam("call"), calls.c.account == bindparam("of"), calls.c.revision < bindparam("newer"))
    .values(revision=bindparam("newer"), live=bindparam("alive"), ended_at=bindparam("ended"), data=bindparam("whole"))
)
_ACCOUNT = select(accounts).where(accounts.c.key == bindparam("of"))
_CALLER_IDS = select(caller_ids).where(caller_ids.c.account == bindparam("of")).order_by(caller_ids.c.number)
_TRUNKS = select(trunks).where(trunks.c.account == bindparam("of")).order_by(trunks.c.priority, trunks.c.id)
_LIVE = select(calls.c.data).where(calls.c.switch == bindparam("of"), calls.c.live == true()).order_by(calls.c.id)
_FIND = select(calls.c.data).where(calls.c.id == bindparam("call"), calls.c.account == bindparam("of"))


class StoredCalls:
    """Every call, live or ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(
        self, wanted: Wanted, build: Callable[[Reserved], Call], now: int, idempotency_id: str | None = None
    ) -> Call:
        """See `CallStore.place`."""

        def work(connection: Connection) -> Call:
            reserved = _reserved(connection, wanted, now)
            call = build(reserved)
            connection.execute(_INSERT, {**call_values(call), "idempotency_id": idempotency_id})
            owed = reserved_notices(reserved.agent, reserved.called, now)
            add_notices(connection, [*notices(None, call, now), *owed])
            return call

        return await self._database.write(work, account=wanted.account, rings=True)

    async def save(self, call: Call, notices: Sequence[Notice]) -> None:
        """See `CallStore.save`."""
        await self._database.write(
            lambda connection: _save(connection, call, notices),
            account=call.account,
            undoable=False,
            rings=bool(notices),
        )

    async def live_calls(self, switch: str) -> Sequence[Call]:
        """See `CallStore.live_calls`."""
        found = await self._database.read(lambda c: c.execute(_LIVE, {"of": switch}).scalars().all())
        return [call_of(data) for data in found]

    async def find(self, account: str, call_id: str) -> Call | None:
        """See `CallStore.find`."""
        values = {"of": account, "call": call_id}
        data = await self._database.read(lambda c: c.execute(_FIND, values).scalar())
        return None if data is None else call_of(data)

    async def search(self, account: str, wanted: CallFilter) -> Sequence[Call]:
        """An account's calls, newest first. `agent_id` finds the calls of an agent on either side."""
        found = await self._database.read(lambda connection: _search(connection, account, wanted))
        return [call_of(data) for data in found]


def _reserved(connection: Connection, wanted: Wanted, now: int) -> Reserved:
    of = {"of": wanted.account}
    row = connection.execute(_ACCOUNT, of).one_or_none()
    if row is None or not row.outbound_enabled:
        raise refused.AccountDisabled
    agent, called = reserve(connection, wanted, now)
    return Reserved(
        account=account_of(row),
        agent=agent,
        called=called,
        caller_ids=tuple(map(caller_id_of, connection.execute(_CALLER_IDS, of))),
        trunks=tuple(map(trunk_of, connection.execute(_TRUNKS, of))),
    )


def _save(connection: Connection, call: Call, owed: Sequence[Notice]) -> None:
    values = call_values(call)
    changed = connection.execute(
        _SAVE,
        {
            "of": call.account,
            "call": call.id,
            "newer": call.revision,
            "alive": call.live,
            "ended": call.ended_at,
            "whole": values["data"],
        },
    )
    if not changed.rowcount:
        return
    freed = [] if call.live else free(connection, call)
    add_notices(connection, [*owed, *freed])


def _search(connection: Connection, account: str, wanted: CallFilter) -> list[str]:
    found = select(calls.c.data).where(calls.c.account == account, *_conditions(wanted))
    if wanted.before is not None:
        cursor = select(calls.c.created_at, calls.c.id).where(calls.c.account == account, calls.c.id == wanted.before)
        last = connection.execute(cursor).one_or_none()
        if last is None:
            return []
        found = found.where(tuple_(calls.c.created_at, calls.c.id) < tuple_(last.created_at, last.id))
    limit = max(1, min(wanted.limit, MOST_FOUND))
    newest = found.order_by(calls.c.created_at.desc(), calls.c.id.desc()).limit(limit)
    return list(connection.execute(newest).scalars())


def _conditions(wanted: CallFilter) -> list[Any]:
    column = calls.c
    found: list[Any] = []
    if wanted.agent_id is not None:
        found.append(or_(column.agent_id == wanted.agent_id, column.called_agent_id == wanted.agent_id))
    if wanted.live is not None:
        found.append(column.live == (true() if wanted.live else false()))
    if wanted.created_from is not None:
        found.append(column.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(column.created_at < wanted.created_to)
    found += [
        column[name] == value
        for name, value in (("reference", wanted.reference), ("number", wanted.number))
        if value is not None
    ]
    return found
