"""Reads server-sent events and goes on where it was, whatever breaks in between. Must not know what is in them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from outdial.cli.api import Api, Refused
from outdial.cli.errors import CommandError

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
_PASSING = (401, 429, 503)
"""Statuses that say: not now. A token that has run out is replaced."""


async def follow(api: Api, path: str, query: Mapping[str, object]) -> AsyncIterator[Any]:
    """Every event as it comes, each once and in order.

    Raises:
        Refused: the API turned the request down, or events in between are no longer kept.
        CommandError: it can't be reached in the first place.
    """
    last: str | None = None
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            async for block in api.blocks(path, query, last):
                if block.get("event") == "end":
                    break
                last, pause = block.get("id", last), FIRST_PAUSE_SECONDS
                if "data" in block:
                    yield json.loads(block["data"])
        except CommandError as error:
            if last is None or (isinstance(error, Refused) and error.status not in _PASSING):
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        with suppress(CommandError):
            await api.sign_in()
