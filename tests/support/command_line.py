"""Commands as somebody would run them, against an API on a real socket."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
