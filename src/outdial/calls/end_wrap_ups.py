"""Lets it be known when an agent's time to wrap up is over, which nobody does anything for: only time passes."""

import asyncio
from contextlib import suppress

from outdial.calls.directory import Directory
from outdial.calls.ports import Clock
from outdial.domain.refusals import Unavailable

EVERY_SECONDS = 1.0


async def end_wrap_ups(directory: Directory, clock: Clock) -> None:
    """Look once a second, until cancelled. Whether an agent is free does not wait for it."""
    while True:
        with suppress(Unavailable):
            await directory.end_wrap_ups(clock.now())
        await asyncio.sleep(EVERY_SECONDS)
