"""Lists in pages: `limit` and `cursor` in, `items` and `next` out. A cursor is the last key of the page before."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

T = TypeVar("T")
MOST = 200

_CURSOR = "^[!-~]{1,128}$"

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(
        pattern=_CURSOR,
        description="`next` of the page before; without it, the first page.",
    ),
]


def page_of(
    records: Sequence[T], key: Callable[[T], str], cursor: str | None, limit: int
) -> tuple[Sequence[T], str | None]:
    """The records after a cursor, by key, and the cursor of the next page; none after the last one."""
    after = sorted((record for record in records if cursor is None or key(record) > cursor), key=key)
    page = after[:limit]
    return page, key(page[-1]) if len(after) > limit else None
