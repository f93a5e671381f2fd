"""Recorded calls on a scripted switch: whatever fails about recording, the call goes on, and the failure is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from outdial.calls.control_recording import Speaker, control_recording, take_consent
from outdial.calls.engine import NOT_STORED, Engine
from outdial.calls.record_calls import RecorderFailed, RecordingTelephony
from outdial.calls.recordings import SpoolUnusable
from outdial.calls.recovery import Recovery
from outdial.calls.watch_recordings import DISK_FULL, watch_recordings
from outdial.domain.call import Call, State, place
from outdial.domain.consent import AccountRecording, Consent, Legs, Scenario, decide
from outdial.domain.events import Asker, HangUpRequested, RecordingBegun
from outdial.domain.ledger import Kind
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.recording import Track
from outdial.domain.recording_refusals import NotConnected, NotRecording, RecordingUnchanged
from outdial.domain.recordings import CallRecording, ConsentAct
from support.pages import Pages, StoppedTime
from support.scripted_switch import ScriptedSwitch

AGENT, PARTY = Side.AGENT, Side.PARTY
BOTH = (AGENT, PARTY)
CLIENT = Speaker("client c")


@dataclass
class ScriptedRecorder:
    """Does what it is told, remembers it, and fails where a test says so."""

    did: list[tuple[object, ...]] = field(default_factory=list)
    away: bool = False
    full: bool = False
    silent: bool = False
    """Whether a start is done, and nobody is told so."""

    async def start(self, call_id: str, files: Mapping[Side, Path]) -> RecordingBegun:
        self.did.append(("start", *files))
        failed = self.away or self.silent
        return RecordingBegun((), tuple(files), "no manager") if failed else RecordingBegun(tuple(files))

    async def stop(self, call_id: str, sides: Sequence[Side]) -> None:
        self._do("stop", *sides)

    async def mute(self, call_id: str, sides: Sequence[Side], *, muted: bool) -> None:
        self._do("mute" if muted else "unmute", *sides)

    async def closed(self, files: Sequence[Path]) -> None:
        self.did.append(("closed", *(file.name for file in files)))

    def starved(self, files: Sequence[Path]) -> Sequence[Path]:
        return files if self.full else ()

    def _do(self, *what: object) -> None:
        self.did.append(what)
        if self.away:
            raise RecorderFailed("no manager")


@dataclass
class ScriptedKeeping:
    """Keeps nothing, and remembers what it was told."""

    noted: list[CallRecording] = field(default_factory=list)
    finished: list[CallRecording] = field(default_factory=list)
    full: bool = False

    def folder(self, call_id: str) -> Path:
        if self.full:
            raise SpoolUnusable("the disk is full")
        return Path("/spool") / call_id

    async def spool(self, recording: CallRecording) -> Path:
        self.noted.append(recording)
        return self.folder(recording.call_id)

    async def finish(self, recording: CallRecording) -> None:
        self.finished.append(recording)

    async def sweep(self, live: Collection[str]) -> int:
        return 0


class NoAgents:
    """Of whom none is said to have asked anything here."""

    async def agent(self, account: str, agent_id: str) -> None:
        raise AssertionError(f"nobody named agent {agent_id}")


class World:
    def __init__(self) -> None:
        self.switch, self.pages, self.time = ScriptedSwitch(), Pages(), StoppedTime()
        self.recorder, self.kept = ScriptedRecorder(), ScriptedKeeping()
        telephony = RecordingTelephony(self.switch, self.recorder, self.kept)
        self.engine = self.switch.engine = Engine(telephony, self.pages, self.time)
        self.recovery = Recovery(self.engine, telephony, self.pages)

        self.ports = (self.engine, self.pages, NoAgents())

    @property
    def call(self) -> Call:
        return self.pages.saved[-1]

    @property
    def entries(self) -> list[Kind]:
        return [record.kind for record in self.pages.records]


@asynccontextmanager
async def running() -> AsyncIterator[World]:
    world = World()
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


async def until(true: Callable[[], bool]) -> None:
    """Wait for a timer of the engine's, or of the watch."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def new_call(legs: Legs = Legs.BOTH, consent: Consent | None = None, **settings: bool) -> Call:
    recording = decide(Scenario.AGENT_TO_NUMBER, consent, consent, AccountRecording(legs, **settings))  # type: ignore[arg-type]
    phone = Phone(PhoneKind.SIP, "a")
    plan = CallPlan("1", phone, phone, created_at=1_000, dial_by=21_000, recording=recording.to_dict())
    return place("c1", "account", "scripted", plan)[0]


async def joined(world: World, legs: Legs = Legs.BOTH, consent: Consent | None = None, **settings: bool) -> None:
    await world.engine.start(new_call(legs, consent, **settings))
    await world.switch.picks_up("c1", AGENT)
    await world.switch.picks_up("c1", PARTY)


async def end(world: World) -> None:
    await world.engine.tell("c1", HangUpRequested(Asker.API))
    await settled(world)


async def test_a_call_is_recorded_and_what_was_recorded_is_handed_on() -> None:
    async with running() as world:
        await joined(world)
        await end(world)
    assert world.recorder.did == [("start", *BOTH), ("closed", "agent.wav", "party.wav")]
    (finished,) = world.kept.finished
    assert (finished.call_id, finished.joined_at, finished.ended_at) == ("c1", 1_000, 1_000)
    assert {file.file_name for file in finished.files} == {"agent.wav", "party.wav"}
    assert world.entries == [Kind.STARTED, Kind.STOPPED]
    assert [notice.type for notice in world.pages.noted][-1] == "call.ended.v1"
    assert "call.recording.started.v1" in [notice.type for notice in world.pages.noted]


async def test_a_call_that_may_not_be_recorded_leaves_nothing() -> None:
    async with running() as world:
        await joined(world, Legs.NONE)
        await end(world)
    assert (world.recorder.did, world.kept.noted, world.kept.finished, world.pages.records) == ([], [], [], [])


@pytest.mark.parametrize("what", ["manager", "disk"])
async def test_a_recording_that_cannot_be_begun_is_on_record_and_the_call_goes_on(what: str) -> None:
    async with running() as world:
        world.recorder.away = what == "manager"
        world.kept.full = what == "disk"
        await joined(world)
        assert world.call.state is State.JOINED
        assert world.call.recording.failing == BOTH
        assert world.call.recording.running == ()
        assert world.entries[0] is Kind.FAILED
        assert "call.recording.failed.v1" in [notice.type for notice in world.pages.noted]
        await end(world)
        assert world.call.state is State.ENDED


async def test_an_account_may_have_the_call_ended_instead() -> None:
    async with running() as world:
        world.recorder.away = True
        await joined(world, record_or_drop=True)
        await settled(world)
        assert world.call.state is State.ENDED
        assert world.call.hung_up_by is Asker.SYSTEM


async def test_a_pause_is_made_before_anybody_is_told_that_it_is() -> None:
    async with running() as world:
        await joined(world)
        after = await control_recording(*world.ports, "account", "c1", pause=True, speaker=CLIENT)
        assert after is not None
        assert after.recording.paused
        assert world.recorder.did[-1] == ("mute", *BOTH)
        assert world.kept.noted[-1].pauses[0].who == "client c"
        await control_recording(*world.ports, "account", "c1", pause=False, speaker=CLIENT)
        assert world.recorder.did[-1] == ("unmute", *BOTH)


async def test_a_pause_that_fails_is_said_to_have_failed() -> None:
    async with running() as world:
        await joined(world)
        world.recorder.away = True
        with pytest.raises(RecordingUnchanged):
            await control_recording(*world.ports, "account", "c1", pause=True, speaker=CLIENT)
        assert not world.call.recording.paused


async def test_what_is_not_recorded_or_not_joined_cannot_be_controlled() -> None:
    async with running() as world:
        await joined(world, Legs.NONE)
        with pytest.raises(NotRecording):
            await control_recording(*world.ports, "account", "c1", pause=True, speaker=CLIENT)
        assert await control_recording(*world.ports, "other", "c1", pause=True, speaker=CLIENT) is None
        await end(world)
        with pytest.raises(NotConnected):
            await take_consent(*world.ports, "account", "c1", act=ConsentAct.GIVEN, speaker=CLIENT)


async def test_withdrawn_consent_stops_the_leg_and_is_asked_for_until_it_has_stopped() -> None:
    async with running() as world:
        await joined(world, consent=Consent.ONE_PARTY)
        world.recorder.away = True
        await take_consent(*world.ports, "account", "c1", act=ConsentAct.WITHDRAWN, speaker=CLIENT)
        assert world.call.recording.party is Track.STOPPING
        assert world.call.deadline == 2_000
        world.recorder.away = False
        world.time.at = 2_000
        await until(lambda: world.call.recording.party is Track.OFF)
        assert world.recorder.did.count(("stop", PARTY)) == 2
        assert world.call.recording.agent is Track.ON


async def test_a_leg_of_which_nobody_knows_whether_it_is_written_is_stopped_and_tried_again() -> None:
    async with running() as world:
        world.recorder.silent = True
        await joined(world, Legs.AGENT)
        assert world.recorder.did == [("start", AGENT), ("stop", AGENT)]
        assert world.call.recording.agent is Track.FAILED
        assert world.entries == [Kind.FAILED, Kind.STOPPED]
        world.recorder.silent = False
        world.time.at = 2_000
        await until(lambda: world.call.recording.agent is Track.ON)
        assert [file.file_name for file in world.call.recording.files] == ["agent.wav", "agent-2.wav"]
        assert [file.unconfirmed for file in world.kept.noted[-1].files] == [True, False]
        assert world.pages.records[-1].data == {"sides": ["agent"], "missingMs": {"agent": 1_000}}


async def test_nobody_is_told_that_nothing_is_recorded_while_a_leg_may_be_written() -> None:
    async with running() as world:
        world.recorder.away = True
        await joined(world, Legs.AGENT)
        assert world.call.recording.agent is Track.DOUBTFUL
        with pytest.raises(RecordingUnchanged):
            await control_recording(*world.ports, "account", "c1", pause=True, speaker=CLIENT)


async def test_a_recording_that_may_be_silent_by_mistake_is_made_heard_again_and_nobody_is_told_otherwise() -> None:
    async with running() as world:
        await joined(world, Legs.AGENT)
        world.recorder.away = True
        with pytest.raises(RecordingUnchanged):
            await control_recording(*world.ports, "account", "c1", pause=True, speaker=CLIENT)
        with pytest.raises(RecordingUnchanged):
            await control_recording(*world.ports, "account", "c1", pause=False, speaker=CLIENT)
        assert world.call.deadline == 2_000
        world.recorder.away = False
        world.time.at = 2_000
        await until(lambda: world.call.recording.unmute_again_at is None)
        assert world.recorder.did[-1] == ("unmute", AGENT)


async def test_nothing_is_recorded_that_is_not_stored_and_it_begins_once_it_is() -> None:
    async with running() as world:
        await world.engine.start(new_call(Legs.AGENT))
        await world.switch.picks_up("c1", AGENT)
        world.pages.full = True
        await world.switch.picks_up("c1", PARTY)
        assert not any(did[0] == "start" for did in world.recorder.did)
        world.pages.full = False
        world.time.at = 2_000
        await until(lambda: world.call.recording.agent is Track.ON)
        assert world.recorder.did.count(("start", AGENT)) == 1
        assert world.call.recording.failures == (NOT_STORED,)


async def test_after_a_takeover_a_leg_is_stopped_that_is_not_to_be_recorded_and_no_call_that_never_is() -> None:
    async with running() as world:
        await joined(world, consent=Consent.TWO_PARTY)
        world.recorder.did.clear()
        await world.recovery.rejoin()
        assert world.recorder.did == [("stop", PARTY), ("unmute", AGENT)]
    async with running() as world:
        await joined(world, Legs.NONE)
        await world.recovery.rejoin()
        assert world.recorder.did == []


async def test_after_a_restart_what_was_asked_for_is_asked_again() -> None:
    async with running() as world:
        await joined(world)
        await control_recording(*world.ports, "account", "c1", pause=True, speaker=CLIENT)
        world.recorder.did.clear()
        await world.recovery.rejoin()
        assert world.recorder.did == [("mute", *BOTH)]


async def test_what_a_taken_over_call_owes_is_decided_when_its_turn_comes() -> None:
    async with running() as world:
        await joined(world, consent=Consent.TWO_PARTY)
        world.recorder.did.clear()
        # Consent comes while the call's turn has not come yet: its new leg must not be stopped.
        consenting = asyncio.create_task(
            take_consent(*world.ports, "account", "c1", act=ConsentAct.GIVEN, speaker=CLIENT)
        )
        await asyncio.sleep(0)
        await asyncio.gather(consenting, world.recovery.rejoin())
        assert world.call.recording.running == BOTH
        assert world.recorder.did == [("start", PARTY), ("unmute", *BOTH)]


async def test_a_recording_lost_with_its_switch_is_handed_on_as_cut_short() -> None:
    async with running() as world:
        await joined(world)
        world.switch.dies()
        await world.recovery.lost()
        await settled(world)
    (finished,) = world.kept.finished
    assert finished.cut_short


async def test_a_full_disk_is_told_to_the_calls_whose_recordings_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outdial.calls.watch_recordings.LOOK_SECONDS", 0.01)
    async with running() as world, asyncio.TaskGroup() as tasks:
        await joined(world)
        watching = tasks.create_task(watch_recordings(world.engine, world.recorder, Path("/spool")))
        world.recorder.full = True
        await until(lambda: not world.call.recording.running)
        watching.cancel()
        assert world.call.recording.failures == (DISK_FULL,)
        assert world.call.state is State.JOINED
