"""Keeps background work going: a fault in it is logged and it is begun again, for no webhook may end a call.

Must not know what the work is.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

PAUSE_SECONDS = 5


async def keep_going(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do work that never ends by itself, from its beginning again after each fault, until cancelled."""
    log = structlog.get_logger().bind(work=name)
    while True:
        try:
            await work()
        except Exception as error:  # whatever it is, calls go on
            log.error("background work failed; it is begun again", exc_info=error)
        await asyncio.sleep(PAUSE_SECONDS)
