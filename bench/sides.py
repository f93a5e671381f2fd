"""The two sides of the comparison: how a call is asked of the service, and of the bare driver."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from outdial.asterisk.connections import Connections, NotAnswered

READY_SECONDS = 20


@dataclass(frozen=True)
class Wanted:
    """One call: which agent, by number and by dial string, calls which number, and its dial string."""

    agent: int
    agent_address: str
    number: str
    party_address: str


class Side(Protocol):
    """Something that places calls. `place` says whether the call was taken, as far as that is told."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int: ...
    async def place(self, wanted: Wanted) -> bool: ...


class Bare:
    """The bare driver, asked over a pipe."""

    name = "bare driver"

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        self.pid = process.pid
        self._pipe = process.stdin

    async def place(self, wanted: Wanted) -> bool:
        self._pipe.write(f"{wanted.agent_address}\t{wanted.party_address}\t{wanted.number}\n".encode())
        return True


class Service:
    """The service, asked over HTTP as any client would: connections kept, a token, one POST a call.

    Calls are placed with the leanest client there is, as what it takes itself counts as the service's.
    """

    name = "service"

    def __init__(self, pid: int, url: str, http: aiohttp.ClientSession, connections: Connections) -> None:
        self.pid = pid
        self.refusals: dict[str, int] = {}
        self._target = urlsplit(url).path
        self._connections = connections
        self.base = url.partition("/v6/")[0]
        """Where the service answers."""
        self.http = http

    async def place(self, wanted: Wanted) -> bool:
        body = {"from": {"agentId": str(wanted.agent)}, "to": {"telephoneNumber": wanted.number}}
        try:
            status, answer = await self._connections.ask("POST", self._target, json.dumps(body).encode())
            if status == 201:
                return True
            said = f"{status} {answer.decode()[:120]}"
        except NotAnswered as error:
            said = str(error)
        self.refusals[said] = self.refusals.get(said, 0) + 1
        return False


@asynccontextmanager
async def bare_driver(url: str, user: str, password: str) -> AsyncIterator[Bare]:
    """The bare driver, connected to a switch; gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).parent / "bare_driver.py"), url, user, password),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if said != b"ready\n":
            raise RuntimeError(f"the bare driver did not start: {said!r}")
        yield Bare(process)
        process.stdin.close()
        counts = json.loads(await asyncio.wait_for(process.stdout.readline(), READY_SECONDS))
        print(f"bare driver: {counts}", file=sys.stderr)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
