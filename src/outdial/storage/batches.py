"""Deletes many rows a little at a time: all writes go through one journal, and calls are not to wait for so many.

Must not know why they go.
"""

from functools import partial

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_

from outdial.storage.database import Database

BATCH = 500


async def delete_all(
    database: Database, table: Table, condition: ColumnElement[bool], *, account: str | None = None, batch: int = BATCH
) -> int:
    """Delete every row of a table under a condition; how many there were. Each batch is a commit of its own."""
    work, all_gone = partial(_delete, table=table, condition=condition, batch=batch), 0
    while gone := await database.write(work, account=account, undoable=False):
        all_gone += gone
    return all_gone


def _delete(connection: Connection, table: Table, condition: ColumnElement[bool], batch: int) -> int:
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(condition).limit(batch)
    return connection.execute(delete(table).where(key.in_(some))).rowcount
