"""Commands as somebody would run them, against an API on a real socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outdial.domain.commands import Ring
from outdial.domain.events import Event
from support.api_world import ApiWorld


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


Run = Callable[..., Awaitable[Ran]]


@dataclass(frozen=True)
class Line:
    """Runs commands as somebody with this data directory would."""

    world: ApiWorld
    folder: Path
    url: str
    run_: Run

    async def run(self, *words: str) -> Ran:
        return await self.run_(*words, "--data-dir", str(self.folder))

    async def json(self, *words: str) -> Any:
        """What a command that must succeed tells machines."""
        ran = await self.run(*words, "--json")
        assert (ran.status, ran.err) == (0, ""), ran
        return ran.document


class FarEnd:
    """Does something with the next call as soon as its agent's phone is to ring."""

    def __init__(self, world: ApiWorld, *events: Event) -> None:
        self.world, self.events = world, events
        self.rung: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        world.switch.script[Ring] = lambda call, _: self.rung.set_result(call.id)
        self.done = asyncio.create_task(self.play())

    async def play(self) -> None:
        call = await self.rung
        for event in self.events:
            await self.world.engine.tell(call, event)
