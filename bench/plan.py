"""What is measured, in which order: both sides in turn, in short blocks, so that whatever the machine does meanwhile
meets both alike; and the search for the highest rate that each sustains."""

import itertools
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from bench.load import Block, Stage, percentile, run_block
from bench.sides import Side

LIMIT_MS = 200
"""A rate is sustained when the set-up of 99 calls in 100 takes no longer."""
FIRST_STEP = 80
STEP = 20
FINEST = 5
MOST_RATE = 240
ATTEMPTS = 2
"""A rate fails when it fails so many times: a hiccup of the machine is not the side's own."""


@dataclass(frozen=True)
class Extent:
    """How much is measured. Seconds are those of one block."""

    rates: Sequence[float]
    rounds: int
    seconds: float


def sustained(block: Block) -> bool:
    """Whether a side kept up."""
    return percentile(block.setups, 0.99) <= LIMIT_MS


async def measure(stage: Stage, sides: Sequence[Side], extent: Extent, tell: Callable[[Block], None]) -> list[Block]:
    """Every rate in every round, on both sides; who goes first alternates."""
    blocks = []
    for side in sides:
        await run_block(stage, side, extent.rates[0], extent.seconds / 2)
    for turn in range(extent.rounds):
        for rate in extent.rates:
            for side in sides if turn % 2 == 0 else reversed(sides):
                blocks.append(await run_block(stage, side, rate, extent.seconds))
                tell(blocks[-1])
    return blocks


async def search(
    stage: Stage, sides: Sequence[Side], seconds: float, tell: Callable[[Block], None]
) -> tuple[dict[str, float], list[Block]]:
    """The highest rate each side sustains, and everything that was tried. Their trials take turns."""
    searches = {side.name: _highest() for side in sides}
    wanted = {name: next(trials) for name, trials in searches.items()}
    highest: dict[str, float] = {}
    blocks: list[Block] = []
    for side in itertools.cycle(sides):
        if len(highest) == len(sides):
            break
        if side.name in highest:
            continue
        blocks.append(await run_block(stage, side, wanted[side.name], seconds))
        tell(blocks[-1])
        try:
            wanted[side.name] = searches[side.name].send(sustained(blocks[-1]))
        except StopIteration as found:
            highest[side.name] = found.value
    return highest, blocks


def _highest() -> Generator[float, bool, float]:
    """A search: yields a rate to try, is sent whether it was sustained, returns the highest that was."""
    good, bad = 0, MOST_RATE + STEP
    rate = FIRST_STEP
    while good < bad - FINEST and rate <= MOST_RATE:
        if (yield from _holds(rate)):
            good = rate
        else:
            bad = rate
        # Up or down in steps until it lies between two of them, then halve.
        if bad > MOST_RATE:
            rate = good + STEP
        elif good == 0:
            rate = bad - STEP
            if rate <= 0:
                break
        else:
            rate = (good + bad) // 2 // FINEST * FINEST
            rate = rate if rate > good else good + FINEST
    return float(good)


def _holds(rate: int) -> Generator[float, bool, bool]:
    for _ in range(ATTEMPTS):
        if (yield float(rate)):
            return True
    return False
