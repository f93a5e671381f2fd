"""Runs something until it is done or somebody interrupts it; then lets it clean up in its own order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(make: Callable[[], Awaitable[T]]) -> T | None:
    """What a coroutine returns; none where it was interrupted by SIGINT or SIGTERM. Raises what it raises."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_interrupted(make()))


async def _until_interrupted(work: Awaitable[T]) -> T | None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        # A second Ctrl-C must not cut the cleaning up short.
        if not interrupted:
            interrupted = True
            task.cancel()

    for each in _SIGNALS:
        loop.add_signal_handler(each, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if not interrupted:
            raise
        return None
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
