"""The engine with a scripted switch: what is stored before what is done, and what becomes of failures.

What it stores is kept in a list here; that a store keeps it is the storage's own tests' business.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from outdial.calls import engine as engine_module
from outdial.calls.engine import TOO_LATE, Engine
from outdial.calls.observers import Observer
from outdial.calls.recovery import Recovery
from outdial.domain.call import Call, State, place
from outdial.domain.commands import Comfort, Command, Dial, Dismantle, HangUp, Join, Prepare, Ring
from outdial.domain.events import Asker, CommandFailed, Event, HangUpRequested, LegRefused
from outdial.domain.legs import LegState, Side
from outdial.domain.notices import Notice, notices
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.results import Code, Party, Reason, Result
from support.pages import Pages, StoppedTime
from support.scripted_switch import ScriptedSwitch


class World:
    def __init__(self, switch: ScriptedSwitch, pages: Pages, observers: Sequence[Observer] = ()) -> None:
        self.switch, self.pages, self.time = switch, pages, StoppedTime()
        self.engine = switch.engine = Engine(switch, pages, self.time, observers)
        self.recovery = Recovery(self.engine, switch, pages)


@asynccontextmanager
async def running(
    switch: ScriptedSwitch | None = None, pages: Pages | None = None, observers: Sequence[Observer] = ()
) -> AsyncIterator[World]:
    world = World(switch or ScriptedSwitch(), pages or Pages(), observers)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(world.engine.run())
        await asyncio.sleep(0)
        yield world
        await settled(world)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def settled(world: World) -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    await world.engine.drained()


def new(call_id: str = "c1") -> Call:
    plan = CallPlan("1", Phone(PhoneKind.SIP, "a"), Phone(PhoneKind.SIP, "b"), created_at=1_000, dial_by=21_000)
    return place(call_id, "account", "scripted", plan)[0]


async def joined(world: World) -> None:
    await world.engine.start(new())
    await world.switch.picks_up("c1", Side.AGENT)
    await world.switch.picks_up("c1", Side.PARTY)


async def test_a_call_rings_dials_joins_and_ends() -> None:
    async with running() as world:
        await joined(world)
        await world.switch.ends("c1", Side.PARTY)
        await settled(world)
    commands = world.switch.commands_of("c1")
    assert commands == [Ring(15), Comfort(), Prepare(), Dial(60), Join(), HangUp(Side.AGENT), Dismantle()]
    assert world.pages.saved[-1].state is State.ENDED
    assert not world.engine.live
    assert [notice.type for notice in world.pages.noted][-1] == "call.ended.v1"


async def test_the_party_is_dialled_only_once_that_is_stored() -> None:
    stored_when_dialled: list[State] = []
    async with running() as world:
        world.switch.script[Dial] = lambda call, command: stored_when_dialled.append(world.pages.saved[-1].state)
        await joined(world)
    assert stored_when_dialled == [State.DIALLING_PARTY]


async def test_nobody_is_dialled_after_the_deadline_however_long_the_store_took() -> None:
    class Slow(Pages):
        world: World

        async def save(self, call: Call, *more: Any) -> None:
            if call.state is State.DIALLING_PARTY:
                self.world.time.at = call.plan.dial_by + 1
            await super().save(call, *more)

    pages = Slow()
    async with running(pages=pages) as world:
        pages.world = world
        await joined_until_dialled(world)
        await settled(world)
        assert not any(isinstance(command, Dial) for command in world.switch.commands_of("c1"))
        assert not any(world.switch.legs.values())
    assert world.pages.saved[-1].result == Result(Code.FAILURE, Party.DESTINATION, Reason.CALL_FAILED, TOO_LATE)


async def test_a_phone_whose_time_to_ring_has_passed_does_not_even_begin() -> None:
    async with running() as world:
        world.time.at = 16_000
        call = await world.engine.start(new())
        assert call.hung_up_by is Asker.SYSTEM
        await settled(world)
        assert Ring(15) not in world.switch.commands_of("c1")
        assert not world.engine.live


async def test_a_phone_that_rings_is_stored_soon_and_with_whatever_comes_before() -> None:
    class Telling(Pages):
        stored = asyncio.Event()

        async def save(self, *args: Any) -> None:
            await super().save(*args)
            self.stored.set()

    pages = Telling()
    async with running(pages=pages) as world:
        await world.engine.start(new())
        before = len(world.pages.saved)
        await world.switch.rings("c1", Side.AGENT)
        assert len(world.pages.saved) == before
        await world.switch.picks_up("c1", Side.AGENT)
        assert len(world.pages.saved) == before + 1
        await world.switch.rings("c1", Side.PARTY)
        pages.stored.clear()
        await pages.stored.wait()
        assert world.pages.saved[-1].party.state is LegState.RINGING
    told = [notice.type for notice in world.pages.noted]
    assert told.index("call.originator.ringing.v1") < told.index("call.originator.answered.v1")
    assert told[-1] == "call.destination.ringing.v1"


async def test_a_process_that_stops_has_stored_what_rang() -> None:
    async with running() as world:
        await world.engine.start(new())
        await world.switch.rings("c1", Side.AGENT)
        await world.engine.drained()
        assert world.pages.saved[-1].agent.state is LegState.RINGING


async def test_the_answered_agent_is_comforted_while_the_commit_is_under_way() -> None:
    class Slow(Pages):
        flushed: asyncio.Event

        async def save(self, *args: Any) -> None:
            await self.flushed.wait()
            await super().save(*args)

    pages = Slow()
    pages.flushed = asyncio.Event()
    pages.flushed.set()
    async with running(pages=pages) as world, asyncio.TaskGroup() as tasks:
        await world.engine.start(new())
        pages.flushed.clear()
        answered = tasks.create_task(world.switch.picks_up("c1", Side.AGENT))
        for _ in range(20):
            await asyncio.sleep(0)
        assert world.switch.commands_of("c1") == [Ring(15), Comfort(), Prepare()]
        pages.flushed.set()
        await answered
        assert world.switch.commands_of("c1") == [Ring(15), Comfort(), Prepare(), Dial(60)]


@pytest.mark.parametrize("answer", [LegRefused(Side.PARTY, "Allocation failed"), CommandFailed("Prepare", "no answer")])
async def test_nobody_is_dialled_on_a_leg_that_can_not_be_made(answer: LegRefused | CommandFailed) -> None:
    async with running(ScriptedSwitch(script={Prepare: answer})) as world:
        await joined_until_dialled(world)
        await settled(world)
        assert not any(isinstance(command, Dial) for command in world.switch.commands_of("c1"))
        assert not any(world.switch.legs.values())
        assert not world.engine.live


class Faults:
    """Hears of faults only."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        return

    def event(self, call_id: str, event: Event) -> None:
        return

    def command(self, call_id: str, command: Command) -> None:
        return

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        self.told.append(f"{doing}: {error}")


async def test_a_store_that_is_away_is_told_once_for_a_call_however_long_it_lasts() -> None:
    faults = Faults()
    async with running(observers=[faults]) as world:
        for call_id in ("c1", "c2"):
            await world.engine.start(new(call_id))
            world.pages.full = True
            for _ in range(3):
                await world.engine.tell(call_id, HangUpRequested(Asker.API))
                await settled(world)
            world.pages.full = False
            await world.engine.tell(call_id, HangUpRequested(Asker.API))
            assert not world.engine.live
    assert faults.told == ["store: disk full"] * 2


class Faulty(Faults):
    """Fails whatever it hears, as a fault of ours would."""

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        raise KeyError("a metric")

    event = command = failed = changed  # type: ignore[assignment]


@pytest.mark.parametrize("what", ["notices", "recording_records"])
async def test_what_can_not_be_told_of_a_call_ends_neither_it_nor_the_others(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def broken(before: Call | None, after: Call, now: int) -> list[Notice]:
        if after.id == "c1":
            raise KeyError("a fault of ours")
        return notices(before, after, now)

    faults = Faults()
    async with running(observers=[faults]) as world:
        monkeypatch.setattr(engine_module, what, broken)
        for call_id in ("c1", "c2"):
            await world.engine.start(new(call_id))
            await world.switch.picks_up(call_id, Side.AGENT)
            await world.switch.picks_up(call_id, Side.PARTY)
            assert world.engine.live[call_id].state is State.JOINED
            await world.engine.tell(call_id, HangUpRequested(Asker.API))
        await settled(world)
        assert not world.engine.live
    assert faults.told
    assert set(faults.told) == {"broken: 'a fault of ours'"}


async def test_no_fault_of_an_observer_reaches_a_call(caplog: pytest.LogCaptureFixture) -> None:
    async with running(observers=[Faulty()]) as world:
        await joined(world)
        await world.switch.ends("c1", Side.PARTY)
        await settled(world)
        assert not world.engine.live
    assert "an observer of calls failed: Faulty" in caplog.text


async def test_an_agent_who_can_not_be_comforted_is_put_through_all_the_same() -> None:
    async with running(ScriptedSwitch(script={Comfort: CommandFailed("Comfort", "no answer")})) as world:
        await joined(world)
        assert world.engine.live["c1"].state is State.JOINED


async def test_nobody_is_dialled_while_the_store_fails_and_the_end_is_stored_later() -> None:
    async with running() as world:
        await world.engine.start(new())
        world.pages.full = True
        await world.switch.picks_up("c1", Side.AGENT)
        await settled(world)
        assert not any(isinstance(command, Dial) for command in world.switch.commands_of("c1"))
        assert not any(world.switch.legs.values())
        assert world.engine.knows("c1")
        world.pages.full = False
        await world.engine.tell("c1", HangUpRequested(Asker.API))
    assert world.pages.saved[-1].state is State.ENDED
    assert not world.engine.live


@pytest.mark.parametrize("answer", [LegRefused(Side.AGENT, "Allocation failed"), CommandFailed("Ring", "no answer")])
async def test_a_phone_that_can_not_be_rung_leaves_nothing_behind(answer: LegRefused | CommandFailed) -> None:
    switch = ScriptedSwitch(script={Ring: answer})
    async with running(switch) as world:
        call = await world.engine.start(new())
        assert call.hung_up_by is Asker.SYSTEM
        await settled(world)
        assert not world.engine.live


async def test_an_adapter_that_raises_is_a_command_that_failed() -> None:
    def breaks(call: Call, command: object) -> None:
        raise RuntimeError("a fault of ours")

    async with running(ScriptedSwitch(script={Dial: breaks})) as world:
        await joined_until_dialled(world)
        await settled(world)
    assert not any(world.switch.legs.values())
    assert not world.engine.live


async def joined_until_dialled(world: World) -> None:
    await world.engine.start(new())
    await world.switch.picks_up("c1", Side.AGENT)


async def test_a_restart_takes_a_joined_call_over_and_dials_nobody() -> None:
    switch, pages = ScriptedSwitch(), Pages()
    async with running(switch, pages) as first:
        await joined(first)
    before = len(switch.performed)
    async with running(switch, pages) as second:
        assert await second.recovery.load() == 1
        await second.recovery.compare()
        assert second.engine.live["c1"].state is State.JOINED
        assert len(switch.performed) == before
        await second.engine.tell("c1", HangUpRequested(Asker.API))
        await settled(second)
        assert not second.engine.live


async def test_calls_of_a_switch_that_died_end_with_a_cause() -> None:
    async with running() as world:
        await joined(world)
        world.switch.dies()
        await world.recovery.compare()
        await settled(world)
    ended = world.pages.saved[-1]
    assert (ended.state, ended.agent.state) == (State.ENDED, LegState.GONE)
    assert ended.result is not None
    assert ended.result.detail == "the switch no longer holds this leg"


async def test_a_channel_no_call_knows_is_hung_up() -> None:
    switch = ScriptedSwitch(legs={"stranger": {Side.PARTY: LegState.UP}})
    async with running(switch) as world:
        await world.recovery.compare()
    assert switch.dropped == [("stranger", Side.PARTY)]
