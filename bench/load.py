"""The load: calls at a constant rate, whether or not earlier ones have been answered, and what became of each.

**Set-up** is the time from asking for a call (before the POST, before the line to the bare driver) until the carrier
has the switch's ACK for its answer: from then on both legs are up in one bridge, since both drivers put them there
before they dial. What the phones themselves took between ringing and picking up is taken off, exactly, by their own
log. The far ends are the stop-watch for either side; neither driver's own word is used.

A call that was refused, or not joined within the patience, counts as infinitely slow.
"""

import asyncio
import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.far_ends import FarEnd, Leg
from bench.processor import used_by, used_by_all
from bench.sides import Side, Wanted

QUIET_SECONDS = 5
"""After a block: when no call has ended for so long, the missing ones never will."""
FIRST_NUMBER = 442_070_000_000
"""London: ten million numbers that the numbering plan takes, one for each call."""


@dataclass(frozen=True)
class Block:
    """What one side did with one stretch of load. Times in milliseconds, processor time in seconds."""

    side: str
    rate: float
    seconds: float
    setups: list[float]
    """One for each call asked for; infinite where it failed."""
    rings: list[float]
    """From asking until the agent's phone rings."""
    dials: list[float]
    """From the agent's answer until the party's phone rings."""
    processor: dict[str, float]
    """By process, for all calls of the block; `others` is everything that is not ours."""
    late: float
    """The most that the load itself came too late."""


@dataclass
class Stage:
    """What both sides share: far ends, agents, and the processes whose time is counted."""

    phones: FarEnd
    carrier: FarEnd
    agents: int
    agent_address: Callable[[int], str]
    party_address: Callable[[str], str]
    processes: dict[str, int]
    poisson: bool = False
    _agents: Iterator[int] = field(init=False)
    _numbers: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self._agents = itertools.cycle(range(1, self.agents + 1))
        self._numbers = itertools.count(FIRST_NUMBER + 1)

    def next_call(self) -> Wanted:
        """The next agent in turn and a number that was never called before."""
        agent, number = next(self._agents), f"+{next(self._numbers)}"
        return Wanted(agent, self.agent_address(agent), number, self.party_address(number))

    def processor(self) -> dict[str, float]:
        """Processor time used so far, by process."""
        return {name: used_by(pid) for name, pid in self.processes.items()} | {"all": used_by_all()}


async def run_block(stage: Stage, side: Side, rate: float, seconds: float) -> Block:
    """Ask one side for `rate` calls a second, and wait until all have ended."""
    for end in (stage.phones, stage.carrier):
        end.read()
        end.forget()
    before = stage.processor()
    asked: dict[str, float] = {}
    late = 0.0
    async with asyncio.TaskGroup() as tasks:
        start = time.perf_counter()
        for due in _arrivals(rate, seconds, poisson=stage.poisson):
            await asyncio.sleep(start + due - time.perf_counter())
            late = max(late, time.perf_counter() - start - due)
            call = stage.next_call()
            asked[call.number.removeprefix("+")] = time.time()
            tasks.create_task(side.place(call))
    await _drained(stage, asked)
    after = stage.processor()
    used = {name: after[name] - before[name] for name in after}
    used["others"] = used["all"] - sum(value for name, value in used.items() if name != "all")
    legs = [(at, stage.phones.legs.get(number), stage.carrier.legs.get(number)) for number, at in asked.items()]
    return Block(
        side=side.name,
        rate=rate,
        seconds=seconds,
        setups=[_setup(*each) for each in legs],
        rings=[1000 * (agent.invited - at) for at, agent, _ in legs if agent],
        dials=[1000 * (party.invited - agent.answered) for _, agent, party in legs if agent and party],
        processor=used,
        late=1000 * late,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan


def _setup(asked: float, agent: Leg | None, party: Leg | None) -> float:
    if agent is None or party is None:
        return math.inf
    own = (agent.answered - agent.invited) + (party.answered - party.invited)
    return 1000 * (party.acknowledged - asked - own)


def _arrivals(rate: float, seconds: float, *, poisson: bool) -> Iterator[float]:
    """When calls are due, from the start."""
    if not poisson:
        yield from (index / rate for index in range(round(rate * seconds)))
        return
    due = random.expovariate(rate)
    while due < seconds:
        yield due
        due += random.expovariate(rate)


async def _drained(stage: Stage, asked: dict[str, float]) -> None:
    """Until every call has ended at both far ends, or nothing has moved there for a while."""
    moved, last = time.monotonic(), -1
    while time.monotonic() - moved < QUIET_SECONDS:
        stage.phones.read()
        stage.carrier.read()
        ended = len(stage.carrier.ended) + len(stage.phones.ended)
        if ended >= 2 * len(asked):
            return
        if ended != last:
            moved, last = time.monotonic(), ended
        await asyncio.sleep(0.05)
