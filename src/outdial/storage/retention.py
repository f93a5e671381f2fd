"""Forgets what has been kept for long enough, a little at a time, so that calls never wait for it.

Must not touch a live call.
"""

import asyncio
from contextlib import suppress
from functools import partial

from sqlalchemy import ColumnElement, Connection, Table, delete, false, select, tuple_

from outdial.calls.ports import Clock
from outdial.domain.refusals import StoreUnavailable
from outdial.storage.crm_tables import crm_tasks
from outdial.storage.database import Database
from outdial.storage.idempotency import KEPT_MS
from outdial.storage.tables import calls, idempotency, outbox

BATCH = 500
PAUSE_SECONDS = 3600
_DAY_MS = 24 * 3600 * 1000


async def forget_from_time_to_time(database: Database, days: int, clock: Clock) -> None:
    """Forget what is old, each hour, until cancelled."""
    while True:
        with suppress(StoreUnavailable):
            await forget_old(database, days, clock.now())
        await asyncio.sleep(PAUSE_SECONDS)


async def forget_old(database: Database, days: int, now: int, batch: int = BATCH) -> int:
    """Delete calls that ended, notices, and tasks of CRMs, of so many days ago, and idempotency keys of yesterday.

    How many rows went. Each batch is a commit of its own.
    """
    before = now - days * _DAY_MS
    ended = (calls.c.live == false()) & (calls.c.ended_at < before)
    forgotten = 0
    for table, condition in (
        (calls, ended),
        (outbox, outbox.c.at < before),
        (crm_tasks, crm_tasks.c.ended_at < before),
        (idempotency, idempotency.c.claimed_at < now - KEPT_MS),
    ):
        work = partial(_delete, table=table, condition=condition, batch=batch)
        while gone := await database.write(work, undoable=False):
            forgotten += gone
    return forgotten


def _delete(connection: Connection, table: Table, condition: ColumnElement[bool], batch: int) -> int:
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(condition).limit(batch)
    return connection.execute(delete(table).where(key.in_(some))).rowcount
