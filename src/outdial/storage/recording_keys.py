"""The accounts' keys in the database, sealed. Must not know what opens them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from outdial.calls.recording_store import AccountKey
from outdial.domain.ledger import Record
from outdial.storage.database import Database
from outdial.storage.ledger import add_records
from outdial.storage.recording_tables import recording_keys


class StoredKeys:
    """The part of `calls.recording_store.RecordingStore` that keeps keys."""

    def __init__(self, database: Database) -> None:
        self._keys = database

    async def keys(self, account: str) -> Sequence[AccountKey]:
        """Every generation, oldest first."""
        return await self._found(recording_keys.c.account == account)

    async def keys_of_master(self, master: str | None) -> Sequence[AccountKey]:
        """Every key that a master key seals."""
        alive = recording_keys.c.wrapped != ""
        return await self._found(alive if master is None else alive & (recording_keys.c.master == master))

    async def put_key(self, key: AccountKey, records: Sequence[Record]) -> AccountKey:
        """Add a generation, or replace what is kept of one that is not destroyed."""
        kept = await self._keys.write(lambda connection: _put(connection, key, records), account=key.account)
        # What it replaced, or what was moved to it before that one is destroyed, must not be found in the log.
        self._keys.empty_log()
        return kept

    async def _found(self, condition: Any) -> list[AccountKey]:  # noqa: ANN401 -- a condition on the table
        ordered = select(recording_keys).where(condition).order_by(*recording_keys.primary_key.columns)
        return [AccountKey(**row._mapping) for row in await self._keys.read(lambda c: c.execute(ordered).all())]


def _put(connection: Connection, key: AccountKey, records: Sequence[Record]) -> AccountKey:
    table = recording_keys
    where = (table.c.account == key.account) & (table.c.generation == key.generation)
    row = connection.execute(select(table).where(where).with_for_update()).one_or_none()
    there = None if row is None else AccountKey(**row._mapping)
    if there is None:
        connection.execute(insert(table), dataclasses.asdict(key))
    elif there.created_at != key.created_at:
        # Another made this generation at the same moment: its key is as good, and may have sealed something.
        return there
    else:
        # Whatever was read of it before: what is destroyed stays so.
        alive = update(table).where(where, table.c.wrapped != "")
        if not connection.execute(alive.values(dataclasses.asdict(key))).rowcount:
            return there
    add_records(connection, records)
    return key
