"""The outbox: every notice becomes a row in the very transaction that made it true. Numbers have no gaps.

Knows no receiver: streams and webhooks read from here.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, bindparam, func, insert, select, text

from outdial.calls.event_log import Kept
from outdial.domain.notices import Notice
from outdial.storage.database import Database
from outdial.storage.prepared import Prepared
from outdial.storage.tables import outbox, outbox_heads

PAGE = 200

_INSERT = Prepared(insert(outbox))
_AFTER = (
    select(outbox)
    .where(outbox.c.account == bindparam("of"), outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq)
    .limit(bindparam("most"))
)
_LAST = select(outbox_heads.c.last).where(outbox_heads.c.account == bindparam("of"))
_FIRST = select(func.min(outbox.c.seq)).where(outbox.c.account == bindparam("of"))
# The row stays locked until the commit, so that numbers become visible in order.
_ADVANCE = Prepared(
    text(
        "INSERT INTO outbox_heads (account, last) VALUES (:of, :count)"
        " ON CONFLICT (account) DO UPDATE SET last = outbox_heads.last + :count RETURNING last"
    )
)


def add_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Add one account's notices, in order, numbered on from its last."""
    if not notices:
        return
    account, count = notices[0].account, len(notices)
    first: int = _ADVANCE.rows(connection, {"of": account, "count": count})[0].last - count + 1
    rows = [
        {
            "account": account,
            "seq": seq,
            "type": notice.type,
            "call_id": notice.call_id,
            "at": notice.at,
            "data": to_json(notice.data).decode(),
        }
        for seq, notice in enumerate(notices, first)
    ]
    _INSERT.run_for_each(connection, rows)


class StoredNotices:
    """Reads an account's notices. What is older than the retention is not there any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, account: str) -> int:
        """The number of an account's newest notice; 0 before the first."""
        found: int | None = await self._database.read(lambda c: c.execute(_LAST, {"of": account}).scalar())
        return found or 0

    async def after(self, account: str, seq: int, limit: int = PAGE) -> list[tuple[int, Notice]]:
        """An account's notices beyond a number, oldest first, with their numbers."""
        values = {"of": account, "after": seq, "most": limit}
        rows = await self._database.read(lambda c: c.execute(_AFTER, values).all())
        return [(row.seq, Notice(row.type, account, row.call_id, row.at, from_json(row.data))) for row in rows]

    async def kept(self, account: str) -> Kept:
        """Which of an account's notices are still there."""

        def work(connection: Connection) -> Kept:
            first: int | None = connection.execute(_FIRST, {"of": account}).scalar()
            last: int = connection.execute(_LAST, {"of": account}).scalar() or 0
            return Kept(last + 1 if first is None else first, last)

        return await self._database.read(work)

    def listening(self, account: str) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever there may be something new for an account."""
        return self._database.bell.listening(account)
