"""`python -m bench.recording`: what recording costs a call, and whether a hundred recorded calls are whole.

The far ends stream audio, a tone for each side. First calls at a rate, with recording off, of one leg, of both; then
many calls at the same time, of which every recorded leg is looked through for gaps.
"""

import argparse
import asyncio
import io
import json
import os
import shutil
import sys
import tempfile
import time
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from bench import processor
from bench.audio import longest_gap_ms, write_alaw
from bench.far_ends import far_end
from bench.load import Block, Stage, run_block
from bench.plan import search
from bench.recording_page import AtOnce, Leg, cost_of, line, page
from bench.service import ACCOUNT, TRUNK, Running, agent_phone, fill, service
from outdial.asterisk.endpoints import address_of
from outdial.domain.plan import Phone, PhoneKind

SETTINGS = ("none", "agent", "both")
TONES = {"phone": 440, "carrier": 880}
HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks-recording.md"


@asynccontextmanager
async def installation(sipp: str, agents: int, hold_ms: int) -> AsyncIterator[tuple[Running, Stage]]:
    """A service with far ends that talk; calls last so long."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outdial-bench-")))
        ends = {}
        for name, tone in TONES.items():
            media = folder / f"{name}.alaw"
            write_alaw(media, tone)
            made = far_end(sipp, name, folder / "far-ends", ring_ms=100, hold_ms=hold_ms, media=media)
            ends[name] = await stack.enter_async_context(made)
        phones, carrier = ends["phone"], ends["carrier"]
        data = folder / "data"
        data.mkdir()
        token = await fill(f"sqlite:///{data / 'outdial.db'}", agents, phones.port, carrier.port)
        running = await stack.enter_async_context(service(data, None, token, None))
        stage = Stage(
            phones,
            carrier,
            agents,
            lambda agent: address_of(agent_phone(agent, phones.port), ACCOUNT),
            lambda number: address_of(Phone(PhoneKind.NUMBER, number, TRUNK, "+"), ACCOUNT),
            {
                "service": running.side.pid,
                "switch": running.switch_pid,
                "phones": phones.pid,
                "carrier": carrier.pid,
                "load": os.getpid(),
            },
        )
        yield running, stage


async def ask(running: Running, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 -- JSON
    """One request with the bench's token."""
    side = running.side
    async with side.http.request(method, side.base + path, json=body) as reply:
        reply.raise_for_status()
        return await reply.json()


async def set_legs(running: Running, legs: str) -> None:
    await ask(running, "PATCH", f"/manage/accounts/{ACCOUNT}", {"recording": {"legs": legs}})


async def costs(
    sipp: str, rate: float, rounds: int, seconds: float, search_seconds: float
) -> tuple[dict[str, list[Block]], dict[str, float]]:
    """Calls at a rate under each setting, in turns; then the highest rate that each sustains."""
    blocks: dict[str, list[Block]] = {legs: [] for legs in SETTINGS}
    highest: dict[str, float] = {}
    async with installation(sipp, 400, 1_000) as (running, stage):
        await run_block(stage, running.side, rate, seconds / 2)
        for turn in range(rounds):
            for legs in SETTINGS if turn % 2 == 0 else SETTINGS[::-1]:
                await set_legs(running, legs)
                blocks[legs].append(await run_block(stage, running.side, rate, seconds))
                tell(f"{rate:g}/s, {legs}: {line(blocks[legs][-1:])}")
        for legs in SETTINGS if search_seconds else ():
            await set_legs(running, legs)
            found, _ = await search(stage, [running.side], search_seconds, lambda block: None)
            highest[legs] = found[running.side.name]
            tell(f"highest rate, {legs}: {highest[legs]:.0f}/s")
    return blocks, highest


async def at_once(sipp: str, calls: int, seconds: float, nice: int) -> AtOnce:
    """Recorded calls at the same time; every leg looked through, and cores used meanwhile by process."""
    async with installation(sipp, calls, round(seconds * 1000)) as (running, stage):
        for name in ("switch", "phones", "carrier") if nice else ():
            prefer(stage.processes[name], nice)
        await set_legs(running, "both")
        for _ in range(calls):
            assert await running.side.place(stage.next_call()), running.side.refusals
            await asyncio.sleep(0.1)
        before, began = stage.processor(), time.monotonic()
        await asyncio.sleep(max(1.0, seconds - calls * 0.1 - 2))
        after, took = stage.processor(), time.monotonic() - began
        used = {name: (after[name] - before[name]) / took for name in after}
        kept = await _kept(running, calls)
        legs = [await _looked_through(running, each, leg) for each in kept for leg in ("agent", "party")]
    return AtOnce(calls, seconds, legs, used)


def prefer(pid: int, nice: int) -> None:
    """Give every thread of a process a nice value; threads made later inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(thread.name), nice)


async def _kept(running: Running, calls: int) -> list[dict[str, Any]]:
    """Every recording, once all are kept."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        found = (await ask(running, "GET", f"/v6/{ACCOUNT}/recordings?limit=200"))["recordings"]
        if len(found) == calls and all(each["status"] == "Available" for each in found):
            return list(found)
        await asyncio.sleep(1)
    raise TimeoutError(f"{len(found)} of {calls} recordings, {[each['status'] for each in found]}")


async def _looked_through(running: Running, recording: dict[str, Any], leg: str) -> Leg:
    side = running.side
    async with side.http.get(f"{side.base}/v6/{ACCOUNT}/recordings/{recording['id']}/audio?leg={leg}") as reply:
        reply.raise_for_status()
        with wave.open(io.BytesIO(await reply.read())) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    call = await ask(running, "GET", f"/manage/accounts/{ACCOUNT}/calls/{recording['id']}")
    ended = datetime.fromisoformat(call[f"{leg}Leg"]["endedAt"])
    lasted = (ended - datetime.fromisoformat(call["joinedAt"])).total_seconds() * 1000
    return Leg(await asyncio.to_thread(longest_gap_ms, samples), lasted - len(samples) / 8)


def tell(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    """Measure what the command line asks for; 1 where a recorded call is not whole."""
    parser = argparse.ArgumentParser(prog="bench.recording", description=__doc__)
    parser.add_argument("--rate", type=float, default=25)
    parser.add_argument("--rounds", type=int, default=3, help="0 leaves out what it costs")
    parser.add_argument("--block-seconds", type=float, default=10)
    parser.add_argument("--search-seconds", type=float, default=8, help="0 leaves the search out")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120, help="how long the calls at once last")
    parser.add_argument("--nice", type=int, default=0, help="of what carries audio, where others use the machine too")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks-recording.md")
    asked = parser.parse_args()
    sipp = shutil.which("sipp")
    if sipp is None:
        print("bench: SIPp is needed: apt-get install sip-tester", file=sys.stderr)
        return 1
    blocks: dict[str, list[Block]] = {}
    highest: dict[str, float] = {}
    if asked.rounds:
        blocks, highest = uvloop.run(costs(sipp, asked.rate, asked.rounds, asked.block_seconds, asked.search_seconds))
    together = uvloop.run(at_once(sipp, asked.calls, asked.seconds, asked.nice))
    tell(f"{processor.CORES} cores, {processor.model()}")
    for legs_set in blocks:
        rate = f"; highest rate {highest[legs_set]:.0f}/s" if legs_set in highest else ""
        tell(f"recording {legs_set}, {asked.rate:g} calls/s: {line(blocks[legs_set])}{rate}")
    tell(str(together))
    saved = HERE / "results" / f"recording-{datetime.now(UTC).strftime('%Y-%m-%dT%H%M%SZ')}.json"
    saved.parent.mkdir(exist_ok=True)
    found = {"highest": highest, "costs": {legs: asdict(cost_of(each)) for legs, each in blocks.items()}}
    saved.write_text(json.dumps(found | {"at_once": asdict(together)}, indent=1))
    if asked.page:
        PAGE.write_text(page(asked.rate, blocks, highest, together), encoding="utf-8")
    return 1 if together.broken else 0


if __name__ == "__main__":
    sys.exit(main())
