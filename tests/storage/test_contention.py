"""Two thousand placements at once for fifty agents in three overlapping groups: no agent is ever in two calls."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from outdial.calls.ports import Wanted
from outdial.domain.call import Call, advance
from outdial.domain.directory import Account, Agent, Group
from outdial.domain.events import Asker, HangUpRequested, LegEnded
from outdial.domain.legs import Side
from outdial.domain.notices import Notice, notices
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.refusals import AgentBusy, CalledAgentBusy, NoAgentAvailable
from outdial.storage.calls import StoredCalls
from outdial.storage.database import is_sqlite, open_database
from outdial.storage.directory import StoredDirectory
from outdial.storage.outbox import StoredNotices
from support.stored import NOW, OURS, SWITCH, planner

PLACEMENTS = 2_000
AGENTS = [str(1_000 + number) for number in range(50)]
GROUPS = {"a": AGENTS[:25], "b": AGENTS[15:40], "c": AGENTS[30:]}
MEMBERS = {group: frozenset(members) for group, members in GROUPS.items()}


class Floor:
    """Fifty agents and whoever wants them. Who is refused tries again when nobody seems to be in the way any more."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.free = set(AGENTS)
        self.waiting: list[tuple[Wanted, asyncio.Event]] = []
        self.refused = 0

    async def play(self, store: StoredCalls, wanted: Wanted) -> None:
        while True:
            try:
                call = await store.place(wanted, planner(wanted, wrap_up_seconds=0), NOW)
            except (AgentBusy, CalledAgentBusy, NoAgentAvailable):
                self.refused += 1
                # Whoever came free was not the one that was wanted here: somebody else shall look.
                self.wake()
                await self.until_likely(wanted)
                continue
            self.hold(call)
            await asyncio.sleep(0)
            await self.end(store, call)
            return

    def hold(self, call: Call) -> None:
        for agent in agents_of(call):
            assert agent not in self.held, f"{agent} is in {self.held[agent]} and {call.id}"
            self.held[agent] = call.id
        self.free.difference_update(agents_of(call))

    async def end(self, store: StoredCalls, placed: Call) -> None:
        call, owed = placed, list[Notice]()
        for event in (HangUpRequested(Asker.API), LegEnded(Side.AGENT)):
            before = call
            call, _ = advance(before, event, NOW)
            owed += notices(before, call, NOW)
        for agent in agents_of(call):
            assert self.held.pop(agent) == call.id
        await store.save(call, owed)
        self.free.update(agents_of(call))
        for _ in agents_of(call):
            self.wake()

    async def until_likely(self, wanted: Wanted) -> None:
        if not self.likely(wanted):
            woken = asyncio.Event()
            self.waiting.append((wanted, woken))
            await woken.wait()

    def wake(self) -> None:
        for number, (wanted, woken) in enumerate(self.waiting):
            if self.likely(wanted):
                del self.waiting[number]
                woken.set()
                return

    def likely(self, wanted: Wanted) -> bool:
        if wanted.called_agent_id not in (None, *self.free):
            return False
        if wanted.agent_id is not None:
            return wanted.agent_id in self.free
        return any(not MEMBERS[group].isdisjoint(self.free) for group in wanted.groups)


def agents_of(call: Call) -> list[str]:
    return [agent for agent in (call.plan.agent_id, call.plan.called_agent_id) if agent]


def wishes() -> list[Wanted]:
    chance = random.Random(7)
    found = []
    for number in range(PLACEMENTS):
        groups = tuple(chance.sample(sorted(GROUPS), chance.randint(1, 3)))
        named, called = chance.sample(AGENTS, 2)
        kind = number % 20
        found.append(
            Wanted(
                f"c{number}",
                OURS,
                named if kind == 0 else None,
                () if kind == 0 else groups,
                called if kind in (0, 1) else None,
            )
        )
    return found


# A minute or two where the machine is busy with other things.
@pytest.mark.timeout(600)
async def test_no_agent_is_ever_in_two_calls(url: str) -> None:
    floor = Floor()
    async with AsyncExitStack() as stack:
        # As many processes would: PostgreSQL's writers meet in the database, SQLite has one.
        count = 1 if is_sqlite(url) else 2
        databases = [await stack.enter_async_context(open_database(url)) for _ in range(count)]
        stores = [StoredCalls(database) for database in databases]
        directory = StoredDirectory(databases[0])
        await directory.add_account(Account(OURS, "Ours", "GB"))
        for group in GROUPS:
            await directory.add_group(Group(OURS, group, group))
        for agent in AGENTS:
            groups = tuple(group for group, members in GROUPS.items() if agent in members)
            await directory.add_agent(Agent(OURS, agent, agent, Phone(PhoneKind.SIP, agent), groups=groups))
        async with asyncio.TaskGroup() as tasks:
            for number, wanted in enumerate(wishes()):
                tasks.create_task(floor.play(stores[number % count], wanted))
        assert floor.refused > PLACEMENTS / 2, "nobody had to compete: this proves nothing"
        assert not floor.held
        assert not [agent for agent in await directory.agents(OURS) if agent.call_id is not None]
        assert await stores[0].live_calls(SWITCH) == []
        await the_stored_history_agrees(StoredNotices(databases[0]), stores[0])


async def the_stored_history_agrees(stored: StoredNotices, store: StoredCalls) -> None:
    """Notices are numbered in the order of the commits."""
    busy: dict[str, str | None] = {}
    last, ended = 0, 0
    while page := await stored.after(OURS, last):
        for seq, notice in page:
            assert seq == last + 1, "a gap"
            last = seq
            if notice.type not in ("call.placed.v1", "call.ended.v1"):
                continue
            call = await store.find(OURS, notice.call_id or "")
            assert call is not None
            if notice.type == "call.placed.v1":
                assert not busy.keys() & set(agents_of(call))
                busy.update(dict.fromkeys(agents_of(call), call.id))
            else:
                ended += 1
                assert {busy.pop(agent) for agent in agents_of(call)} == {call.id}
    assert (ended, busy) == (PLACEMENTS, {})
