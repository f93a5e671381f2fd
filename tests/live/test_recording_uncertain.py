"""A switch that stands still while it is told to record: nobody knows whether it does, and it does once it goes on."""

import asyncio
import os
import signal
from pathlib import Path

from outdial.sandbox import seed
from outdial.sandbox.behaviours import PARTY_TONE
from outdial.sandbox.tones import power_at
from support import recording_drills as drills
from support.recording_drills import Members, Recorded
from support.served import Served, served, until

STILL_SECONDS = 6
"""Longer than an action of the manager may go unanswered."""


async def control(world: Served, call_id: str, body: Members) -> tuple[int, Members]:
    url = f"{world.url}/v6/{seed.ACCOUNT}/calls/{call_id}"
    async with world.http.post(url, json=body, headers=world.headers) as reply:
        return reply.status, await reply.json()


async def test_a_leg_whose_start_nobody_confirmed_is_stopped_begun_anew_and_obeys_withdrawal(tmp_path: Path) -> None:
    async with served(tmp_path) as world:
        two = {"consent": "TwoParty"}
        call_id = await world.place({"agentId": "2001", **two}, {"telephoneNumber": "02072068001", **two})
        spool = world.data / "recordings" / "spool" / call_id

        async def recorded(*legs: str) -> bool:
            return (await world.call(call_id))["recording"]["now"]["legs"] == list(legs)

        await until(lambda: recorded("agent"), "the agent's leg is recorded")
        switch = world.switch_process()
        assert switch is not None
        os.kill(switch.pid, signal.SIGSTOP)
        consenting = asyncio.create_task(control(world, call_id, {"consent": "Given"}))
        await asyncio.sleep(STILL_SECONDS)
        # A service that was told late waits later.
        await until(lambda: has_failed(world, call_id), "it is known that nobody answers")
        os.kill(switch.pid, signal.SIGCONT)
        assert (await consenting)[0] == 202
        await until(lambda: recorded("agent", "party"), "the party's leg is recorded after all")
        (failure,) = {each for each in (await world.call(call_id))["recording"]["failures"] if "stopped" not in each}
        assert "does not answer" in failure

        # The first start was done once the switch went on, and was stopped then.
        await until(lambda: is_begun_anew(switch.pid, spool), "the first is not written, and one of those after it is")
        await asyncio.sleep(3)
        assert (await control(world, call_id, {"consent": "Withdrawn"}))[0] == 202
        await until(lambda: are_written(switch.pid, spool, "agent.wav"), "the party's leg is not written any more")
        sizes = {path.name: path.stat().st_size for path in spool.glob("party*.wav")}
        await asyncio.sleep(5)
        assert written(switch.pid, spool) == {"agent.wav"}
        assert sizes == {path.name: path.stat().st_size for path in spool.glob("party*.wav")}

        call = Recorded(call_id, {"agent", "party"}, {}, {}, {})
        await drills.end(world, [call])
        await drills.fetch(world, [call])
        # It lies behind the silence of what was missed.
        party = call.sounds["party"]
        assert party.length_ms > STILL_SECONDS * 1_000
        missed = party.samples[: party.rate * (STILL_SECONDS - 1)]
        assert power_at(missed, party.rate, PARTY_TONE) < drills.SILENT
        ledger = await drills.manage(world, "GET", f"/recordings/ledger?callId={call_id}&limit=200")
        kinds = [entry["kind"] for entry in ledger["items"]]
        assert kinds.count("recording.started") == 2
        assert "missingMs" in str(ledger)
        assert ("unknown to anybody" in str(ledger)) is (sizes.get("party.wav", 0) > 44)


def written(pid: int, folder: Path) -> set[str]:
    """The files of a folder that a process holds open."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = link.readlink()
        except FileNotFoundError:
            continue
        if target.parent == folder:
            found.add(target.name)
    return found


async def is_begun_anew(pid: int, folder: Path) -> bool:
    """Whether the party's leg goes into one file alone, and that not the first: it is the third where the switch stood
    still for long enough to miss the second too."""
    found = written(pid, folder) - {"agent.wav"}
    return len(found) == 1 and next(iter(found)).startswith("party-")


async def are_written(pid: int, folder: Path, *names: str) -> bool:
    return written(pid, folder) == set(names)


async def has_failed(world: Served, call_id: str) -> bool:
    return bool((await world.call(call_id))["recording"]["failures"])
