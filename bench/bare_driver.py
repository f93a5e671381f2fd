"""The bare driver: the same two-leg call made by hand over ARI, with no API, no database, no record and no timer.

What a careful programmer writes when nothing is asked for but speed, and so the measure for the service's own cost. It
imports nothing of the service. The order of commands is that of `outdial/asterisk/telephony.py`; keep both alike.

Reads one call a line from its standard input, as `agent's address <tab> party's address <tab> number shown to the
agent`; says `ready` once the switch's events reach it, and ends when its input does, with its counts as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import uvloop

APP = "bare"
POOL_SIZE = 24
"""Connections for commands: as many as the service has."""
EVENTS = ("StasisStart", "ChannelStateChange", "ChannelDestroyed", "Dial")
"""What the switch is asked to tell: what the service asks it to tell."""
RING_SECONDS = 20


class Driver:
    """Every call, as the two words that name its channels; the switch's events say what is next for it."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._parties: dict[str, str] = {}
        self._entered: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts = {"placed": 0, "joined": 0, "ended": 0, "failed": 0}

    def place(self, line: str) -> None:
        """Ring the agent."""
        agent, party, shown = line.split("\t")
        self.counts["placed"] += 1
        call = f"bare{self.counts['placed']}"
        self._parties[call] = party
        self._start(self._originate(call, agent, shown))

    def hear(self, event: Mapping[str, Any]) -> None:
        """One event of the switch, in the order they come."""
        channel = event.get("channel")
        if channel is None:
            return
        call, _, side = channel["id"].rpartition(".")
        if call not in self._parties:
            return
        match event["type"], side:
            case "StasisStart", "a":
                self._start(self._dial(call))
            case "StasisStart", "b":
                self._entered[call].set()
            case "ChannelStateChange", "b" if channel["state"] == "Up":
                self.counts["joined"] += 1
                self._start(self._command("DELETE", f"channels/{call}.a/ring"))
            case "ChannelDestroyed", "b":
                self._start(self._command("DELETE", f"channels/{call}.a"))
            case "ChannelDestroyed", "a":
                self.counts["ended"] += 1
                self._start(self._dismantle(call))

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _originate(self, call: str, agent: str, shown: str) -> None:
        query = {"endpoint": agent, "app": APP, "timeout": str(RING_SECONDS), "callerId": f'"{shown}" <{shown}>'}
        await self._command("POST", f"channels/{call}.a", query, {"variables": {}})

    async def _dial(self, call: str) -> None:
        await self._command("POST", f"channels/{call}.a/ring")
        entered = self._entered[call] = asyncio.Event()
        query = {"endpoint": self._parties[call], "app": APP, "channelId": f"{call}.b"}
        await asyncio.gather(
            self._command("POST", "channels/create", query, {"variables": {}}),
            self._command("POST", f"bridges/{call}", {"type": "mixing"}),
        )
        # A created channel can't be commanded before it has entered the application, a moment after the reply.
        await entered.wait()
        del self._entered[call]
        both = {"channel": f"{call}.a,{call}.b", "inhibitConnectedLineUpdates": "true"}
        await self._command("POST", f"bridges/{call}/addChannel", both)
        await self._command("POST", f"channels/{call}.b/dial", {"timeout": str(RING_SECONDS)})

    async def _dismantle(self, call: str) -> None:
        del self._parties[call]
        await self._command("DELETE", f"bridges/{call}")

    async def _command(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object | None = None
    ) -> None:
        async with self._http.request(method, f"{self._url}/ari/{path}", params=query, json=body) as reply:
            if reply.status >= 300:
                raise RuntimeError(f"{method} {path}: {reply.status} {await reply.text()}")
            await reply.read()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.counts["failed"] += 1
            if self.counts["failed"] <= 3:
                print(f"bare driver: {task.exception()!r}", file=sys.stderr)


async def listen(driver: Driver, socket: aiohttp.ClientWebSocketResponse) -> None:
    """Hand on every event until the switch closes the socket."""
    async for message in socket:
        driver.hear(json.loads(message.data))


async def main(url: str, user: str, password: str) -> None:
    """Drive calls until the input ends."""
    credentials = aiohttp.encode_basic_auth(user, password)
    commands = aiohttp.ClientSession(
        headers={"Authorization": credentials},
        connector=aiohttp.TCPConnector(limit=POOL_SIZE + 1),  # and one for the events
        timeout=aiohttp.ClientTimeout(total=5),
    )
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with commands as http, http.ws_connect(f"{url}/ari/events?app={quote(APP)}") as socket:
        driver = Driver(http, url)
        listening = asyncio.create_task(listen(driver, socket))
        allowed = {"allowed": [{"type": kind} for kind in EVENTS]}
        async with http.put(f"{url}/ari/applications/{APP}/eventFilter", json=allowed) as reply:
            reply.raise_for_status()
        print("ready", flush=True)
        while line := await lines.readline():
            driver.place(line.decode().rstrip("\n"))
        await driver.idle()
        listening.cancel()
        print(json.dumps(driver.counts), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
