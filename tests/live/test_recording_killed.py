"""The service is killed just as the switch begins to record: the next one finds out when that was, by the files."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from outdial.sandbox.tones import Sound, spans
from support import recording_drills as drills
from support.in_time import in_time
from support.recording_drills import TONES, Recorded
from support.served import Served, served, until

NEAR_MS = 100
AWAY_SECONDS = (0.5, 3.0)
"""Before the switch has written anything of what is said, and after."""


@in_time
@pytest.mark.timeout(300)
async def test_a_pause_is_where_it_was_made_although_nobody_was_told_when_the_recording_began(short_path: Path) -> None:
    async with served(short_path) as world:
        for number, away in enumerate(AWAY_SECONDS):
            call = await begun_unheard(world, f"200{number + 1}", away)
            await control(world, call, "Paused")
            await asyncio.sleep(1)
            await control(world, call, "Started")
            await asyncio.sleep(1)
            await drills.end(world, [call])
            await drills.fetch(world, [call])
            (pause,) = call.kept["pauses"]
            pause_ms = [moment(pause[word]) - moment(call.kept["startedAt"]) for word in ("from", "to")]
            assert moment(call.kept["startedAt"]) - moment(call.said["times"]["joined"]) <= NEAR_MS
            talked = moment(call.said["times"]["ended"]) - moment(call.kept["startedAt"])
            for leg, sound in call.sounds.items():
                edges = [0, *pause_ms, talked]
                heard = edges_of(sound, TONES[leg])
                assert len(heard) == len(edges), (leg, heard, edges)
                assert all(abs(at - right) <= NEAR_MS for at, right in zip(heard, edges, strict=True)), (heard, edges)
            ledger = await drills.manage(world, "GET", f"/recordings/ledger?callId={call.id}&limit=200")
            assert "recording.failed" not in {entry["kind"] for entry in ledger["items"]}, ledger
        await drills.verified(world)


async def begun_unheard(world: Served, agent: str, away: float) -> Recorded:
    """A call whose recording began in the moment in which the service was killed, and went on without it."""
    await world.stop()
    await world.start("support.unhearing")
    await until(world.everybody_free, "every phone has registered", lambda: f"{world.not_free}")
    await drills.manage(world, "PATCH", "", {"recording": {"legs": "both"}})
    call_id = await world.place({"agentId": agent}, {"telephoneNumber": "02072068001"})
    spool = world.data / "recordings" / "spool" / call_id

    async def written() -> bool:
        return len(list(spool.glob("*.wav"))) == len(TONES)

    await until(written, "both legs are written")
    await world.kill()
    await asyncio.sleep(away)
    await world.start()

    async def recorded() -> bool:
        return bool((await world.call(call_id))["recordingStatus"] == "Started")

    await until(recorded, "it is known that the call is recorded")
    await asyncio.sleep(0.5)
    return Recorded(call_id, set(TONES), {}, {}, {})


async def control(world: Served, call: Recorded, word: str) -> None:
    url = f"{world._account()}/calls/{call.id}"
    async with world.http.post(url, json={"recordingStatus": word}, headers=world.headers) as reply:
        assert reply.status == 202, await reply.text()


def edges_of(sound: Sound, tone: int) -> list[int]:
    """When a tone begins and ends, over and over, but for holes that a busy far end makes."""
    edges = list[int]()
    for span in spans(sound, (tone,)):
        if edges and span.start_ms - edges[-1] <= NEAR_MS:
            edges[-1] = span.end_ms
        else:
            edges += [span.start_ms, span.end_ms]
    return edges


def moment(told: str) -> int:
    return round(datetime.fromisoformat(told).timestamp() * 1000)
