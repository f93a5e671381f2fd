"""Removes accounts: out of use in one commit, and then all that each had, a little at a time.

An account that leaves is nobody's any more; what is left of it after a crash goes when it is looked for next.
"""

from sqlalchemy import Connection, delete, false, select, true, update

from outdial.calls.directory import AlreadyExists, InUse, Unknown
from outdial.storage.batches import BATCH, delete_all
from outdial.storage.crm_tables import crm_tasks, crms
from outdial.storage.database import Database
from outdial.storage.recordings import holds_recordings
from outdial.storage.tables import accounts, agents, caller_ids, calls, clients, groups, idempotency, outbox, trunks
from outdial.storage.webhook_tables import webhook_attempts, webhook_deliveries, webhooks

_AT_ONCE = (clients, agents, groups, trunks, caller_ids)
"""What people made: few rows, and the switch and whoever presents a token go by them."""
_LITTLE_BY_LITTLE = (calls, outbox, idempotency, crm_tasks)
_OF_WEBHOOKS = (webhook_deliveries, webhook_attempts)


def put_out_of_use(connection: Connection, key: str) -> None:
    """Let an account leave.

    Raises:
        InUse: it has live calls, or recordings.
        Unknown: it is not there, or is leaving already.
    """
    live = select(calls.c.id).where(calls.c.account == key, calls.c.live == true()).limit(1)
    if connection.execute(live).scalar() is not None:
        raise InUse(f"account {key} has live calls")
    if holds_recordings(connection, key):
        raise InUse(f"account {key} has recordings; erase them first")
    there = (accounts.c.key == key) & (accounts.c.leaving == false())
    if not connection.execute(update(accounts).where(there).values(leaving=True, api_token_hash=None)).rowcount:
        raise Unknown(f"account {key} is unknown")
    for table in _AT_ONCE:
        connection.execute(delete(table).where(table.c.account == key))
    for table in (webhooks, crms):
        connection.execute(update(table).where(table.c.account == key).values(enabled=False))


def check_gone(connection: Connection, key: str) -> None:
    """Raises AlreadyExists where something is left yet of an account of this key."""
    leaving = select(accounts.c.key).where(accounts.c.key == key, accounts.c.leaving == true())
    if connection.execute(leaving).scalar() is not None:
        raise AlreadyExists(f"account {key} is still being removed")


async def clear_removed(database: Database, batch: int = BATCH) -> int:
    """Delete what is left of the accounts that leave, and them last; how many rows."""
    leaving = await database.read(
        lambda c: c.execute(select(accounts.c.key).where(accounts.c.leaving == true())).scalars().all()
    )
    return sum([await _clear(database, key, batch) for key in leaving])


async def _clear(database: Database, key: str, batch: int) -> int:
    own = select(webhooks.c.id).where(webhooks.c.account == key)
    parts = [(table, table.c.account == key) for table in _LITTLE_BY_LITTLE]
    parts += [(table, table.c.webhook.in_(own)) for table in _OF_WEBHOOKS]
    parts += [(accounts, (accounts.c.key == key) & (accounts.c.leaving == true()))]
    return sum([await delete_all(database, table, where, account=key, batch=batch) for table, where in parts])
