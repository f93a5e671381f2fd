"""The kill drills: twenty live calls, a kill, and everything that must hold afterwards. One round of each.

A round raises AssertionError, with what it saw, where a rule is broken.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import aiohttp

from outdial.api.bodies import STATUS
from outdial.calls.recovery import SWITCH_LOST
from outdial.domain.call import State
from outdial.domain.notices import Notice
from outdial.sandbox import seed
from outdial.storage.database import open_database
from outdial.storage.outbox import StoredNotices
from support.served import Served, until

AWAY_SECONDS = 3.0
"""How long the service stays dead: long enough for a phone that was ringing to answer meanwhile."""
_BY_WORD = {word: state for state, word in STATUS.items()}
DRAMA = "020 7946 "


@dataclass(frozen=True)
class Placed:
    """A call of a drill: who calls whom, and where it must be once the service is back."""

    agent: str
    number: str
    then: State
    id: str = ""


@dataclass(frozen=True)
class Round:
    """What one round came to; times are seconds."""

    live: int
    """Calls that were live at the kill, besides the one just being placed."""
    back: float
    """From the start of the new process, or the death of the switch, until calls could be placed again."""
    freed: float
    """Until every agent was free again after that."""


def _service_calls() -> list[Placed]:
    joined = [Placed(str(2001 + n), f"0207206{8000 + n}", State.JOINED) for n in range(8)]
    ringing = [Placed(str(2009 + n), f"{DRAMA}0002", State.DIALLING_PARTY) for n in range(4)]
    answers_while_away = [Placed(str(2013 + n), f"{DRAMA}0007", State.JOINED) for n in range(3)]
    early_media = [Placed(str(2016 + n), f"{DRAMA}0010", State.JOINED) for n in range(2)]
    agent_rings = [Placed("3001", "02072069001", State.RINGING_AGENT)]
    return joined + ringing + answers_while_away + early_media + agent_rings


def _hang_up_while_away() -> list[Placed]:
    return [Placed(agent, f"{DRAMA}0008", State.ENDED) for agent in ("4567", "2018")]


async def kill_the_service(world: Served) -> Round:
    """Kill -9 the service with twenty calls up and ringing, and one being placed; start it again."""
    began, sequence = len(world.far_end.calls()), await _last_sequence(world)
    placed = await _place_all(world, _service_calls())
    await _until_states(world, placed, {State.RINGING_AGENT, State.DIALLING_PARTY, State.JOINED})
    placed += await _place_all(world, _hang_up_while_away())
    await asyncio.sleep(0.5)
    in_flight = asyncio.create_task(_place_quietly(world))
    await asyncio.sleep(0.005)
    before = world.switch_process()
    await world.kill()
    await in_flight
    await asyncio.sleep(AWAY_SECONDS)
    back = await world.start()
    assert world.switch_process() == before, "the switch did not outlive the service"
    await _until_reached(world, placed)
    await _check_live(world, placed)
    await _check_dialled_once(world, began, placed)
    freed = await _end_all(world, placed)
    await _check_record(world, placed, sequence)
    return Round(len(placed), back, freed)


async def kill_the_switch(world: Served) -> Round:
    """Kill -9 the switch with twenty calls up and ringing; it comes back by itself."""
    sequence = await _last_sequence(world)
    placed = await _place_all(
        world, [*_service_calls(), *(Placed(a, "02072069002", State.JOINED) for a in ("2019", "2020"))]
    )
    await _until_states(world, placed, {State.RINGING_AGENT, State.DIALLING_PARTY, State.JOINED})
    process = world.switch_process()
    assert process is not None
    process.kill()
    killed = time.monotonic()
    await until(lambda: _all_ended(world, placed), "every call has ended")
    for call in placed:
        told = await world.call(call.id)
        assert (told["detail"], told["hungUpBy"]) == (SWITCH_LOST, "System"), told
        assert told["result"]["code"] == ("Failure" if told["times"]["joined"] is None else "Success"), told
    await until(lambda: _is_another(world, process.pid), "the switch is back")
    await until(lambda: _can_place(world), "calls can be placed again")
    back = time.monotonic() - killed
    freed = await until(world.everybody_free, "every phone is back and every agent free", lambda: f"{world.not_free}")
    await _check_record(world, placed, sequence)
    return Round(len(placed), back, freed)


async def _place_all(world: Served, calls: Sequence[Placed]) -> list[Placed]:
    async def place(call: Placed) -> Placed:
        placed = await world.place({"agentId": call.agent}, {"telephoneNumber": call.number})
        return Placed(call.agent, call.number, call.then, placed)

    return list(await asyncio.gather(*(place(call) for call in calls)))


async def _place_quietly(world: Served) -> None:
    with suppress(aiohttp.ClientError, AssertionError):
        await world.place({"agentId": "1234"}, {"telephoneNumber": "02072069003"})


async def _until_states(world: Served, calls: Sequence[Placed], states: set[State]) -> None:
    """Wait until the agents' answers are in: everybody but the phone that rings for ever talks or dials."""

    async def there() -> bool:
        told = {call.agent: await _state(world, call) for call in calls}
        rings = {agent for agent, state in told.items() if state is State.RINGING_AGENT}
        joined = [call.agent for call in calls if call.number.startswith("0207206") and call.agent != "3001"]
        assert set(told.values()) <= states, told
        return rings == {"3001"} and all(told[agent] is State.JOINED for agent in joined)

    await until(there, "the calls are up and ringing")


async def _state(world: Served, call: Placed) -> State:
    status = (await world.call(call.id))["status"]
    return State.ENDED if status is None else _BY_WORD[status]


async def _until_reached(world: Served, calls: Sequence[Placed]) -> None:
    astray: list[tuple[Placed, State]] = []

    async def reached() -> bool:
        states = [(call, await _state(world, call)) for call in calls]
        astray[:] = [(call, state) for call, state in states if state is not call.then]
        return not astray

    await until(reached, "every call is where it must be", lambda: f"{astray}")


async def _all_ended(world: Served, calls: Sequence[Placed]) -> bool:
    return all([await _state(world, call) is State.ENDED for call in calls])


async def _is_another(world: Served, pid: int) -> bool:
    found = world.switch_process()
    return found is not None and found.pid != pid


async def _can_place(world: Served) -> bool:
    async with world.http.get(f"{world.url}/readyz") as reply:
        return reply.status == 200


async def _check_live(world: Served, calls: Sequence[Placed]) -> None:
    """The switch holds the legs that the service says it does, and no other but of the call in flight."""
    wanted: set[str] = set()
    for call in calls:
        if call.then in (State.JOINED, State.DIALLING_PARTY):
            wanted |= {f"{call.id}-agent", f"{call.id}-party"}
        elif call.then is State.RINGING_AGENT:
            wanted.add(f"{call.id}-agent")
    held = await world.channels()
    ids = {call.id for call in calls}
    assert {channel for channel in held if channel.rpartition("-")[0] in ids} == wanted


async def _check_dialled_once(world: Served, began: int, calls: Sequence[Placed]) -> None:
    """Each phone rang once for each call, and no more."""
    rang = Counter(heard.called for heard in world.far_end.calls()[began:])
    for call in calls:
        assert rang[seed.sip_user(call.agent)] == 1, (call, rang)
    numbers = Counter(call.number for call in calls if call.then is not State.RINGING_AGENT)
    for number, times in numbers.items():
        e164 = "+44" + number.replace(" ", "").removeprefix("0")
        assert rang[e164] == times, (number, times, rang)
    assert rang[seed.sip_user("1234")] <= 1, rang
    assert rang["+442072069003"] <= 1, rang


async def _end_all(world: Served, calls: Sequence[Placed]) -> float:
    """Hang everything up; how long until every agent was free, with no channel left."""
    for channel in await world.channels():
        await world.hang_up(channel.rpartition("-")[0])
    freed = await until(world.everybody_free, "every agent is free", lambda: f"{world.not_free}")
    await until(lambda: _no_channel(world), "no channel is left")
    for call in calls:
        told = await world.call(call.id)
        assert told["result"] is not None, told
    return freed


async def _no_channel(world: Served) -> bool:
    return not await world.channels()


async def _last_sequence(world: Served) -> int:
    async with open_database(_url(world)) as opened:
        return await StoredNotices(opened).last(seed.ACCOUNT)


async def _check_record(world: Served, calls: Sequence[Placed], after: int) -> None:
    """Notices without a gap, none of a kind twice for one call, and one end for each call."""
    noted = [entry async for entry in _notices(world, after)]
    sequence = [after, *(number for number, _ in noted)]
    assert all(second == first + 1 for first, second in pairwise(sequence)), sequence
    told = Counter((notice.call_id, notice.type) for _, notice in noted if notice.call_id)
    assert max(told.values()) == 1, [entry for entry, times in told.items() if times > 1]
    assert all(told[call.id, "call.ended.v1"] == 1 for call in calls)


async def _notices(world: Served, after: int) -> AsyncIterator[tuple[int, Notice]]:
    async with open_database(_url(world)) as opened:
        reader = StoredNotices(opened)
        while page := await reader.after(seed.ACCOUNT, after):
            for number, notice in page:
                yield number, notice
                after = number


def _url(world: Served) -> str:
    return world.database or f"sqlite:///{world.data / 'outdial.db'}"
