"""Hanging up by the API at every moment of a call: both phones stop, whatever they were doing, and agents are free."""

import asyncio
from collections.abc import Awaitable, Callable

from outdial.sandbox import behaviours, seed
from outdial.sandbox.journal import Heard
from outdial.sandbox.tones import heard_ms
from support.in_time import in_time
from support.sandbox_world import NUMBER, WRITTEN_SECONDS, Members, World, e164, until

EARLY_SECONDS = 1
"""How long the agent listens to early media, of which there are three seconds."""
RINGS, EARLY = "020 7946 0002", "020 7946 0010"
NEVER_DIALLED = "020 7206 8889"
CUT_SHORT = {"code": "Failure", "party": "Originator", "reason": "CallFailed"}
FINISHED = {"code": "Success", "party": "Originator", "reason": "Normal"}
Moment = Callable[[World, str, str], Awaitable[None]]


async def at_once(world: World, call_id: str, agent: str) -> None:
    """The 201 has just come."""


async def agent_rings(world: World, call_id: str, agent: str) -> None:
    async def rings() -> bool:
        return (await world.call(call_id))["times"]["agentRinging"] is not None

    await until(rings, "the agent's phone rings")


async def party_rings(world: World, call_id: str, agent: str) -> None:
    async def rings() -> bool:
        return (await world.call(call_id))["times"]["partyRinging"] is not None

    await until(rings, "the other side rings")


async def early_media(world: World, call_id: str, agent: str) -> None:
    async def dialled() -> bool:
        return bool(world.rang(e164(EARLY)))

    await until(dialled, "the other side is dialled")
    await asyncio.sleep(EARLY_SECONDS)
    assert (await world.call(call_id))["status"] == "RingingDestination"


async def joined(world: World, call_id: str, agent: str) -> None:
    await world.until(call_id, "Connected")


async def hang_up_at(world: World, agent: str, number: str, moment: Moment) -> Members:
    """Place a call and hang up at a moment; the call once it is over."""
    call_id = await world.dial(agent, number)
    await moment(world, call_id, agent)
    before = await world.call(call_id)
    assert before["result"] is None
    reply = await world.hang_up(call_id)
    # The switch may be done before the reply is written.
    assert reply.status in (200, 202), reply
    assert reply.body["status"] == (None if reply.status == 200 else "Ending")
    told = await world.ended(call_id)
    assert told["hungUpBy"] == "Api"
    again = await world.hang_up(call_id)
    assert (again.status, again.body) == (200, told), "asking twice is no error and changes nothing"
    return told


@in_time
async def test_both_sides_are_hung_up_at_any_moment(world: World) -> None:
    when: dict[str, tuple[str, Moment]] = {
        "2001": (NUMBER, at_once),
        "3001": (NEVER_DIALLED, agent_rings),
        "2002": (RINGS, party_rings),
        "2003": (EARLY, early_media),
        "2004": ("020 7206 8004", joined),
    }
    ended = await asyncio.gather(*(hang_up_at(world, agent, *what) for agent, what in when.items()))
    told = dict(zip(when, ended, strict=True))
    assert {agent: call["result"] for agent, call in told.items()} == {
        **dict.fromkeys(when, CUT_SHORT),
        "2004": FINISHED,
    }
    assert told["3001"]["detail"] == "hung up before it was answered"

    async def silent() -> bool:
        free = all([await world.is_free(agent) for agent in when])
        return free and await world.channels() == set() and all(leg.ended_at for leg in legs_of(world, when))

    await until(silent, "every phone is quiet and every agent free")
    await until(lambda: heard_early_media(world), "the agent has heard early media", WRITTEN_SECONDS)
    assert world.leg(e164(RINGS)).answered_at is None
    assert world.leg(e164(EARLY)).answered_at is None
    assert world.phone_of("3001").answered_at is None
    assert not world.rang(e164(NEVER_DIALLED)), "nobody is dialled for an agent who was hung up before they answered"
    # That phone answers by itself, and may have done so before it was hung up.
    assert not world.rang(e164(NUMBER)) or told["2001"]["times"]["agentAnswered"] is not None


async def heard_early_media(world: World) -> bool:
    """What a phone heard is on the disk a moment after the call has ended."""
    return heard_ms(world.sound_of(world.phone_of("2003")), behaviours.EARLY_TONE) > EARLY_SECONDS * 600


def legs_of(world: World, when: dict[str, tuple[str, Moment]]) -> list[Heard]:
    """Every leg that the far end has seen of these calls."""
    called = [each for agent, (number, _) in when.items() for each in (seed.sip_user(agent), e164(number))]
    return [leg for each in called for leg in world.rang(each)]


async def test_a_call_that_is_not_there_can_not_be_hung_up(world: World) -> None:
    for call_id in ("0b3f7e52-0000-4000-8000-000000000000", "nothing"):
        reply = await world.hang_up(call_id)
        assert reply.refusal == (404, "Call not found")
