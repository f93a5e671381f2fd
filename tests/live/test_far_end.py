"""Every number and phone of the sandbox's table, called for real: how each call ends, who ended it, what was heard.

All of them are called at once, each by an agent of its own.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from outdial.sandbox import behaviours, seed
from outdial.sandbox.journal import Heard
from outdial.sandbox.tones import Sound, Span, heard_ms, power_of, spans
from support.in_time import ATTEMPTS, lateness
from support.sandbox_world import NUMBER, RINGING_SECONDS, WRITTEN_SECONDS, Members, World, e164, until, world_of

TALK_SECONDS = 1.5
TONES = (behaviours.EARLY_TONE, behaviours.PARTY_TONE)
RINGING, CONNECTED = "RingingDestination", "Connected"
NOT_REACHED = (400, "Unable to place call to Agent. Please try again")

FAILS, WORKS = ("Failure", "Destination"), ("Success", "Originator", "Normal")
TABLE: Mapping[str, tuple[str, str, tuple[str, ...], str]] = {
    "0001": ("2001", "020 7946 0001", (*FAILS, "NumberBusy"), "Party"),
    "0002": ("2002", "020 7946 0002", (*FAILS, "NoAnswer"), "System"),
    "0003": ("2003", "020 7946 0003", (*FAILS, "CallRejected"), "Party"),
    "0004": ("2004", "020 7946 0004", (*FAILS, "NumberUnobtainable"), "Party"),
    "0005": ("2005", "020 7946 0005", (*FAILS, "CallFailed"), "System"),
    "0006": ("2006", "020 7946 0006", (*FAILS, "NumberUnobtainable"), "Party"),
    "0007": ("2007", "020 7946 0007", WORKS, "Api"),
    "0008": ("2008", "020 7946 0008", ("Success", "Destination", "Normal"), "Party"),
    "0009": ("2009", "020 7946 0009", (*FAILS, "NumberChanged"), "Party"),
    "0010": ("2010", "020 7946 0010", WORKS, "Api"),
    "any other": ("2011", NUMBER, WORKS, "Api"),
    "agent 3001": ("3001", "020 7206 8001", ("Failure", "Originator", "NoAnswer"), "System"),
    "agent 3002": ("3002", "020 7206 8002", ("Failure", "Originator", "CallRejected"), "Agent"),
    "agent 3004": ("3004", "020 7206 8004", WORKS, "Api"),
}
"""Who calls what; the result, and who ended it."""
STOOD_STILL_MS = 250
"""A machine that stood still for longer makes holes in what is heard: they are called once more."""
NEVER_ANSWERED = ("0001", "0002", "0003", "0004", "0005", "0006", "0009")


@dataclass
class Outcome:
    """One call of the table, once it is over."""

    call: Members
    agent: Heard
    agent_sound: Sound
    party: Heard | None
    party_sound: Sound
    seen: list[tuple[int, str | None]] = field(default_factory=list)
    """What the API said while it lived, and when the question was asked, in milliseconds since the epoch."""

    def said_between(self, start: int, end: int) -> set[str | None]:
        return {status for at, status in self.seen if start < at < end}


@pytest.fixture(scope="module")
def outcomes(sandbox: Members) -> dict[str, Outcome]:
    """Call everybody at once, and wait until all of it is over."""

    async def call_all() -> dict[str, Outcome]:
        async with world_of(sandbox) as world:
            found = await asyncio.gather(*(in_time(world, *TABLE[name][:2]) for name in TABLE))
            await until(lambda: nothing_is_left(world), "no channel and no reservation is left")
            return dict(zip(TABLE, found, strict=True))

    return asyncio.run(call_all())


async def in_time(world: World, agent: str, number: str) -> Outcome:
    """A call of a machine that did not stand still meanwhile, if there is one."""
    for _ in range(ATTEMPTS):
        async with lateness() as late:
            outcome = await see_through(replace(world, began=world.now()), agent, number)
        if late.most_ms < STOOD_STILL_MS:
            break
    return outcome


async def see_through(world: World, agent: str, number: str) -> Outcome:
    """Place a call, hang up once both have talked, and gather what was seen and heard of it."""
    call_id = await world.dial(agent, number)
    seen: list[tuple[int, str | None]] = []

    async def looked() -> bool:
        at = world.now()
        told = await world.call(call_id)
        seen.append((at, told["status"]))
        return told["status"] in (CONNECTED, None)

    await until(looked, "joined or ended")
    if "0008" not in number and seen[-1][1] == CONNECTED:
        await asyncio.sleep(TALK_SECONDS)
        assert (await world.hang_up(call_id)).status in (200, 202)
    told = await world.ended(call_id)
    phone = seed.NUMBER_PHONE if agent == seed.NUMBER_PHONE_AGENT else seed.sip_user(agent)
    legs: list[Heard] = []

    async def written() -> bool:
        legs[:] = [*world.rang(phone), *world.rang(e164(number))]
        return all(leg.ended_at is not None for leg in legs)

    await until(written, "the far end has noted the end of every leg")

    async def all_is_heard() -> bool:
        return all(map(world.is_written, legs))

    # A phone that heard nothing never says that this is all.
    with suppress(TimeoutError):
        await until(all_is_heard, "what was heard is written", WRITTEN_SECONDS)
    party = legs[1] if len(legs) == 2 else None
    assert len(legs) <= 2, "one INVITE for each leg"
    return Outcome(
        told, legs[0], world.sound_of(legs[0]), party, world.sound_of(party) if party else Sound((), 8000), seen
    )


async def nothing_is_left(world: World) -> bool:
    agents = [agent for agent, *_ in TABLE.values()]
    return await world.channels() == set() and all([await world.is_free(agent) for agent in agents])


@pytest.mark.parametrize("name", TABLE)
def test_each_ends_as_the_table_says(outcomes: dict[str, Outcome], name: str) -> None:
    _, _, result, hung_up_by = TABLE[name]
    call = outcomes[name].call
    assert tuple(call["result"].values()) == result
    assert list(call["result"]) == ["code", "party", "reason"]
    assert call["hungUpBy"] == hung_up_by
    assert call["status"] is None
    assert (call["times"]["joined"] is None) == (result[0] == "Failure")


@pytest.mark.parametrize("name", ["agent 3001", "agent 3002"])
def test_nobody_else_is_called_when_the_agent_does_not_answer(outcomes: dict[str, Outcome], name: str) -> None:
    assert outcomes[name].party is None
    assert outcomes[name].agent.answered_at is None
    assert outcomes[name].call["times"]["partyDialled"] is None


@pytest.mark.parametrize("name", NEVER_ANSWERED)
def test_nobody_is_joined_before_an_answer(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert CONNECTED not in {status for _, status in outcome.seen}
    assert outcome.party is not None
    assert outcome.party.answered_at is None
    # The agent comes first: their phone rings for a fifth of a second before it answers.
    assert outcome.call["times"]["agentAnswered"] is not None
    assert outcome.party.called_at - outcome.agent.called_at >= 200


@pytest.mark.parametrize("name", [name for name, (_, _, result, _) in TABLE.items() if result == WORKS])
def test_each_side_hears_the_other(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert heard_ms(outcome.agent_sound, behaviours.PARTY_TONE) > 1000
    assert heard_ms(outcome.party_sound, behaviours.AGENT_TONE) > 1000


@pytest.mark.parametrize("name", ["0002", "0007", "any other"])
def test_the_agent_hears_it_ring_until_the_other_side_answers(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    sound, wait = outcome.agent_sound, waited_ms(outcome)
    # Two short rings and two seconds of nothing: whatever second of it is taken, some of three in a row has sound.
    for start in range(0, wait - 3000, 500):
        assert power_of(sound.samples[start * 8 : (start + 3000) * 8]) > 500**2, f"dead air from {start} ms"
    assert power_of(sound.samples[: min(wait, 400) * 8]) > 500**2, "dead air at once"


def waited_ms(outcome: Outcome) -> int:
    """For how long the agent waited for the other side's answer, or its end."""
    assert outcome.party is not None
    assert outcome.agent.answered_at is not None
    return (outcome.party.answered_at or outcome.party.ended_at or 0) - outcome.agent.answered_at


@pytest.mark.parametrize(("name", "least_ms"), [("0006", 1300), ("0010", 2600)])
def test_the_agent_hears_early_media_and_it_is_no_answer(
    outcomes: dict[str, Outcome], name: str, least_ms: int
) -> None:
    outcome = outcomes[name]
    assert outcome.party is not None
    heard = spans(outcome.agent_sound, TONES)
    early, later = of(heard, behaviours.EARLY_TONE), of(heard, behaviours.PARTY_TONE)
    assert sum(span.length_ms for span in early) >= least_ms
    assert all(before.end_ms <= after.start_ms for before in early for after in later)
    # While it played, the call was being dialled and nothing else.
    begins = outcome.party.called_at
    said = outcome.said_between(begins + 300, begins + least_ms)
    assert said == {RINGING}


def of(heard: list[Span], tone: int) -> list[Span]:
    return [span for span in heard if span.tone == tone]


def test_a_number_that_rings_for_ever_is_given_up_in_time(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["0002"]
    assert outcome.party is not None
    assert outcome.party.ended_at is not None
    # The far end would ring for an hour: its end is our CANCEL, which test_carrier.py sees on the wire.
    dialled, ended = (datetime.fromisoformat(outcome.call["times"][name]) for name in ("partyDialled", "ended"))
    assert (ended - dialled).total_seconds() >= RINGING_SECONDS["partyRingSeconds"]
    assert outcome.agent.ended_at is not None
    assert abs(outcome.agent.ended_at - outcome.party.ended_at) < 2_000


async def test_a_phone_that_is_not_registered_can_not_be_rung(world: World) -> None:
    refused = await world.place({"agentId": "3003"}, {"telephoneNumber": NUMBER})
    assert refused.refusal == NOT_REACHED
    assert refused.body["code"] == "agent-not-reached"
    assert await world.is_free("3003")
    assert await world.channels() == set()
