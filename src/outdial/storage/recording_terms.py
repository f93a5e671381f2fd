"""For how long recordings are kept, in the database: the account's own days, else those in force when they ended.

An account's own days are looked up, never written into its recordings: so one row changes for however many there are,
and all of them at once.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, false, func, select, text

from outdial.domain.recordings import DAY_MS, State
from outdial.storage.recording_tables import recording_retention, recordings

_OWN_DAYS = (
    select(recording_retention.c.days)
    .where(recording_retention.c.account == recordings.c.account)
    .scalar_subquery()
    .label("own_days")
)
ROWS = select(recordings, _OWN_DAYS)
"""Whole recordings, with their account's own days."""
_SET = text(
    "INSERT INTO recording_retention (account, days) VALUES (:of, :days)"
    " ON CONFLICT (account) DO UPDATE SET days = excluded.days"
)


def set_days(connection: Connection, account: str, days: int) -> None:
    """Set an account's own."""
    connection.execute(_SET, {"of": account, "days": days})


def days_of(connection: Connection, account: str, default: int) -> int:
    """An account's own, else the installation's."""
    wanted = select(recording_retention.c.days).where(recording_retention.c.account == account)
    own: int | None = connection.execute(wanted).scalar()
    return default if own is None else own


def expired(connection: Connection, states: Sequence[State], now: int, after: str, limit: int) -> list[Row[Any]]:
    """So many rows of what no hold protects and is kept no longer, by id."""
    own, column = recording_retention.c, recordings.c
    # Not simply the id: SQLite would look at all that is kept, one by one, for its order.
    deletable = ROWS.where(column.held == false(), column.state.in_(states), column.id.concat("") > after)
    deletable = deletable.order_by(column.id).limit(limit)
    by_default = deletable.where(column.retain_until <= now, column.account.not_in(select(own.account)))
    found = list(connection.execute(by_default))
    for days in connection.execute(select(own.days).where(own.days > 0).distinct()).scalars().all():
        before = now - days * DAY_MS
        of_term = column.account.in_(select(own.account).where(own.days == days))
        # Whatever had ended by then had begun by then: this much an index finds.
        ended = (column.started_at <= before, func.coalesce(column.ended_at, column.started_at) <= before)
        found += connection.execute(deletable.where(of_term, *ended))
    return sorted(found, key=lambda row: row.id)[:limit]
