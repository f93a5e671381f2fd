"""`make drill-events`: five hundred real calls, while every reader of their events is killed, fails, hangs, restarts.

A stream is read by `outdial events tail`, killed and resumed at random; one webhook's receiver fails, hangs and
restarts, another's is well; the service itself is killed with -9. Afterwards everything that was written must have
been read: on the stream once and in order, at the webhooks at least once and in order per call.
"""

import argparse
import asyncio
import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.event_checks import Seen, check_all
from bench.event_receiver import BadReceiver, Mood
from outdial.domain.notices import Notice
from outdial.sandbox import seed
from outdial.storage.database import open_database
from outdial.storage.outbox import StoredNotices
from support.served import Served, served

PAGE = Path(__file__).parents[1] / "docs" / "drill-events.md"
AGENTS = [str(2001 + number) for number in range(20)]
ENDINGS = ("0001", "0003", "0004", "0005", "0008", "0008", "0009", "0010", "0008", "0006")
"""Numbers of the sandbox that end in all the ways there are; by themselves but for one."""
HUNG_UP = "0010"
"""Rings with early media, answers after three seconds, and stays."""
AT_ONCE = 12
LONGEST_CALL_SECONDS = 200
HANDS_OFF_SECONDS = 120
"""How long the readers may take to catch up once nothing fails any more."""


@dataclass
class Drill:
    """One drill: what runs, what was placed, what was read, what was killed."""

    world: Served
    calls: int
    chaos: random.Random
    bad: BadReceiver
    good: BadReceiver
    placed: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    stream_kills: int = 0
    service_kills: int = 0
    done: bool = False
    hooks: list[str] = field(default_factory=list)
    start: int = 0
    up: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Everything at once, until every call is over and every reader has caught up."""
        self.up.set()
        self.bad.secret = await self.subscribe(self.bad.url, "standard")
        self.good.secret = await self.subscribe(self.good.url, "vonage")
        self.start = await self.last()
        async with asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(self.read_stream()), tasks.create_task(self.spoil_receiver())]
            killer = tasks.create_task(self.kill_service())
            queue: asyncio.Queue[int] = asyncio.Queue()
            for number in range(self.calls):
                queue.put_nowait(number)
            async with asyncio.TaskGroup() as callers:
                for agent in AGENTS[:AT_ONCE]:
                    callers.create_task(self.call(agent, queue))
            killer.cancel()
            self.done = True
            self.bad.mood = Mood.WELL
            print(f"  {len(self.placed)} calls are over; readers catch up", flush=True)
            await self.caught_up()
            for reader in readers:
                reader.cancel()

    async def subscribe(self, url: str, form: str) -> str:
        """Add a webhook; its secret."""
        path = f"{self.world.url}/manage/accounts/{seed.ACCOUNT}/webhooks"
        body = {"url": url, "signature": form}
        async with self.world.http.post(path, json=body, headers=self.world.headers) as reply:
            assert reply.status == 201, await reply.text()
            added = await reply.json()
            self.hooks.append(added["id"])
            return str(added["secret"])

    async def call(self, agent: str, queue: "asyncio.Queue[int]") -> None:
        """One agent's calls, one after the other."""
        while not queue.empty():
            number = queue.get_nowait()
            await self.up.wait()
            ending = ENDINGS[number % len(ENDINGS)]
            try:
                call_id = await self.world.place({"agentId": agent}, {"telephoneNumber": f"020 7946 {ending}"})
            except (AssertionError, aiohttp.ClientError, TimeoutError):
                # Killed at this very moment, or the agent still in a call that we were not told of.
                queue.put_nowait(number)
                await asyncio.sleep(0.5)
                continue
            self.placed.append(call_id)
            if ending == HUNG_UP:
                await asyncio.sleep(self.chaos.uniform(2.0, 5.0))
            if len(self.placed) % 50 == 0:
                print(f"  {len(self.placed)} calls", flush=True)
            await self.over(call_id, hang_up=ending == HUNG_UP)

    async def over(self, call_id: str, *, hang_up: bool) -> None:
        """Wait for a call's end, or bring it about."""
        give_up, told = time.monotonic() + LONGEST_CALL_SECONDS, dict[str, Any]()
        while time.monotonic() < give_up:
            await self.up.wait()
            with suppress(aiohttp.ClientError, AssertionError, TimeoutError):
                told = await self.world.call(call_id)
                if told["result"] is not None:
                    return
                if hang_up:
                    await self.world.hang_up(call_id)
            await asyncio.sleep(0.3)
        log = [line for line in self.world._log().splitlines() if call_id in line]
        raise TimeoutError("\n".join([f"never ended: {told}", *log]))

    async def read_stream(self) -> None:
        """Read with the command line, kill it at random, resume from the last whole line."""
        while True:
            await self.up.wait()
            after = self.seen[-1].seq if self.seen else self.start
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "outdial", "events", "tail", "--json"),
                *("--data-dir", str(self.world.data), "--account", seed.ACCOUNT, "--after", str(after)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=1 << 20,
            )
            assert process.stdout is not None
            life = 3600.0 if self.done else self.chaos.uniform(2.0, 9.0)
            try:
                async with asyncio.timeout(life):
                    while (line := await process.stdout.readline()).endswith(b"\n"):
                        self.seen.append(Seen.of(json.loads(line)))
            except TimeoutError:
                self.stream_kills += 1
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def spoil_receiver(self) -> None:
        """Let the bad receiver fail, hang, and restart, with moments of health between."""
        while not self.done:
            self.bad.mood = self.chaos.choice([Mood.FAILS, Mood.HANGS, Mood.AWAY, Mood.MOODY])
            await self.bad.apply()
            await asyncio.sleep(self.chaos.uniform(1.0, 4.0))
            self.bad.mood = Mood.WELL
            await self.bad.apply()
            await asyncio.sleep(self.chaos.uniform(3.0, 8.0))

    async def kill_service(self) -> None:
        """-9 in the middle of everything, three times."""
        for share in (0.2, 0.45, 0.7):
            while len(self.placed) < share * self.calls:  # noqa: ASYNC110 -- calls are counted, not told
                await asyncio.sleep(0.2)
            self.up.clear()
            await self.world.kill()
            self.service_kills += 1
            took = await self.world.start()
            print(f"  the service was killed and is back after {took:.1f} s", flush=True)
            self.up.set()

    async def caught_up(self) -> None:
        """Wait until the readers have everything; whatever waits for its next attempt is tried at once, as anybody
        may ask for."""
        await self.bad.apply()
        for hook in self.hooks:
            assert (await self.get(f"webhooks/{hook}"))["enabled"]
            await self.post(f"webhooks/{hook}/replay")
        began = time.monotonic()
        while True:
            told = [await self.get(f"webhooks/{hook}") for hook in self.hooks]
            last = await self.last()
            behind = [f"{each['deliveredUpTo']} of {last}, {each['waiting']} wait" for each in told]
            if (
                all(each["deliveredUpTo"] == last and each["waiting"] == 0 for each in told)
                and self.seen[-1].seq == last
            ):
                return
            if time.monotonic() - began > HANDS_OFF_SECONDS:
                raise TimeoutError(f"readers did not catch up: {behind}, the stream {self.seen[-1].seq} of {last}")
            await asyncio.sleep(0.5)

    async def last(self) -> int:
        """Number of the newest event."""
        return int((await self.get(f"webhooks/{self.hooks[0]}"))["newestEvent"])

    async def get(self, path: str) -> dict[str, Any]:
        """What the management API says."""
        url = f"{self.world.url}/manage/accounts/{seed.ACCOUNT}/{path}"
        async with self.world.http.get(url, headers=self.world.headers) as reply:
            assert reply.status == 200, await reply.text()
            found: dict[str, Any] = await reply.json()
            return found

    async def post(self, path: str) -> None:
        """Ask for something, with nothing more to say."""
        url = f"{self.world.url}/manage/accounts/{seed.ACCOUNT}/{path}"
        async with self.world.http.post(url, json={}, headers=self.world.headers) as reply:
            assert reply.status == 202, await reply.text()

    async def written(self) -> list[tuple[int, Notice]]:
        """Every event since the drill began, as the database has it."""
        found: list[tuple[int, Notice]] = []
        url = self.world.database or f"sqlite:///{self.world.data / 'outdial.db'}"
        async with open_database(url) as database:
            while page := await StoredNotices(database).after(
                seed.ACCOUNT, found[-1][0] if found else self.start, 1000
            ):
                found += page
        return found


@asynccontextmanager
async def drilled(calls: int, number: int, database: str | None) -> AsyncIterator[Drill]:
    """A service, its phones and both receivers are up inside."""
    with tempfile.TemporaryDirectory(prefix="outdial-drill-") as folder:
        async with (
            BadReceiver() as bad,
            BadReceiver() as good,
            served(Path(folder) / "data", database=database) as world,
        ):
            yield Drill(world, calls, random.Random(number), bad, good)


async def main_async(calls: int, number: int, database: str | None) -> str:
    """Hold the drill; the page of what it showed."""
    began = time.monotonic()
    async with drilled(calls, number, database) as drill:
        await drill.run()
        facts = check_all(drill.placed, drill.seen, drill.bad, drill.good, await drill.written())
        took = time.monotonic() - began
        return page(drill, facts, took, number)


def page(drill: Drill, facts: dict[str, object], took: float, number: int) -> str:
    """What was shown, for readers."""
    database = "PostgreSQL" if drill.world.database else "SQLite"
    rows = "\n".join(f"| {what} | {value} |" for what, value in facts.items())
    return f"""# Event drill

Made by `make drill-events`, {time.strftime("%Y-%m-%d")}, Python {platform.python_version()}, {platform.machine()},
{database}, random seed {number}, {took:.0f} s in all.

{len(drill.placed)} calls on the real switch. Meanwhile a reader of the stream was killed and resumed
{drill.stream_kills} times, one webhook's receiver failed, hung and restarted, and the service was killed with -9
{drill.service_kills} times. A second webhook, in the other form of signature, had a receiver that was well. Every rule
below held, or there would be no page.

- On the stream: every event exactly once, in order, its number without a gap.
- At both webhooks: every event at least once, the same id and body at each attempt; no event of a call before an
  earlier one of that call was taken.
- Every signature verified, by the library's own verifier and by an independent JWT library.
- Every call that was accepted has its first and its last event.

| | |
|---|---|
{rows}
"""


def main() -> None:
    """Drill, print, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=500)
    options.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    options.add_argument("--database")
    given = options.parse_args()
    print(f"{given.calls} calls, random seed {given.seed}", flush=True)
    text = asyncio.run(main_async(given.calls, given.seed, given.database))
    if given.calls >= 500 and given.database is None:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
