"""What is recorded of real calls, heard by tone: the allowed legs over their whole length, and nothing of the others.

Each side has a tone of its own: agents 440 Hz, numbers 880 Hz, the phone of agent 4567 620 Hz.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from outdial.sandbox import seed
from outdial.sandbox.behaviours import AGENT_TONE, CALLED_AGENT_TONE, PARTY_TONE
from support.baresip import phone
from support.in_time import NOTICEABLE_MS, in_time, lateness, must
from support.recorded import (
    ACCOUNT,
    Kept,
    Spool,
    is_not_kept,
    kept,
    ledger,
    level,
    looking,
    moment,
    set_recording,
)
from support.sandbox_world import Members, World, until

NEAR_MS = 100
SILENT_DB = -60
KEY_MS = 120
"""How long the sandbox's phones are silent for a pressed key."""
TALK_SECONDS = 2.0
NUMBER = "02072068888"
AGREES, REFUSES = "020 7946 0011", "020 7946 0012"
WORDS = ("OneParty", "TwoParty", "Unknown")
LEGS = {"none": set(), "agent": {"agent"}, "both": {"agent", "party"}}


@dataclass(frozen=True)
class Cell:
    """One cell of scenario × consent × account setting."""

    scenario: str
    caller: str | None
    callee: str | None
    legs: str
    unknown: str

    @property
    def expected(self) -> set[str]:
        """The contract's rule, in words of its own: which legs are recorded while nobody consents in the call."""
        given = {self.caller, self.callee} - {None}
        if not given:
            return LEGS[self.legs]
        if "TwoParty" in given:
            allowed = {"agent"}
        elif "Unknown" in given:
            allowed = LEGS[self.unknown]
        else:
            allowed = {"agent", "party"}
        return allowed & LEGS[self.legs] if self.scenario == "group to number" else allowed


SETTINGS = list(product(LEGS, LEGS))
"""What an account records without consent, and what it does with `Unknown`."""


def cells_of(legs: str, unknown: str) -> list[Cell]:
    """Every cell of one account setting."""
    return [
        *(Cell("agent to number", one, other, legs, unknown) for one, other in [(None, None), *product(WORDS, WORDS)]),
        *(Cell("group to number", None, other, legs, unknown) for other in (None, *WORDS)),
        Cell("agent to agent", None, None, legs, unknown),
    ]


def side(who: Members, consent: str | None) -> Members:
    return who if consent is None else {**who, "consent": consent}


@pytest.fixture
async def recording(world: World) -> AsyncIterator[World]:
    """A world whose account records nothing any more when a test is over."""
    yield world
    await set_recording(world, legs="none", whenUnknown="agent")


def check(found: Kept, tones: dict[str, int], legs: set[str]) -> None:
    """These legs are there, each with its own tone all along, and no other tone anywhere."""
    assert set(found.legs) == legs
    for leg, sound in found.legs.items():
        spans = [span for span in found.spans(leg) if span.tone == tones[leg]]
        assert spans, leg
        for other, tone in tones.items():
            if other != leg:
                assert level(sound, tone) < SILENT_DB, (leg, other, level(sound, tone))


def is_whole(found: Kept, tones: dict[str, int]) -> bool:
    """Whether each leg lasts from the join to its end, with its tone all along."""
    for leg, sound in found.legs.items():
        spans = [span for span in found.spans(leg) if span.tone == tones[leg]]
        if abs(sound.length_ms - found.talk_ms(leg)) > NEAR_MS or spans[0].start_ms > NEAR_MS:
            return False
        if sum(span.length_ms for span in spans) < sound.length_ms - NEAR_MS:
            return False
    return 0 <= found.late_ms <= NEAR_MS


async def joined(world: World, caller: Members, callee: Members, **more: object) -> str:
    call_id = (await world.place(caller, callee, **more)).id
    await world.until(call_id, "Connected")
    return call_id


async def talk(world: World, caller: Members, callee: Members) -> str:
    """A call that both sides are in for a while; its id, once it has ended."""
    call_id = await joined(world, caller, callee)
    await asyncio.sleep(TALK_SECONDS)
    await world.hang_up(call_id)
    await world.ended(call_id)
    return call_id


@dataclass
class Stage:
    """Who can be in a call at the same time: agents who call numbers, a group, and two who call each other."""

    world: World
    agents: asyncio.Queue[str]
    group: asyncio.Semaphore
    pair: asyncio.Semaphore
    calls: dict[Cell, str]

    async def hold(self, cell: Cell, placed: asyncio.Semaphore) -> None:
        """One call of a cell; `placed` is released once its decision has been made."""
        number = side({"telephoneNumber": NUMBER}, cell.callee)
        if cell.scenario == "agent to number":
            agent = await self.agents.get()
            await self._call(cell, side({"agentId": agent}, cell.caller), number, placed)
            self.agents.put_nowait(agent)
        elif cell.scenario == "group to number":
            async with self.group:
                await self._call(cell, {"groups": ["400"]}, number, placed)
        else:
            async with self.pair:
                await self._call(cell, {"agentId": "1234"}, {"agentId": "4567"}, placed)

    async def _call(self, cell: Cell, caller: Members, callee: Members, placed: asyncio.Semaphore) -> None:
        reply = await self.world.place(caller, callee)
        placed.release()
        await self.world.until(reply.id, "Connected")
        await asyncio.sleep(TALK_SECONDS)
        await self.world.hang_up(reply.id)
        await self.world.ended(reply.id)
        self.calls[cell] = reply.id


ATTEMPTS = 5
"""So often a cell is called at most, and again only where the machine stood still: it is not the product's fault then.
What is recorded without permission counts the first time."""


@pytest.mark.timeout(600)
async def test_in_every_cell_the_allowed_legs_are_recorded_and_no_others(recording: World) -> None:
    wanted = [cell for legs, unknown in SETTINGS for cell in cells_of(legs, unknown)]
    assert len(wanted) == len(SETTINGS) * 15
    for attempt in range(1, ATTEMPTS + 1):
        async with looking(recording.data) as spool, lateness() as late:
            calls = await called(recording, wanted)
        assert set(calls) == set(wanted)
        wanted = [cell for cell, call_id in calls.items() if not await check_cell(recording, cell, call_id, spool)]
        if not wanted:
            return
        what = f"not as long as the call: {wanted}"
        assert attempt < ATTEMPTS, what
        assert late.most_ms >= NOTICEABLE_MS, what
        print(f"called again: a timer was {late.most_ms:.0f} ms late, and {what}")


async def called(world: World, cells: list[Cell]) -> dict[Cell, str]:
    """A call of each cell, placed under its account setting; as many at once as leave the machine its time."""
    free: asyncio.Queue[str] = asyncio.Queue()
    for number in range(2001, 2008):
        free.put_nowait(str(number))
    stage = Stage(world, free, asyncio.Semaphore(3), asyncio.Semaphore(1), {})
    async with asyncio.TaskGroup() as tasks:
        for legs, unknown in SETTINGS:
            under = [cell for cell in cells if (cell.legs, cell.unknown) == (legs, unknown)]
            await set_recording(world, legs=legs, whenUnknown=unknown)
            placed = asyncio.Semaphore(0)
            for cell in under:
                tasks.create_task(stage.hold(cell, placed))
            # A decision is made when a call is placed: only then is the next setting set.
            for _ in under:
                await placed.acquire()
    return stage.calls


async def check_cell(world: World, cell: Cell, call_id: str, spool: Spool) -> bool:
    """What is recorded of a cell is what may be; whether it is as long as the call."""
    files = {f"{leg}.wav" for leg in cell.expected}
    assert spool.seen.get(call_id, set()) == files, (cell, spool.seen.get(call_id))
    if not cell.expected:
        assert await is_not_kept(world, call_id), cell
        return True
    party = CALLED_AGENT_TONE if cell.scenario == "agent to agent" else PARTY_TONE
    found, tones = await kept(world, call_id), {"agent": AGENT_TONE, "party": party}
    try:
        await asyncio.to_thread(check, found, tones, cell.expected)
    except AssertionError as error:
        raise AssertionError(f"{cell}: {error}") from error
    return await asyncio.to_thread(is_whole, found, tones)


async def test_the_decision_is_in_the_ledger_and_with_the_call(recording: World) -> None:
    await set_recording(recording, legs="none", whenUnknown="agent")
    call_id = await talk(
        recording,
        {"agentId": "2001", "consent": "OneParty"},
        {"telephoneNumber": NUMBER, "consent": "TwoParty"},
    )
    found = await kept(recording, call_id)
    assert found.call["recording"]["legs"] == "agent"
    assert found.call["recording"]["legsAfterConsent"] == "both"
    assert "TwoParty" in found.call["recording"]["rule"]
    assert found.call["recording"]["inputs"]["from"] == "OneParty"
    kinds = [kind for kind, _ in await ledger(recording, call_id)]
    assert kinds[:3] == ["recording.decided", "recording.started", "recording.stopped"]
    assert "file.kept" in kinds


TWO = {"from": {"agentId": "2002", "consent": "TwoParty"}, "to": {"consent": "TwoParty"}}


async def is_asked(world: World, call_id: str) -> bool:
    """Whether the party has said whether they may be recorded."""
    return bool((await world.call(call_id))["recording"]["consents"])


@in_time
async def test_the_party_agrees_by_a_key_and_is_recorded_from_that_moment(recording: World) -> None:
    await set_recording(recording, legs="none", whenUnknown="agent", announcement="default")
    async with looking(recording.data) as spool:
        call_id = await joined(recording, TWO["from"], {**TWO["to"], "telephoneNumber": AGREES})
        await until(lambda: is_asked(recording, call_id), "the key is pressed")
        await asyncio.sleep(TALK_SECONDS)
        await recording.hang_up(call_id)
    found = await kept(recording, call_id)
    (taken,) = found.call["recording"]["consents"]
    assert (taken["act"], taken["way"], taken["leg"]) == ("given", "dtmf", "party")
    assert set(found.legs) == {"agent", "party"}
    asked = moment(taken["at"]) - moment(found.details["startedAt"])
    heard = [span for span in found.spans("party") if span.tone == PARTY_TONE]
    assert heard
    assert asked - 40 <= heard[0].start_ms <= asked + 400, (asked, heard)
    # Both legs stay on one line of time: the party's is silent before.
    assert abs(found.legs["party"].length_ms - found.legs["agent"].length_ms) <= KEY_MS + NEAR_MS
    before = found.legs["party"].samples[: (asked - 40) * 8]
    must(not any(before), "the party was recorded before they agreed")
    must(level(found.legs["agent"], PARTY_TONE) < SILENT_DB, "the other side is on the agent's leg")
    assert spool.seen[call_id] == {"agent.wav", "party.wav"}
    assert ("consent.given", None) in await ledger(recording, call_id)


@in_time
async def test_the_party_refuses_by_a_key_and_is_never_recorded_whoever_says_otherwise(recording: World) -> None:
    await set_recording(recording, legs="none", whenUnknown="agent", announcement="default")
    async with looking(recording.data) as spool:
        caller = {**TWO["from"], "agentId": "2003"}
        call_id = await joined(recording, caller, {**TWO["to"], "telephoneNumber": REFUSES})
        await until(lambda: is_asked(recording, call_id), "the key is pressed")
        reply = await recording.ask("POST", f"{ACCOUNT}/calls/{call_id}", {"consent": "Given"})
        assert (reply.status, reply.body["code"]) == (400, "refused-by-party")
        await asyncio.sleep(0.5)
        await recording.hang_up(call_id)
    found = await kept(recording, call_id)
    assert [taken["act"] for taken in found.call["recording"]["consents"]] == ["refused"]
    must(set(found.legs) == {"agent"}, found.legs)
    must(level(found.legs["agent"], PARTY_TONE) < SILENT_DB, "the other side is on the agent's leg")
    must(spool.seen[call_id] == {"agent.wav"}, spool.seen[call_id])


@in_time
async def test_consent_told_by_the_agent_and_withdrawn_again(recording: World) -> None:
    await set_recording(recording, legs="none", whenUnknown="agent")
    caller = {**TWO["from"], "agentId": "2004"}
    call_id = await joined(recording, caller, {**TWO["to"], "telephoneNumber": NUMBER})
    url = f"{ACCOUNT}/calls/{call_id}"
    await asyncio.sleep(1)
    given = await recording.ask("POST", url, {"consent": "Given", "by": "agent 2004"})
    assert given.status == 202
    assert given.body["recording"]["now"] == {"legs": ["agent", "party"], "paused": False}
    await asyncio.sleep(1)
    withdrawn = await recording.ask("POST", url, {"consent": "Withdrawn"})
    assert withdrawn.body["recording"]["now"]["legs"] == ["agent"]
    await asyncio.sleep(1)
    await recording.hang_up(call_id)
    found = await kept(recording, call_id)
    start = moment(found.details["startedAt"])
    first, last = (moment(taken["at"]) - start for taken in found.call["recording"]["consents"])
    heard = [span for span in found.spans("party") if span.tone == PARTY_TONE]
    assert heard
    must(heard[-1].end_ms - last <= NEAR_MS, heard, last)
    assert abs(heard[0].start_ms - first) <= NEAR_MS
    assert heard[-1].end_ms - last >= -NEAR_MS
    assert abs(found.legs["agent"].length_ms - found.talk_ms("agent")) <= NEAR_MS
    entries = await ledger(recording, call_id)
    assert ("consent.given", f"agent 2004 by account {seed.ACCOUNT}") in entries
    assert "consent.withdrawn" in [kind for kind, _ in entries]
    assert await is_proved(recording)


async def is_proved(world: World) -> bool:
    """Whether all that is on record is what the ledger says of it."""
    text = await world.manage("POST", f"/accounts/{seed.ACCOUNT}/recordings/verification", {})
    return list(text) == ["verified"] and text["verified"]["unproved"] == 0


@in_time
async def test_a_pause_is_silence_for_just_that_stretch(recording: World) -> None:
    await set_recording(recording, legs="both", whenUnknown="agent")
    call_id = await joined(recording, {"agentId": "2005"}, {"telephoneNumber": NUMBER})
    url = f"{ACCOUNT}/calls/{call_id}"
    await asyncio.sleep(1)
    paused = await recording.ask("POST", url, {"recordingStatus": "Paused", "by": "supervisor 77"})
    assert (paused.status, paused.body["recordingStatus"]) == (202, "Paused")
    await asyncio.sleep(1)
    resumed = await recording.ask("POST", url, {"recordingStatus": "Started"})
    assert (resumed.status, resumed.body["recordingStatus"]) == (202, "Started")
    await asyncio.sleep(1)
    await recording.hang_up(call_id)
    found = await kept(recording, call_id)
    (pause,) = found.call["recording"]["pauses"]
    assert pause["by"] == f"supervisor 77 by account {seed.ACCOUNT}"
    check_pause(found, pause)
    kinds = [kind for kind, _ in await ledger(recording, call_id)]
    assert kinds.index("recording.paused") < kinds.index("recording.resumed")
    assert await is_proved(recording)


async def test_an_erasure_during_the_call_keeps_nothing_of_it(recording: World) -> None:
    await set_recording(recording, legs="both", whenUnknown="agent")
    call_id = await joined(recording, {"agentId": "2006"}, {"telephoneNumber": NUMBER})
    await asyncio.sleep(1)
    body = {"number": NUMBER, "reason": "their wish"}
    certificate = await recording.manage("POST", f"/accounts/{seed.ACCOUNT}/recordings/erasures", body)
    assert call_id in [each["recording"] for each in certificate["underWay"]]
    await recording.hang_up(call_id)
    found = await kept(recording, call_id)
    assert (found.details["status"], found.details["number"], found.legs) == ("Deleted", None, {})
    assert ("recording.erased", certificate["by"]) in await ledger(recording, call_id)
    assert await is_proved(recording)


def check_pause(found: Kept, pause: Members) -> None:
    """Each tone is gone for just the pause, and the whole is as long as the call."""
    start = moment(found.details["startedAt"])
    since, until = moment(pause["from"]) - start, moment(pause["to"]) - start
    for leg, tone in (("agent", AGENT_TONE), ("party", PARTY_TONE)):
        heard = [span for span in found.spans(leg) if span.tone == tone]
        assert len(heard) == 2, (leg, heard)
        before, after = heard
        assert abs(before.end_ms - since) <= NEAR_MS
        assert abs(after.start_ms - until) <= NEAR_MS
        assert abs(found.legs[leg].length_ms - found.talk_ms(leg)) <= NEAR_MS


async def is_recorded(world: World, call_id: str) -> bool:
    return bool((await world.call(call_id))["recordingStatus"] == "Started")


@in_time
async def test_a_forgotten_pause_ends_by_itself(recording: World) -> None:
    await set_recording(recording, legs="both", whenUnknown="agent", autoResumeSeconds=1)
    call_id = await joined(recording, {"agentId": "2006"}, {"telephoneNumber": NUMBER})
    await asyncio.sleep(0.5)
    await recording.ask("POST", f"{ACCOUNT}/calls/{call_id}", {"recordingStatus": "Paused"})
    await until(lambda: is_recorded(recording, call_id), "it goes on")
    await asyncio.sleep(1)
    await recording.hang_up(call_id)
    found = await kept(recording, call_id)
    (pause,) = found.call["recording"]["pauses"]
    assert pause["resumedBy"] == "automatic"
    assert abs(moment(pause["to"]) - moment(pause["from"]) - 1000) <= NEAR_MS
    check_pause(found, pause)


async def test_what_is_not_recorded_cannot_be_paused(recording: World) -> None:
    await set_recording(recording, legs="none", whenUnknown="none")
    call_id = await joined(recording, {"agentId": "2007"}, {"telephoneNumber": NUMBER})
    reply = await recording.ask("POST", f"{ACCOUNT}/calls/{call_id}", {"recordingStatus": "Paused"})
    assert (reply.status, reply.body["code"]) == (400, "not-recording")


@in_time
async def test_a_call_on_hold_is_recorded_on_and_stays_in_time(recording: World, tmp_path: Path) -> None:
    await set_recording(recording, legs="both", whenUnknown="agent")
    agents = f"/accounts/{seed.ACCOUNT}/agents"
    made = await recording.manage("POST", agents, {"id": "7002", "name": "On hold"})
    sip, user = recording.ready["sip"], made["phone"]["address"]

    async def online() -> bool:
        return bool((await recording.manage("GET", f"{agents}/7002"))["phone"]["online"])

    async with phone(tmp_path, user, made["phonePassword"], (sip["host"], sip["port"]), tone=AGENT_TONE) as runs:
        await until(online, "the phone is registered")
        call_id = await joined(recording, {"agentId": "7002"}, {"telephoneNumber": NUMBER})
        await asyncio.sleep(1)
        held_at = recording.now()
        await runs.command("hold")
        await asyncio.sleep(2)
        await runs.command("resume")
        await asyncio.sleep(1)
        assert (await recording.call(call_id))["recordingStatus"] == "Started"
        await recording.hang_up(call_id)
        found = await kept(recording, call_id)
    await recording.manage("DELETE", f"{agents}/7002")
    for leg, sound in found.legs.items():
        assert abs(sound.length_ms - found.talk_ms(leg)) <= NEAR_MS, (leg, sound.length_ms, found.talk_ms(leg))
    held = held_at - moment(found.details["startedAt"])
    agent = [span for span in found.spans("agent") if span.tone == AGENT_TONE]
    assert agent[-1].end_ms >= found.legs["agent"].length_ms - NEAR_MS, "the agent is heard again after the hold"
    party = [span for span in found.spans("party") if span.tone == PARTY_TONE]
    assert sum(span.length_ms for span in party if span.end_ms > held) > 2_000, "the other side goes on in the hold"
