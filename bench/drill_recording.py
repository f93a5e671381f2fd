"""`make drill-recording`: kills, a full disk and a lost object store under recorded calls. Writes a page in docs/.

What is checked is `tests/support/recording_drills.py`; a broken rule ends the drill with what was seen.
"""

import argparse
import asyncio
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from support import recording_drills as drills
from support import s3
from support.recording_drills import small_disk
from support.served import Served, served

PAGE = Path(__file__).parents[1] / "docs" / "drills-recording.md"
DISK = "100m"
"""Of which 64 MB must be free for a recording to be begun."""
Drill = Callable[[Served], Awaitable[str]]
PLAIN: Mapping[str, Drill] = {
    "kill -9 the service": drills.kill_the_service,
    "kill -9 the service while calls are hung up": drills.kill_the_service_at_the_end,
    "kill -9 the switch": drills.kill_the_switch,
}


async def drill(rounds: int, away: float) -> list[tuple[str, int, str]]:
    """Every drill so many times; the last two once. What each showed, and how many ledger entries verified."""
    shown: list[tuple[str, int, str]] = []

    async def play(name: str, world: Served, held: Drill) -> None:
        said = await held(world)
        looked = await drills.verified(world)
        shown.append((name, int(looked["entries"]), said))
        print(f"{name}: {said}; ledger of {looked['entries']} entries verified", flush=True)

    async with _installation() as (world, _):
        for _ in range(rounds):
            for name, held in PLAIN.items():
                await play(name, world, held)
    if os.geteuid() == 0:
        async with _installation(disk=DISK) as (world, _):
            await play("the disk is full", world, drills.fill_the_disk)
    else:
        print("the disk is full: left out, as only root can mount a small one", flush=True)
    with s3.serving() as store:
        bucket = store.bucket
        more = {
            "S3_BUCKET": bucket.name,
            "S3_ENDPOINT": store.endpoint,
            "S3_ACCESS_KEY_ID": "test",
            "S3_SECRET_ACCESS_KEY": "test-secret",
        }
        async with _installation(more=more) as (world, _):
            await play("the object store is away", world, lambda world: drills.object_store_away(world, store, away))
    return shown


@asynccontextmanager
async def _installation(
    *, disk: str | None = None, more: dict[str, str] | None = None
) -> AsyncIterator[tuple[Served, Path]]:
    """A service in a folder of its own, which is kept where a drill fails, for its logs."""
    folder = Path(tempfile.mkdtemp(prefix="outdial-drill-"))
    print(f"in {folder}", flush=True)
    with ExitStack() as stack:
        if disk is not None:
            stack.enter_context(small_disk(folder / "data" / "recordings", disk))
        async with served(folder / "data", more=more) as world:
            yield world, folder
    shutil.rmtree(folder)


def page(shown: list[tuple[str, int, str]]) -> str:
    """What was shown, for readers."""
    rows = "\n".join(f"| {name} | {said} | {entries} |" for name, entries, said in shown)
    return f"""# Recording drills

Made by `make drill-recording`, {time.strftime("%Y-%m-%d")}, Python {platform.python_version()}, SQLite.
Of every third call the law allows the agent's leg alone, of the others both; each side says a tone of its own.
After each drill: no recording that was begun is lost, no leg is kept that was not allowed, no leg holds the other's
tone above −60 dBFS, and audio, ledger and database agree (`outdial recordings verify`).

| drill | shown | ledger entries verified |
|---|---|---|
{rows}

The switch writes every {drills.BUFFERED_MS} ms: so much of the end is lost where the switch itself is killed.
"""


def main() -> None:
    """Drill, print, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--away", type=float, default=600, help="seconds for which the object store is away")
    asked = options.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    shown = asyncio.run(drill(asked.rounds, asked.away))
    if asked.away >= 600:
        PAGE.write_text(page(shown), encoding="utf-8")
    sys.stdout.write(page(shown))


if __name__ == "__main__":
    main()
