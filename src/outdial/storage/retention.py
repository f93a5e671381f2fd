"""Forgets what has been kept for long enough, a little at a time, so that calls never wait for it.

Must not touch a live call.
"""

import asyncio
from contextlib import suppress

from sqlalchemy import false

from outdial.calls.ports import Clock
from outdial.domain.refusals import StoreUnavailable
from outdial.storage.batches import BATCH, delete_all
from outdial.storage.crm_tables import crm_tasks
from outdial.storage.database import Database
from outdial.storage.idempotency import KEPT_MS
from outdial.storage.removal import clear_removed
from outdial.storage.tables import calls, idempotency, outbox

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

    And what is left of accounts that were removed. How many rows went. Each batch is a commit of its own.
    """
    before = now - days * _DAY_MS
    ended = (calls.c.live == false()) & (calls.c.ended_at < before)
    old = (
        (calls, ended),
        (outbox, outbox.c.at < before),
        (crm_tasks, crm_tasks.c.ended_at < before),
        (idempotency, idempotency.c.claimed_at < now - KEPT_MS),
    )
    forgotten = await clear_removed(database, batch)
    return forgotten + sum([await delete_all(database, table, condition, batch=batch) for table, condition in old])
