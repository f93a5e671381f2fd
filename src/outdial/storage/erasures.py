"""Erasures in the database: an order, until a certificate takes its place. Must not know what is erased, nor how."""

import json
from collections.abc import Sequence
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, select, update

from outdial.calls.erasure_store import ErasureOrder
from outdial.domain.ledger import Record
from outdial.storage.database import Database
from outdial.storage.ledger import add_records
from outdial.storage.recording_tables import recording_erasures as table

_log = structlog.get_logger()
_ORDER = TypeAdapter(ErasureOrder)


class StoredErasures:
    """See `calls.erasure_store.ErasureStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def order(self, order: ErasureOrder) -> None:
        """Write it down."""
        row = {"account": order.account, "id": order.id, "at": order.at, "ordered": _ORDER.dump_json(order).decode()}
        await self._database.write(lambda c: c.execute(insert(table), row), account=order.account)

    async def unfinished(self) -> Sequence[ErasureOrder]:
        """Every account's orders that are not certified."""
        wanted = select(table.c.ordered).where(table.c.certificate.is_(None)).order_by(table.c.at, table.c.id)
        found = await self._database.read(lambda c: c.execute(wanted).scalars().all())
        return [order for each in found if (order := _order_of(each)) is not None]

    async def certify(self, order: ErasureOrder, certificate: dict[str, Any], records: Sequence[Record]) -> None:
        """Put the certificate in the order's place."""
        done = update(table).where(table.c.account == order.account, table.c.id == order.id)
        text = json.dumps(certificate, ensure_ascii=False)

        def work(connection: Connection) -> None:
            connection.execute(done.values(ordered=None, certificate=text))
            add_records(connection, records)

        await self._database.write(work, account=order.account)
        # The order may have named a number.
        self._database.empty_log()

    async def certificate(self, account: str, certificate_id: str) -> dict[str, Any] | None:
        """A certificate as it was signed."""
        wanted = select(table.c.certificate).where(table.c.account == account, table.c.id == certificate_id)
        found = await self._database.read(lambda c: c.execute(wanted).scalar())
        return None if found is None else dict(json.loads(found))

    async def certificates(self, account: str, limit: int) -> Sequence[dict[str, Any]]:
        """An account's certificates, newest first."""
        of_account = select(table.c.certificate).where(table.c.account == account, table.c.certificate.is_not(None))
        newest = of_account.order_by(table.c.at.desc(), table.c.id).limit(limit)
        found = await self._database.read(lambda c: c.execute(newest).scalars().all())
        return [dict(json.loads(each)) for each in found]


def _order_of(text: str) -> ErasureOrder | None:
    try:
        return _ORDER.validate_json(text)
    except ValidationError:
        # No other erasure is kept waiting for it.
        _log.error("an erasure's order can't be read; it is left alone")
        return None
