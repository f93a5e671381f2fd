"""The newest of what an account has, or an agent in it on either side. Must not know what else is looked for.

Each side is found by an index of its own, and both are merged in order: asked for one or the other at once, SQLite
would read the account's whole history.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, union_all


def newest(
    rows: Select[Any], moment: str, conditions: Sequence[ColumnElement[bool]], agent_id: str | None, limit: int
) -> Select[Any] | CompoundSelect[Any]:
    """So many of some rows, under these conditions, by their moment, the last first."""
    every = rows.where(*conditions)
    found: Select[Any] | CompoundSelect[Any] = every
    if agent_id is not None:
        own, called = rows.selected_columns.agent_id, rows.selected_columns.called_agent_id
        found = union_all(every.where(own == agent_id), every.where(called == agent_id, own != agent_id))
    column = found.selected_columns
    return found.order_by(column[moment].desc(), column.id.desc()).limit(limit)
