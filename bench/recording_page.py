"""What recording costs, for people: a line for each setting, and a page in docs/."""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import processor
from bench.load import Block, percentile

MOST_GAP_MS = 40
NEAR_MS = 100


@dataclass(frozen=True)
class Leg:
    """A recorded leg: the longest silence in it, and how much shorter than the call it is."""

    gap_ms: float
    short_ms: float


@dataclass(frozen=True)
class Cost:
    """Calls under one setting: set-up and processor time a call, in milliseconds."""

    calls: int
    failed: int
    p50: float
    p99: float
    service: float
    switch: float


def cost_of(blocks: Sequence[Block]) -> Cost:
    """Several blocks of one setting, as one."""
    setups = [each for block in blocks for each in block.setups]
    used = {name: sum(block.processor[name] for block in blocks) / len(setups) * 1000 for name in ("service", "switch")}
    failed = sum(not math.isfinite(each) for each in setups)
    return Cost(len(setups), failed, percentile(setups, 0.5), percentile(setups, 0.99), used["service"], used["switch"])


def line(blocks: Sequence[Block]) -> str:
    """Blocks of one setting, in a line."""
    cost = cost_of(blocks)
    return (
        f"p50 {cost.p50:.1f} ms, p99 {cost.p99:.1f} ms, failed {cost.failed}/{cost.calls}, "
        f"service {cost.service:.2f} ms, switch {cost.switch:.2f} ms of processor a call"
    )


@dataclass(frozen=True)
class AtOnce:
    """Recorded calls at the same time."""

    calls: int
    seconds: float
    legs: Sequence[Leg]
    cores: dict[str, float]
    """Used meanwhile, by process."""

    @property
    def gap_ms(self) -> float:
        """The longest silence in any leg."""
        return max(leg.gap_ms for leg in self.legs)

    @property
    def short_ms(self) -> float:
        """How much shorter than its call the worst leg is."""
        return max(leg.short_ms for leg in self.legs)

    @property
    def broken(self) -> int:
        """Legs that are not whole."""
        return sum(leg.gap_ms > MOST_GAP_MS or leg.short_ms > NEAR_MS for leg in self.legs)

    def __str__(self) -> str:
        cores = ", ".join(f"{name} {share:.2f}" for name, share in self.cores.items())
        return (
            f"{self.calls} recorded calls at once for {self.seconds:g} s: {len(self.legs)} legs, longest gap "
            f"{self.gap_ms:.0f} ms, at most {self.short_ms:.0f} ms shorter than the call, {self.broken} not whole; "
            f"cores used: {cores}"
        )


def page(rate: float, blocks: Mapping[str, Sequence[Block]], highest: Mapping[str, float], together: AtOnce) -> str:
    """What was measured, for readers."""
    costs = {legs: cost_of(each) for legs, each in blocks.items()}
    rows = "\n".join(
        f"| {legs} | {each.calls} | {each.failed} | {each.p50:.1f} | {each.p99:.1f} | {each.service:.2f} | "
        f"{each.switch:.2f} | {f'{highest[legs]:.0f}' if legs in highest else '–'} |"
        for legs, each in costs.items()
    )
    cores = ", ".join(f"{name} {share:.2f}" for name, share in together.cores.items())
    return f"""# What recording costs

Made by `python -m bench.recording`, part of `make bench`, {datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")},
{processor.CORES} cores, {processor.model()}, Python {platform.python_version()}, SQLite.

Both far ends stream audio, a tone for each side. Calls come at {rate:g} a second and last a second; the settings take
turns, a block each. Times are milliseconds; processor time is per call, user and system together. The highest rate
is the highest at which 99 calls in 100 were set up within 200 ms, while all of them carry audio.

| legs recorded | calls | failed | set-up p50 | set-up p99 | service | switch | highest rate, calls/s |
|---|---|---|---|---|---|---|---|
{rows}

## Many at once

{together.calls} calls at the same time for {together.seconds:g} s, both legs recorded: {len(together.legs)} legs, each
looked through sample by sample. A leg is whole where no silence in it is longer than {MOST_GAP_MS} ms and it is at most
{NEAR_MS} ms shorter than its call.

| legs | longest gap | most that one is shorter than its call | not whole | cores used |
|---|---|---|---|---|
| {len(together.legs)} | {together.gap_ms:.0f} ms | {together.short_ms:.0f} ms | {together.broken} | {cores} |
"""
