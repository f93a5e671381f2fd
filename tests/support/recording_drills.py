"""The recording drills: recorded calls, and then a kill, a full disk, or an object store that is away.

Each raises AssertionError, with what it saw, where a recording that was begun is lost, one is made without permission,
or the ledger does not verify.
"""

import asyncio
import io
import json
import subprocess
import wave
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outdial.sandbox import seed
from outdial.sandbox.behaviours import AGENT_TONE, PARTY_TONE
from outdial.sandbox.tones import Sound, heard_ms, power_at
from support.s3 import ObjectStore
from support.served import Served, until

Members = dict[str, Any]
TONES = {"agent": AGENT_TONE, "party": PARTY_TONE}
AWAY_SECONDS = 3.0
BUFFERED_MS = 2_048
"""What the switch gathers before it writes: so much of the end is lost with it."""
SLACK_MS = 400
"""What a machine that is being killed on may be late."""
SILENT = (32_767 * 10 ** (-60 / 20)) ** 2 / 2


@dataclass
class Recorded:
    """A call of a drill, and the legs that may be recorded of it."""

    id: str
    legs: set[str]
    said: Members
    kept: Members
    sounds: dict[str, Sound]


def consent(word: str | None) -> Members:
    return {} if word is None else {"consent": word}


async def manage(world: Served, method: str, path: str, body: object = None) -> Any:
    url = f"{world.url}/manage/accounts/{seed.ACCOUNT}{path}"
    async with world.http.request(method, url, json=body, headers=world.headers) as reply:
        assert reply.status < 300, await reply.text()
        return await reply.json() if method != "POST" else await reply.text()


async def begin(world: Served, count: int) -> list[Recorded]:
    """So many joined calls: of every third one leg may be recorded, of the others both."""
    await until(lambda: _is_ready(world), "calls can be placed")
    await manage(world, "PATCH", "", {"recording": {"legs": "both", "recordOrDrop": False}})
    calls = []
    for number in range(count):
        word = "TwoParty" if number % 3 == 2 else None
        caller = {"agentId": str(2001 + number), **consent(word)}
        call_id = await world.place(caller, {"telephoneNumber": f"0207206{8000 + number}", **consent(word)})
        calls.append(Recorded(call_id, {"agent"} if word else {"agent", "party"}, {}, {}, {}))

    async def recorded() -> bool:
        told = [await world.call(call.id) for call in calls]
        return all(each["recordingStatus"] == "Started" for each in told)

    await until(recorded, "every call is recorded")
    return calls


async def end(world: Served, calls: Sequence[Recorded]) -> None:
    """Hang every call up, and wait until each has ended."""
    for call in calls:
        await world.hang_up(call.id)
    await ended(world, calls)


async def ended(world: Served, calls: Sequence[Recorded]) -> None:
    async def over() -> bool:
        return all([(await world.call(call.id))["result"] for call in calls])

    await until(over, "every call has ended")


async def fetch(world: Served, calls: Sequence[Recorded]) -> None:
    """What is kept of each call, with its sound; no leg of it without permission."""
    for call in calls:
        call.said = await world.call(call.id)
        await until(lambda call=call: _is_kept(world, call), f"{call.id} is kept", lambda call=call: f"{call.kept}")
        for leg in (each["leg"] for each in call.kept["legs"]):
            assert leg in call.legs, f"{call.id}: the {leg}'s leg was recorded without permission"
            call.sounds[leg] = await _sound(world, call, leg)
            other = PARTY_TONE if leg == "agent" else AGENT_TONE
            sound = call.sounds[leg]
            assert power_at(sound.samples, sound.rate, other) < SILENT, f"{call.id}: the {leg}'s leg holds the other"


async def verified(world: Served) -> Members:
    """Ledger, database and audio agree; what was looked at."""
    text = await manage(world, "POST", "/recordings/verification", {})
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 1, lines
    return dict(lines[0]["verified"])


async def kill_the_service(world: Served) -> str:
    """Kill -9 the service under recorded calls; the switch goes on recording, and the next process finishes."""
    calls = await begin(world, 6)
    await asyncio.sleep(1)
    await world.kill()
    await asyncio.sleep(AWAY_SECONDS)
    await world.start()
    await asyncio.sleep(1)
    await end(world, calls)
    await fetch(world, calls)
    for call in calls:
        assert set(call.sounds) == call.legs, call.kept
        assert not call.kept["cutShort"], call.kept
        _check_whole(call, SLACK_MS)
    return f"{len(calls)} recordings whole, through {AWAY_SECONDS:g} s without the service"


async def kill_the_service_at_the_end(world: Served) -> str:
    """Kill -9 the service in the very moment in which recorded calls are hung up."""
    calls = await begin(world, 6)
    await asyncio.sleep(2)
    hanging_up = asyncio.gather(*(world.hang_up(call.id) for call in calls), return_exceptions=True)
    await asyncio.sleep(0.02)
    await world.kill()
    await hanging_up
    await world.start()
    await end(world, calls)
    await fetch(world, calls)
    for call in calls:
        assert set(call.sounds) == call.legs, call.kept
    cut = sum(call.kept["cutShort"] for call in calls)
    return f"{len(calls)} recordings kept, {cut} of them marked as cut short"


async def kill_the_switch(world: Served) -> str:
    """Kill -9 the switch: what it had written is kept, and marked."""
    calls = await begin(world, 6)
    await asyncio.sleep(5)
    process = world.switch_process()
    assert process is not None
    process.kill()
    await ended(world, calls)
    await fetch(world, calls)
    lost = 0
    for call in calls:
        assert set(call.sounds) == call.legs, call.kept
        assert call.kept["cutShort"], call.kept
        talked = _talked(call)
        shortest = min(sound.length_ms for sound in call.sounds.values())
        lost = max(lost, talked - shortest)
        assert shortest >= talked - BUFFERED_MS - SLACK_MS, (call.kept, talked)
    await until(world.everybody_free, "the switch is back, and every phone")
    return f"{len(calls)} recordings kept and marked as cut short, at most {lost} ms of the end lost"


async def fill_the_disk(world: Served) -> str:
    """The disk runs full under recorded calls: they go on, and whoever looks is told; new ones are not recorded."""
    calls = await begin(world, 3)
    await asyncio.sleep(3)
    with _filled(world.data / "recordings"):
        refused = await world.place({"agentId": "2010"}, {"telephoneNumber": "02072068010"})
        await until(lambda: _failed(world, [refused]), "a call that can't be recorded says so")
        assert (await world.call(refused))["status"] == "Connected", "the call did not go on"
        await until(lambda: _failed(world, [call.id for call in calls]), "the recorded calls say that they fail")
        told = [await world.call(call.id) for call in calls]
        assert all(each["status"] == "Connected" for each in told), told
        await manage(world, "PATCH", "", {"recording": {"recordOrDrop": True}})
        dropped = await world.place({"agentId": "2011"}, {"telephoneNumber": "02072068011"})
        await until(lambda: _is_over(world, dropped), "a call that must be recorded is ended")
        detail = (await world.call(dropped))["detail"]
        assert detail.startswith("not recorded:"), detail
        await end(world, [*calls, Recorded(refused, set(), {}, {}, {})])
    await fetch(world, calls)
    async with world.http.get(f"{world.url}/metrics") as reply:
        count = next(
            float(line.split()[-1])
            for line in (await reply.text()).splitlines()
            if line.startswith("outdial_recording_failures_total")
        )
    assert count >= 5, count
    return f"{len(calls)} calls went on, {count:.0f} failures on record, what had been written is kept"


async def object_store_away(world: Served, store: ObjectStore, seconds: float) -> str:
    """The object store is away while calls are recorded, and comes back: nothing is lost between."""
    store.stop()
    calls = await begin(world, 6)
    await asyncio.sleep(2)
    await end(world, calls)
    await fetch(world, calls)
    for call in calls:
        _check_whole(call, SLACK_MS)
    await asyncio.sleep(seconds)
    store.start()

    async def moved() -> bool:
        left = list((world.data / "recordings").rglob(f"*{calls[0].id}*"))
        return len(store.names()) >= sum(len(call.legs) for call in calls) and not left

    # An attempt may have been put off for five minutes.
    for _ in range(8):
        try:
            await until(moved, "every recording is in the object store")
            break
        except TimeoutError:
            continue
    else:
        raise AssertionError(f"still not moved: {store.names()}")
    hashes = {(call.id, leg["leg"]): leg["sha256"] for call in calls for leg in call.kept["legs"]}
    await fetch(world, calls)
    assert hashes == {(call.id, leg["leg"]): leg["sha256"] for call in calls for leg in call.kept["legs"]}
    return f"{len(calls)} recordings kept while the store was away for {seconds:.0f} s, then moved and read back"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A folder is a file system of its own inside, of a size."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def _filled(folder: Path) -> Iterator[None]:
    """There is no room on a folder's disk inside."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


def _check_whole(call: Recorded, slack_ms: int) -> None:
    talked = _talked(call)
    for leg, sound in call.sounds.items():
        assert abs(sound.length_ms - talked) <= slack_ms, (leg, sound.length_ms, talked)
        # Where a machine is too busy to send in time, a tone has a hole here and there.
        assert heard_ms(sound, TONES[leg]) >= 0.9 * sound.length_ms, (leg, heard_ms(sound, TONES[leg]))


def _talked(call: Recorded) -> int:
    joined, over = (datetime.fromisoformat(call.said["times"][name]) for name in ("joined", "ended"))
    return round((over - joined).total_seconds() * 1000)


async def _is_kept(world: Served, call: Recorded) -> bool:
    url = f"{world.url}/v6/{seed.ACCOUNT}/recordings/{call.id}"
    async with world.http.get(url, headers=world.headers) as reply:
        call.kept = await reply.json()
        return reply.status == 200 and call.kept["status"] not in ("Processing", "Failed")


async def _sound(world: Served, call: Recorded, leg: str) -> Sound:
    url = f"{world.url}/v6/{seed.ACCOUNT}/recordings/{call.id}/audio?leg={leg}"
    async with world.http.get(url, headers=world.headers) as reply:
        assert reply.status == 200, await reply.text()
        with wave.open(io.BytesIO(await reply.read())) as file:
            return Sound(array("h", file.readframes(file.getnframes())), file.getframerate())


async def _failed(world: Served, calls: Sequence[str]) -> bool:
    told = [await world.call(call_id) for call_id in calls]
    return all(each["recording"]["failures"] and each["recordingStatus"] == "Stopped" for each in told)


async def _is_ready(world: Served) -> bool:
    async with world.http.get(f"{world.url}/readyz") as reply:
        return reply.status == 200


async def _is_over(world: Served, call_id: str) -> bool:
    return (await world.call(call_id))["result"] is not None
