"""The recorder against a scripted manager: what it is told, and that a start is believed once the file is there."""

import asyncio
import os
import struct
import time
from pathlib import Path

import pytest

from outdial.asterisk import recorder as module
from outdial.asterisk.ami import AmiRefused, AmiUnreachable, Answer
from outdial.asterisk.recorder import AsteriskRecorder
from outdial.calls.record_calls import RecorderFailed
from outdial.domain.events import RecordingBegun
from outdial.domain.legs import Side

AGENT, PARTY = Side.AGENT, Side.PARTY


class Manager:
    """Answers every action, writing the file it is told to, unless a test says otherwise."""

    def __init__(self) -> None:
        self.acted: list[dict[str, str]] = []
        self.error: Exception | None = None
        self.writes = True
        self.recordings = 0

    async def act(self, action: str, **headers: str) -> Answer:
        self.acted.append({"action": action, **headers})
        if self.error is not None:
            raise self.error
        if action == "StopMixMonitor":
            self.recordings -= 1
            if self.recordings < 0:
                raise AmiRefused("Could not stop monitoring channel")
        if action == "MixMonitor" and self.writes:
            Path(headers["Options"][2:-2]).write_bytes(header(0))
        return {"response": "Success"}


def header(size: int) -> bytes:
    return b"RIFF" + bytes(36) + struct.pack("<I", size)


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture
def recorder(manager: Manager) -> AsteriskRecorder:
    return AsteriskRecorder(manager)  # type: ignore[arg-type]


async def test_each_leg_is_recorded_on_its_own_channel_and_nothing_but_what_is_heard_from_it(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path
) -> None:
    files = {AGENT: tmp_path / "agent.wav", PARTY: tmp_path / "party.wav"}
    begun = await recorder.start("c1", files)
    assert (begun.started, begun.failed) == ((AGENT, PARTY), ())
    assert manager.acted == [
        {"action": "MixMonitor", "Channel": f"c1-{side}", "Options": f"r({path})S"} for side, path in files.items()
    ]
    assert all("File" not in each for each in manager.acted), "a main file would hold both sides"


async def test_a_folder_that_can_not_be_told_to_the_switch_is_not_told_to_others_either(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path
) -> None:
    begun = await recorder.start("c1", {AGENT: tmp_path / "my files" / "agent.wav"})

    assert begun.detail == "the folder of agent.wav has a name that can't be told to the switch"
    assert manager.acted == []


async def test_a_file_that_does_not_appear_is_not_recorded_whatever_the_switch_says(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "APPEAR_SECONDS", 0.02)
    manager.writes = False
    begun = await recorder.start("c1", {AGENT: tmp_path / "agent.wav"})
    assert (begun.started, begun.failed) == ((), (AGENT,))
    assert "agent.wav" in (begun.detail or "")


async def test_a_file_that_came_while_the_machine_stood_still_is_recorded(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "APPEAR_SECONDS", 0.02)
    manager.writes = False

    def stand_still() -> None:
        (tmp_path / "agent.wav").write_bytes(header(0))
        time.sleep(0.05)

    asyncio.get_running_loop().call_later(0.001, stand_still)
    assert (await recorder.start("c1", {AGENT: tmp_path / "agent.wav"})).started == (AGENT,)


@pytest.mark.parametrize("written_ms", [0, 2_048, 4_096])
async def test_a_file_that_is_there_is_being_written_already_and_tells_since_when(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path, written_ms: int
) -> None:
    path, last = tmp_path / "agent.wav", 1_764_000_000_000
    path.write_bytes(header(0) + bytes(written_ms * 16))
    os.utime(path, ns=(0, last * 1_000_000))
    since = ((AGENT, last - written_ms),)
    assert await recorder.start("c1", {AGENT: path}) == RecordingBegun((AGENT,), since=since)
    assert manager.acted == []


@pytest.mark.parametrize("name", ["a,b", "a b", "a)", "a;b", "a|b", "a$b"])
async def test_a_folder_whose_name_means_something_to_the_switch_is_refused(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path, name: str
) -> None:
    begun = await recorder.start("c1", {AGENT: tmp_path / name / "agent.wav"})
    assert begun.failed == (AGENT,)
    assert manager.acted == []


async def test_a_manager_that_is_away_fails_the_leg(
    recorder: AsteriskRecorder, manager: Manager, tmp_path: Path
) -> None:
    manager.error = AmiUnreachable("nobody there")
    assert await recorder.start("c1", {AGENT: tmp_path / "a.wav"}) == RecordingBegun((), (AGENT,), "nobody there")
    with pytest.raises(RecorderFailed):
        await recorder.mute("c1", (AGENT,), muted=True)
    with pytest.raises(RecorderFailed):
        await recorder.stop("c1", (AGENT,))


async def test_a_pause_mutes_what_is_heard_from_each_leg(recorder: AsteriskRecorder, manager: Manager) -> None:
    await recorder.mute("c1", (AGENT, PARTY), muted=True)
    await recorder.mute("c1", (AGENT,), muted=False)
    told = [(each["Channel"], each["Direction"], each["State"]) for each in manager.acted]
    assert told == [("c1-agent", "read", "1"), ("c1-party", "read", "1"), ("c1-agent", "read", "0")]


async def test_stopping_what_is_not_recorded_is_no_failure(recorder: AsteriskRecorder, manager: Manager) -> None:
    manager.error = AmiRefused("No such channel")
    await recorder.stop("c1", (AGENT, PARTY))
    assert len(manager.acted) == 2


async def test_a_stop_goes_on_until_the_switch_says_that_nothing_is_recorded(
    recorder: AsteriskRecorder, manager: Manager
) -> None:
    manager.recordings = 2
    await recorder.stop("c1", (PARTY,))
    assert [each["action"] for each in manager.acted] == ["StopMixMonitor"] * 3


async def test_a_file_is_closed_once_its_header_says_how_long_it_is(
    recorder: AsteriskRecorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, looked = tmp_path / "agent.wav", 0
    path.write_bytes(header(0))

    def look(found: Path) -> bool:
        nonlocal looked
        looked += 1
        if looked == 3:
            found.write_bytes(header(16_000))
        return is_closed(found)

    is_closed = module._is_closed
    monkeypatch.setattr(module, "_is_closed", look)
    await recorder.closed([path])
    assert looked == 3


async def test_a_file_that_is_never_closed_is_not_waited_for_for_ever(
    recorder: AsteriskRecorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.02)
    (tmp_path / "agent.wav").write_bytes(header(0))
    await recorder.closed([tmp_path / "agent.wav", tmp_path / "nothing.wav"])


def test_only_a_full_disk_makes_a_file_starve(
    recorder: AsteriskRecorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.wav"
    path.write_bytes(header(0))
    assert recorder.starved([path]) == []
    assert recorder.starved([path]) == [], "nobody may have said anything"
    monkeypatch.setattr(module, "_free", lambda path: 0)
    assert recorder.starved([path]) == [path]
    path.write_bytes(header(0) + bytes(32_000))
    assert recorder.starved([path]) == []
