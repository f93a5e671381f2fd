"""`make drill`: kills the service and the switch with twenty live calls, ten times each, and writes docs/drills.md.

What is checked in each round is `tests/support/drills.py`; a broken rule ends the drill with what was seen.
"""

import argparse
import asyncio
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from support.drills import Round, kill_the_service, kill_the_switch
from support.served import Served, served

PAGE = Path(__file__).parents[1] / "docs" / "drills.md"
DRILLS: dict[str, Callable[[Served], Awaitable[Round]]] = {
    "kill -9 the service": kill_the_service,
    "kill -9 the switch": kill_the_switch,
}


async def drill(rounds: int, database: str | None) -> dict[str, list[Round]]:
    """Every drill so many times, on one installation."""
    held: dict[str, list[Round]] = {}
    for name, play in DRILLS.items():
        # Kept where a round fails, for its logs.
        folder = Path(tempfile.mkdtemp(prefix="outdial-drill-"))
        print(f"{name}: in {folder}", flush=True)
        async with served(folder / "data", database=database) as world:
            for number in range(1, rounds + 1):
                held.setdefault(name, []).append(await play(world))
                print(f"{name}: round {number} of {rounds}: {_line(held[name][-1])}", flush=True)
        shutil.rmtree(folder)
    return held


def _line(each: Round) -> str:
    return f"{each.live} calls live, back after {each.back:.1f} s, agents free {each.freed:.1f} s later"


def page(held: dict[str, list[Round]]) -> str:
    """What was measured, for readers."""
    rows = "\n".join(
        f"| {name} | {len(rounds)} | {min(each.live for each in rounds)} | {_seconds([e.back for e in rounds])} | "
        f"{_seconds([e.freed for e in rounds])} |"
        for name, rounds in held.items()
    )
    return f"""# Kill drills

Made by `make drill`, {time.strftime("%Y-%m-%d")}, Python {platform.python_version()}, {platform.machine()}, SQLite.
Twenty calls are joined, ringing, in early media or about to be answered; one more is being placed at that moment.

After the service was killed, away for three seconds and started again: calls that were joined still are, phones that
were answered meanwhile are joined, calls that ended meanwhile have their result, no phone rang twice, no channel
without a call, no agent left reserved, each notice once and without a gap. After the switch was killed: every call has
ended with its cause, the switch is back, phones have registered again, every agent is free.

| drill | rounds, all passed | calls live at the kill | back after (median, most) | agents free later (median, most) |
|---|---|---|---|---|
{rows}
"""


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s, {max(values):.1f} s"


def main() -> None:
    """Drill, print, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10)
    rounds = options.parse_args().rounds
    held = asyncio.run(drill(rounds, None))
    if rounds >= 10:
        PAGE.write_text(page(held), encoding="utf-8")
    sys.stdout.write(page(held))


if __name__ == "__main__":
    main()
