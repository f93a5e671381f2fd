"""Agents who are in a call: nobody rings them, the refusals say so to the letter, and they are free afterwards."""

import asyncio

from outdial.sandbox import behaviours, seed
from outdial.sandbox.tones import heard_ms
from support.in_time import in_time
from support.sandbox_world import NUMBER, WRITTEN_SECONDS, Reply, World, until

AGENT_BUSY = (400, "Unable to place call - Agent number busy")
CALLED_AGENT_BUSY = (400, "Unable to place call - dialed Agent is not currently available")
TALK_SECONDS = 1.2


def number(text: str = NUMBER) -> dict[str, str]:
    return {"telephoneNumber": text}


def agent(agent_id: str) -> dict[str, str]:
    return {"agentId": agent_id}


@in_time
async def test_both_agents_of_a_call_are_busy_and_free_again(world: World) -> None:
    call_id = (await world.place(agent("1234"), agent("4567"))).id
    # Busy from the very moment: the called agent's phone does not even ring yet.
    assert (await world.place(agent("4567"), number())).refusal == AGENT_BUSY
    await world.until(call_id, "Connected")
    for caller, callee, refusal in (
        (agent("1234"), number(), AGENT_BUSY),
        (agent("4567"), number(), AGENT_BUSY),
        (agent("2001"), agent("1234"), CALLED_AGENT_BUSY),
        (agent("2001"), agent("4567"), CALLED_AGENT_BUSY),
        ({"groups": ["400"]}, agent("4567"), CALLED_AGENT_BUSY),
        (agent("1234"), agent("4567"), AGENT_BUSY),
        (agent("4567"), agent("1234"), AGENT_BUSY),
    ):
        assert (await world.place(caller, callee)).refusal == refusal
    assert await world.is_free("2001"), "a refusal leaves nobody reserved"
    assert len(await world.channels()) == 2
    for each in ("1234", "4567"):
        told = (await world.ask("GET", f"/v6/{seed.ACCOUNT}/agents/{each}")).body
        assert told["currentCallGuid"] == call_id
        assert told["links"][1] == {"href": (await world.call(call_id))["links"][0]["href"], "rel": "currentCall"}

    await asyncio.sleep(TALK_SECONDS)
    await world.hang_up(call_id)
    await world.ended(call_id)
    assert await world.is_free("1234")
    assert await world.is_free("4567")
    await until(lambda: heard_each_other(world), "the two agents have heard each other", WRITTEN_SECONDS)
    # The other way round: who was called calls.
    back = (await world.place(agent("4567"), agent("1234"))).id
    await world.until(back, "Connected")
    await world.hang_up(back)
    await world.ended(back)


async def heard_each_other(world: World) -> bool:
    """What phones heard is on the disk a moment after the call has ended."""
    at_caller, at_called = (world.sound_of(world.rang(seed.sip_user(each))[0]) for each in ("1234", "4567"))
    heard = heard_ms(at_caller, behaviours.CALLED_AGENT_TONE), heard_ms(at_called, behaviours.AGENT_TONE)
    return min(heard) > TALK_SECONDS * 600


async def test_a_group_rings_each_of_its_agents_once_and_then_nobody_is_free(world: World) -> None:
    members = {f"20{number}" for number in range(14, 21)}
    placed: list[Reply] = [
        await world.place({"groups": ["400"]}, number(f"0207206{8100 + each}")) for each in range(len(members))
    ]
    assert {reply.body["from"]["agentId"] for reply in placed} == members
    refused = await world.place({"groups": ["400"]}, number())
    assert (refused.status, refused.body["code"]) == (400, "no-agent-available")
    # Of several groups whoever is free is taken.
    other = await world.place({"groups": ["400", "200"]}, number("02072068199"))
    assert other.body["from"]["agentId"] in seed.GROUPS["200"]
    count = await world.ask("GET", f"/v6/{seed.ACCOUNT}/agents/?availability=readyForPhoneCall&groups=400&fields=count")
    assert count.body["count"] == 0
    for reply in (*placed, other):
        await world.hang_up(reply.id)
    for reply in (*placed, other):
        await world.ended(reply.id)
    again = await world.place({"groups": ["400"]}, number())
    assert again.body["from"]["agentId"] in members
    await world.hang_up(again.id)
    await world.ended(again.id)
    assert {len(world.rang(seed.sip_user(member))) for member in members} <= {1, 2}


async def test_nobody_calls_themselves_and_a_group_never_picks_the_one_who_is_called(world: World) -> None:
    refused = await world.place(agent("1234"), agent("1234"))
    assert (refused.status, refused.body["code"]) == (400, "calling-oneself")
    placed = await world.place({"groups": ["030"]}, agent("1234"))
    assert placed.body["from"]["agentId"] != "1234"
    await world.hang_up(placed.id)
    await world.ended(placed.id)


async def test_a_called_agent_who_rejects_or_is_away_ends_the_call_with_that_reason(world: World) -> None:
    rejected = (await world.place(agent("2001"), agent("3002"))).id
    away = await world.place(agent("2002"), agent("3003"))
    told = await world.ended(rejected)
    assert told["result"] == {"code": "Failure", "party": "Destination", "reason": "CallRejected"}
    # Whether the called agent's phone is there is known only when it is rung, after the caller has answered.
    told = await world.ended(away.id)
    assert told["result"] == {"code": "Failure", "party": "Destination", "reason": "NumberUnobtainable"}
    for each in ("2001", "2002", "3002", "3003"):
        assert await world.is_free(each)
