"""Tests that measure time, on a machine that stands still now and then: what it made late, nobody else is to blame for.

A measurement is made again where the machine did not keep time itself. What must not happen at all counts at once.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from support.sandbox_world import World

ATTEMPTS = 4
LOOK_SECONDS = 0.01
NOTICEABLE_MS = 50
"""How late a timer of ours is on a machine that is busy with something else."""

Test = Callable[..., Awaitable[None]]


class Forbidden(Exception):
    """Something that may not happen on the slowest of machines."""


@dataclass
class Lateness:
    """By how much the latest timer of ours was late, in milliseconds."""

    most_ms: float = 0.0

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self.most_ms = max(self.most_ms, (loop.time() - due) * 1000)


@asynccontextmanager
async def lateness() -> AsyncIterator[Lateness]:
    """How well the machine keeps time inside."""
    found = Lateness()
    watching = asyncio.create_task(found.watch())
    try:
        yield found
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def in_time(test: Test) -> Test:
    """A test of a sandbox that fails while the machine stands still is played again, with none of its calls left."""

    @functools.wraps(test)
    async def again(**given: object) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            async with lateness() as late:
                try:
                    return await test(**{name: _from_now_on(each) for name, each in given.items()})
                except Exception as error:
                    if attempt == ATTEMPTS or late.most_ms < NOTICEABLE_MS or not _may_be_late(error):
                        raise
                    print(f"played again: a timer was {late.most_ms:.0f} ms late, and {error!r}")
            for world in (each for each in given.values() if isinstance(each, World)):
                await world.hang_up_all()
        return None

    return again


def _from_now_on(given: object) -> object:
    """A world that knows nothing of what was played before."""
    return replace(given, began=given.now()) if isinstance(given, World) else given


def _may_be_late(error: Exception) -> bool:
    """Whether something only did not hold, or did not happen, and be it within a group of tasks."""
    if isinstance(error, ExceptionGroup):
        return all(map(_may_be_late, error.exceptions))
    return isinstance(error, AssertionError | TimeoutError)


def must(holds: bool, *what: object) -> None:
    """What counts at once."""
    if not holds:
        raise Forbidden(*what)
