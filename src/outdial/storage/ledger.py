"""The ledger: entries are added in the very transaction that made them true, and never changed. Numbers have no gaps.

Must not know what an entry means.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, text, union, update

from outdial.domain.ledger import BEGINNING, Entry, Record, chained
from outdial.storage.database import Database
from outdial.storage.prepared import Prepared
from outdial.storage.recording_tables import ledger, ledger_heads, recordings

_INSERT = Prepared(insert(ledger))
# The row stays locked until the commit, so that entries become visible in order and no two continue the same one.
_ADVANCE = Prepared(
    text(
        "INSERT INTO ledger_heads (account, last, hash) VALUES (:of, :count, :beginning)"
        " ON CONFLICT (account) DO UPDATE SET last = ledger_heads.last + :count RETURNING last, hash"
    )
)
_HEAD = select(ledger_heads.c.last, ledger_heads.c.hash).where(ledger_heads.c.account == bindparam("of"))
_SET_HEAD = Prepared(
    update(ledger_heads).where(ledger_heads.c.account == bindparam("of")).values(hash=bindparam("newest"))
)


def add_records(connection: Connection, records: Sequence[Record]) -> list[Entry]:
    """Add entries of one account, in order, chained on from its last; what they became."""
    if not records:
        return []
    account = records[0].account
    if any(record.account != account for record in records):
        raise ValueError("entries of one account at a time")
    values = {"of": account, "count": len(records), "beginning": BEGINNING}
    (head,) = _ADVANCE.rows(connection, values)
    last, previous = head.last, head.hash
    entries: list[Entry] = []
    for seq, record in enumerate(records, last - len(records) + 1):
        entries.append(chained(record, seq, previous))
        previous = entries[-1].hash
    _INSERT.run_for_each(connection, [_values_of(entry) for entry in entries])
    _SET_HEAD.run(connection, {"of": account, "newest": previous})
    return entries


class StoredLedger:
    """See `calls.recording_store.Ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, records: Sequence[Record]) -> Sequence[Entry]:
        """Add entries of one account."""
        if not records:
            return ()
        return await self._database.write(lambda c: add_records(c, records), account=records[0].account)

    async def entries(self, account: str, after: int, limit: int, call_id: str | None = None) -> Sequence[Entry]:
        """An account's entries beyond a number, oldest first."""
        wanted = select(ledger).where(ledger.c.account == account, ledger.c.seq > after)
        if call_id is not None:
            wanted = wanted.where(ledger.c.call_id == call_id)
        ordered = wanted.order_by(ledger.c.seq).limit(limit)
        return [_entry_of(row) for row in await self._database.read(lambda c: c.execute(ordered).all())]

    async def head(self, account: str) -> tuple[int, str] | None:
        """Number and hash of the entry that was written last."""
        row = await self._database.read(lambda c: c.execute(_HEAD, {"of": account}).one_or_none())
        return None if row is None else (row.last, row.hash)

    async def accounts(self) -> Sequence[str]:
        """Every account that has entries or recordings."""
        every = union(*(select(table.c.account) for table in (ledger_heads, ledger, recordings)))
        return sorted(await self._database.read(lambda c: c.execute(every).scalars().all()))


def _values_of(entry: Entry) -> dict[str, Any]:
    return {column.name: getattr(entry, column.name) for column in ledger.columns}


def _entry_of(row: Row[Any]) -> Entry:
    return Entry(**row._mapping)
