"""Idempotency keys: who claims one first places the call; the others are told what became of it.

Must not know what an answer holds.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, delete, exists, insert, null, select, true, update

from outdial.calls.directory import Claim, Claimed
from outdial.domain.call import Call
from outdial.storage.database import Database
from outdial.storage.records import Values, call_of
from outdial.storage.tables import calls, idempotency

KEPT_MS = 24 * 3600 * 1000
STRANGERS_PATIENCE_MS = 60_000
"""How long a key stays under way that another process has claimed: no request takes longer, so that one has died."""

_KEY = select(idempotency).where(idempotency.c.account == bindparam("of"), idempotency.c.key == bindparam("of_key"))
_CALL = (
    select(calls.c.data)
    .where(calls.c.idempotency_id == bindparam("claimed"), calls.c.account == bindparam("of"))
    .order_by(calls.c.created_at.desc(), calls.c.id.desc())
    .limit(1)
)
_INSERT = insert(idempotency)
# A request may fail after its call was stored, or without anybody knowing whether it was: then the key stays, and the
# next claim finds the call.
_FORGET = delete(idempotency).where(
    idempotency.c.id == bindparam("claimed"),
    ~exists().where(calls.c.idempotency_id == bindparam("claimed"), calls.c.live == true()),
)
_SETTLE = update(idempotency).where(idempotency.c.id == bindparam("claimed")).values(answer=bindparam("told"))
_TAKE_OVER = (
    update(idempotency)
    .where(idempotency.c.id == bindparam("claimed"))
    .values(
        id=bindparam("new_id"),
        body_hash=bindparam("new_hash"),
        claimed_at=bindparam("new_now"),
        owner=bindparam("new_owner"),
        answer=null(),
    )
)


class StoredIdempotency:
    """See `calls.directory.Idempotency`.

    `owner` names this process and whoever takes its place after it: a key that it claimed, and does not know to be
    under way, was left by a predecessor that died.
    """

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self._under_way: set[str] = set()

    async def claim(self, account: str, key: str, body_hash: str, now: int) -> Claimed:
        """Take a key, or learn what became of it."""
        new = uuid4().hex
        values = {
            "id": new,
            "account": account,
            "key": key,
            "body_hash": body_hash,
            "claimed_at": now,
            "owner": self._owner,
        }
        self._under_way.add(new)
        try:
            claimed = await self._database.write(lambda c: self._claim(c, values), account=account, undoable=False)
        except BaseException:
            self._under_way.discard(new)
            raise
        if claimed.idempotency_id != new:
            self._under_way.discard(new)
        return claimed

    async def settle(self, idempotency_id: str, answer: dict[str, Any]) -> None:
        """Keep the first answer for replays."""
        values = {"claimed": idempotency_id, "told": answer}
        await self._finish(idempotency_id, lambda c: c.execute(_SETTLE, values))

    async def abandon(self, idempotency_id: str) -> None:
        """Free a key whose request got no lasting answer."""
        await self._finish(idempotency_id, lambda c: c.execute(_FORGET, {"claimed": idempotency_id}))

    async def _finish(self, idempotency_id: str, work: Callable[[Connection], object]) -> None:
        try:
            await self._database.write(work, undoable=False)
        finally:
            # Over either way: where this could not be written, the next claim finds the call, or the key free.
            self._under_way.discard(idempotency_id)

    def _claim(self, connection: Connection, new: Values) -> Claimed:
        row = connection.execute(_KEY, {"of": new["account"], "of_key": new["key"]}).one_or_none()
        if row is None:
            connection.execute(_INSERT, new)
            return Claimed(Claim.NEW, new["id"])
        if row.id == new["id"]:
            # The transaction is made once more, and had been committed the first time.
            return Claimed(Claim.NEW, row.id)
        known = None if row.claimed_at <= new["claimed_at"] - KEPT_MS else self._known(connection, row, new)
        if known is None:
            taken = {"id": new["id"], "hash": new["body_hash"], "now": new["claimed_at"], "owner": new["owner"]}
            connection.execute(_TAKE_OVER, {"claimed": row.id, **{f"new_{name}": each for name, each in taken.items()}})
            return Claimed(Claim.NEW, new["id"])
        return known

    def _known(self, connection: Connection, row: Row[Any], new: Values) -> Claimed | None:
        """What became of a key; none where whoever claimed it has died and left nothing."""
        call = None
        if row.answer is None and not self._is_under_way(row, new["claimed_at"]):
            call = _call_of(connection, row)
            if call is None:
                return None
        if row.body_hash != new["body_hash"]:
            return Claimed(Claim.MISMATCH, row.id)
        if row.answer is None and call is None:
            return Claimed(Claim.UNDER_WAY, row.id)
        return Claimed(Claim.REPLAY, row.id, row.answer, call)

    def _is_under_way(self, row: Row[Any], now: int) -> bool:
        if row.owner == self._owner:
            return row.id in self._under_way
        return bool(now < row.claimed_at + STRANGERS_PATIENCE_MS)


def _call_of(connection: Connection, row: Row[Any]) -> Call | None:
    """The call that was placed under a key; the last one, where several agents of a group were tried."""
    data = connection.execute(_CALL, {"of": row.account, "claimed": row.id}).scalar()
    return None if data is None else call_of(data)
