"""Where every task of this process waits, for a test that hangs: the stack of their loop tells nothing."""

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

_INNER = {"cr_frame": "cr_await", "gi_frame": "gi_yieldfrom", "ag_frame": "ag_await"}
"""Where each kind of coroutine has its frame, and what it waits for."""


def waiting_tasks() -> str:
    """Every task that is not done, from the outermost coroutine to what it waits for."""
    tasks = [found for found in gc.get_objects() if isinstance(found, asyncio.Task) and not found.done()]
    return "\n".join("\n".join([task.get_name(), *_places(task.get_coro())]) for task in tasks)


def _places(coroutine: Any) -> Iterator[str]:
    while coroutine is not None:
        kind = next((name for name in _INNER if hasattr(coroutine, name)), None)
        if kind is None:
            yield f"    {coroutine!r}"
            return
        frame = getattr(coroutine, kind)
        if frame is not None:
            yield f"    {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}"
        coroutine = getattr(coroutine, _INNER[kind])
