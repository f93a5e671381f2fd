"""`make bench`: the service against a bare driver that makes the same call by hand, on one switch in one run."""

import argparse
import math
import os
import platform
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import uvloop
from rich.console import Console

from bench import processor, report
from bench.far_ends import far_end
from bench.load import Block, Stage, percentile
from bench.plan import Extent, measure, search
from bench.service import ACCOUNT, TRUNK, agent_phone, fill, service
from bench.sides import Bare, Service, bare_driver
from outdial.asterisk.configuration import ARI_USER
from outdial.asterisk.endpoints import address_of
from outdial.domain.plan import Phone, PhoneKind

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
RATES = (10, 25, 50, 80)
HOLD_MS = 1_000


def main() -> int:
    """Run what the command line asks for."""
    asked = arguments()
    sipp = shutil.which("sipp")
    if sipp is None:
        print("bench: SIPp is needed: apt-get install sip-tester", file=sys.stderr)
        return 1
    console = Console(width=None if sys.stdout.isatty() else 160)
    result, blocks = uvloop.run(run(asked, sipp, console))
    report.show(console, result, Service.name, Bare.name)
    saved = report.write(result, blocks, HERE / "results", datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ"))
    console.print(f"everything: {saved}")
    if asked.page:
        template = (HERE / "page.md").read_text(encoding="utf-8")
        PAGE.write_text(report.page(result, Service.name, Bare.name, template), encoding="utf-8")
    return 0


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rates", type=lambda text: [float(each) for each in text.split(",")], default=list(RATES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of one block")
    parser.add_argument("--search-seconds", type=float, default=8, help="of one trial of the search; 0 leaves it out")
    parser.add_argument("--ring-ms", type=int, default=100, help="how long each phone rings before it picks up")
    parser.add_argument("--agents", type=int, default=400)
    parser.add_argument("--poisson", action="store_true", help="arrivals at random instead of evenly")
    parser.add_argument("--database", help="URL of a database; without it, SQLite in a temporary folder")
    parser.add_argument("--profile", type=Path, help="write a profile of the service (slows it down)")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md")
    return parser.parse_args()


async def run(asked: argparse.Namespace, sipp: str, console: Console) -> tuple[report.Result, list[Block]]:
    """Start everything, measure, end everything."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outdial-bench-")))
        (folder / "far-ends").mkdir()
        phones, carrier = [
            await stack.enter_async_context(
                far_end(sipp, name, folder / "far-ends", ring_ms=asked.ring_ms, hold_ms=HOLD_MS)
            )
            for name in ("phone", "carrier")
        ]
        data = folder / "data"
        data.mkdir()
        token = await fill(
            asked.database or f"sqlite:///{data / 'outdial.db'}", asked.agents, phones.port, carrier.port
        )
        running = await stack.enter_async_context(service(data, asked.database, token, asked.profile))
        switch = running.switch
        url = f"http://127.0.0.1:{switch.http_port}"
        bare = await stack.enter_async_context(bare_driver(url, ARI_USER, switch.ari_password))
        stage = Stage(
            phones,
            carrier,
            asked.agents,
            lambda agent: address_of(agent_phone(agent, phones.port), ACCOUNT),
            lambda number: address_of(Phone(PhoneKind.NUMBER, number, TRUNK, "+"), ACCOUNT),
            {
                Service.name: running.side.pid,
                Bare.name: bare.pid,
                "switch": running.switch_pid,
                "phones": phones.pid,
                "carrier": carrier.pid,
                "load": os.getpid(),
            },
            asked.poisson,
        )

        def tell(block: Block) -> None:
            failed = sum(not math.isfinite(each) for each in block.setups)
            line = f"{block.rate:4g}/s {block.side:12} p50 {percentile(block.setups, 0.5):6.1f} ms"
            line += f"  p99 {percentile(block.setups, 0.99):6.1f} ms  failed {failed}/{len(block.setups)}"
            line += f"  {1000 * block.processor[block.side] / len(block.setups):5.2f} ms of processor a call"
            console.print(line, highlight=False)

        sides = (bare, running.side)
        blocks = await measure(stage, sides, Extent(asked.rates, asked.rounds, asked.seconds), tell)
        highest: dict[str, float] = {}
        tried: list[Block] = []
        if asked.search_seconds:
            highest, tried = await search(stage, sides, asked.search_seconds, tell)
        for said, times in running.side.refusals.items():
            console.print(f"refused {times} times: {said}", highlight=False, markup=False)
        result = report.Result(await about(url, switch.ari_password, began, asked), report.rows_of(blocks), highest)
        return result, [*blocks, *tried]


async def about(url: str, password: str, began: float, asked: argparse.Namespace) -> dict[str, str]:
    """On what, with what and how it was measured."""
    headers = {"Authorization": aiohttp.encode_basic_auth(ARI_USER, password)}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/ari/asterisk/info") as reply:
        asterisk = (await reply.json())["system"]["version"]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{processor.CORES} cores, {processor.model()}, {memory:.0f} GB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "Asterisk": asterisk,
        "database": (asked.database or "SQLite").partition(":")[0],
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "phones": f"ring {asked.ring_ms} ms, then answer; the carrier hangs up {HOLD_MS} ms after it was answered",
        "took": f"{time.monotonic() - began:.0f} s",
    }


if __name__ == "__main__":
    sys.exit(main())
