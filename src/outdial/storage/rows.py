"""Adds, changes and removes rows of the directory, and says in its words what stands in the way. Knows no table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from outdial.calls.directory import AlreadyExists, Unknown
from outdial.storage.outage import names_nothing
from outdial.storage.records import Values


def all_of(connection: Connection, table: Table, **where: Any) -> Sequence[Any]:  # noqa: ANN401 -- column values
    """Every row with these values, in the order of the primary key."""
    return connection.execute(select(table).filter_by(**where).order_by(*table.primary_key.columns)).all()


def one_of(connection: Connection, table: Table, **where: Any) -> Any:  # noqa: ANN401 -- a row
    """The one row with these values, or none."""
    return connection.execute(select(table).filter_by(**where)).one_or_none()


def add(connection: Connection, table: Table, values: Values, what: str) -> None:
    """Add a row. `what` names it for people.

    Raises:
        AlreadyExists, Unknown: the same is there, or what it belongs to is not.
    """
    try:
        connection.execute(insert(table), values)
    except IntegrityError as error:
        raise _in_the_way(error, what) from None


def change(connection: Connection, table: Table, values: Values, what: str, **where: Any) -> None:  # noqa: ANN401
    """Change the one row with these values.

    Raises:
        AlreadyExists, Unknown: it would be the same as another, or it is not there.
    """
    try:
        changed = connection.execute(update(table).filter_by(**where).values(values))
    except IntegrityError as error:
        raise _in_the_way(error, what) from None
    if not changed.rowcount:
        raise Unknown(f"{what} is unknown")


def remove(connection: Connection, table: Table, what: str, **where: Any) -> None:  # noqa: ANN401
    """Remove the one row with these values. Raises Unknown where it is not there."""
    if not connection.execute(delete(table).filter_by(**where)).rowcount:
        raise Unknown(f"{what} is unknown")


def _in_the_way(error: IntegrityError, what: str) -> AlreadyExists | Unknown:
    if names_nothing(error):
        return Unknown(f"what {what} belongs to is unknown")
    return AlreadyExists(f"{what} exists already")
