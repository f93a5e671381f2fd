"""Calls in the database: placed with their agents reserved, saved step by step, and found again.

Must not know what a call may do; that is the domain's.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, false, insert, select, true, tuple_, update

from outdial.calls.directory import CallFilter
from outdial.calls.ports import Reserved, Wanted
from outdial.domain import refusals as refused
from outdial.domain.call import Call, advance
from outdial.domain.events import LegRefused
from outdial.domain.ledger import Record
from outdial.domain.legs import Side
from outdial.domain.notices import Notice, notices
from outdial.domain.recording_records import recording_records
from outdial.storage.database import Database
from outdial.storage.ledger import add_records
from outdial.storage.newest import newest
from outdial.storage.outbox import add_notices
from outdial.storage.prepared import Prepared
from outdial.storage.records import account_of, call_of, call_values, caller_id_of, trunk_of
from outdial.storage.reservation import free, reserve, reserved_notices
from outdial.storage.tables import accounts, caller_ids, calls, trunks

MOST_FOUND = 1_000
FORSAKEN = "nobody waited for it any more"
"""The detail of a call that was stored, but that nobody was left to ring for."""

_INSERT = Prepared(insert(calls))
_SAVE = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("call"), calls.c.account == bindparam("of"), calls.c.revision < bindparam("newer"))
    .values(revision=bindparam("newer"), live=bindparam("alive"), ended_at=bindparam("ended"), data=bindparam("whole"))
)
_ACCOUNT = Prepared(select(accounts).where(accounts.c.key == bindparam("of"), accounts.c.leaving == false()))
_CALLER_IDS = Prepared(select(caller_ids).where(caller_ids.c.account == bindparam("of")).order_by(caller_ids.c.number))
_TRUNKS = Prepared(select(trunks).where(trunks.c.account == bindparam("of")).order_by(trunks.c.priority, trunks.c.id))
_LIVE = select(calls.c.data).where(calls.c.switch == bindparam("of"), calls.c.live == true()).order_by(calls.c.id)
_FIND = select(calls.c.data).where(calls.c.id == bindparam("call"), calls.c.account == bindparam("of"))


class StoredCalls:
    """Every call, live or ended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forsaken: dict[str, set[str]] = {}
        """By account, the calls of which nobody knows whether they were stored: nobody will ever start them."""

    async def place(
        self, wanted: Wanted, build: Callable[[Reserved], Call], now: int, idempotency_id: str | None = None
    ) -> Call:
        """See `CallStore.place`."""
        await self._end_forsaken(wanted.account, now)
        built: Call | None = None

        def work(connection: Connection) -> Call:
            nonlocal built
            if built is not None and stored_call(connection, built.account, built.id) is not None:
                # The transaction is made once more, for want of an answer, and had been committed.
                return built
            reserved = _reserved(connection, wanted, now)
            built = build(reserved)
            _INSERT.run(connection, {**call_values(built), "idempotency_id": idempotency_id})
            owed = reserved_notices(reserved.agent, reserved.called, now)
            add_notices(connection, [*notices(None, built, now), *owed])
            add_records(connection, recording_records(None, built, now))
            return built

        try:
            return await self._database.write(work, account=wanted.account, quick=True, rings=True)
        except (refused.StoreUnavailable, asyncio.CancelledError):
            self._forsaken.setdefault(wanted.account, set()).add(wanted.call_id)
            raise

    async def save(self, call: Call, notices: Sequence[Notice], records: Sequence[Record] = ()) -> None:
        """See `CallStore.save`."""
        await self._database.write(
            lambda connection: _save(connection, call, notices, records),
            account=call.account,
            undoable=False,
            quick=True,
            rings=bool(notices),
        )

    async def live_calls(self, switch: str) -> Sequence[Call]:
        """See `CallStore.live_calls`."""
        found = await self._database.read(lambda c: c.execute(_LIVE, {"of": switch}).scalars().all())
        return [call_of(data) for data in found]

    async def find(self, account: str, call_id: str) -> Call | None:
        """See `CallStore.find`."""
        return await self._database.read(lambda connection: stored_call(connection, account, call_id))

    async def search(self, account: str, wanted: CallFilter) -> Sequence[Call]:
        """An account's calls, newest first. `agent_id` finds the calls of an agent on either side."""
        found = await self._database.read(lambda connection: _search(connection, account, wanted))
        return [call_of(data) for data in found]

    async def _end_forsaken(self, account: str, now: int) -> None:
        """Free the agents of placements whose askers went away, or never heard, before anybody else is refused them."""
        forsaken = frozenset(self._forsaken.get(account, ()))
        if not forsaken:
            return
        await self._database.write(
            lambda connection: _end_unstarted(connection, account, forsaken, now),
            account=account,
            undoable=False,
            rings=True,
        )
        left = self._forsaken.pop(account, set()) - forsaken
        if left:
            self._forsaken[account] = left


def _reserved(connection: Connection, wanted: Wanted, now: int) -> Reserved:
    of = {"of": wanted.account}
    found = _ACCOUNT.rows(connection, of)
    if not found or not found[0].outbound_enabled:
        raise refused.AccountDisabled
    agent, called = reserve(connection, wanted, now)
    return Reserved(
        account=account_of(found[0]),
        agent=agent,
        called=called,
        caller_ids=tuple(map(caller_id_of, _CALLER_IDS.rows(connection, of))),
        trunks=tuple(map(trunk_of, _TRUNKS.rows(connection, of))),
    )


def stored_call(connection: Connection, account: str, call_id: str) -> Call | None:
    """One call, inside somebody's transaction."""
    data = connection.execute(_FIND, {"of": account, "call": call_id}).scalar()
    return None if data is None else call_of(data)


def _end_unstarted(connection: Connection, account: str, call_ids: Collection[str], now: int) -> None:
    for call_id in sorted(call_ids):
        call = stored_call(connection, account, call_id)
        if call is not None and call.live and not call.revision:
            ended, _ = advance(call, LegRefused(Side.AGENT, FORSAKEN), now)
            _save(connection, ended, notices(call, ended, now), ())


def _save(connection: Connection, call: Call, owed: Sequence[Notice], records: Sequence[Record]) -> None:
    values = call_values(call)
    changed = _SAVE.run(
        connection,
        {
            "of": call.account,
            "call": call.id,
            "newer": call.revision,
            "alive": call.live,
            "ended": call.ended_at,
            "whole": values["data"],
        },
    )
    if not changed:
        return
    freed = [] if call.live else free(connection, call)
    add_notices(connection, [*owed, *freed])
    add_records(connection, records)


def _search(connection: Connection, account: str, wanted: CallFilter) -> list[str]:
    conditions = [calls.c.account == account, *_conditions(wanted)]
    if wanted.before is not None:
        cursor = select(calls.c.created_at, calls.c.id).where(calls.c.account == account, calls.c.id == wanted.before)
        last = connection.execute(cursor).one_or_none()
        if last is None:
            return []
        conditions.append(tuple_(calls.c.created_at, calls.c.id) < tuple_(last.created_at, last.id))
    found = newest(select(calls), "created_at", conditions, wanted.agent_id, max(1, min(wanted.limit, MOST_FOUND)))
    return [row.data for row in connection.execute(found)]


def _conditions(wanted: CallFilter) -> list[Any]:
    column = calls.c
    found: list[Any] = []
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
