"""Following events with commands, over whatever breaks in between."""

import asyncio
import json

import pytest

from outdial.api.event_stream import Streams
from outdial.cli import event_source
from outdial.domain.notices import Notice
from outdial.storage.outbox import add_notices
from support.api_world import ACCOUNT, ApiWorld
from support.command_line import Line

OF = ("--account", ACCOUNT)


async def happen(world: ApiWorld, *calls: str) -> None:
    party = {"number": "+442079460000", "agentId": None}
    result = {"code": "Failure", "party": "Destination", "reason": "NumberBusy"}
    found = [
        Notice(
            "call.ended.v1",
            ACCOUNT,
            call,
            world.time.now(),
            {"callId": call, "agentId": "1234", "party": party, "result": result, "hungUpBy": "Party"},
        )
        for call in calls
    ]
    await world.database.write(lambda c: add_notices(c, found), account=ACCOUNT, rings=True)


async def are_open(streams: Streams, count: int) -> None:
    while streams._open.total() != count:  # noqa: ASYNC110 -- a stream tells nobody that it begins or ends
        await asyncio.sleep(0.01)


async def last(world: ApiWorld) -> str:
    return str((await world.parts.events.kept(ACCOUNT)).last)


async def test_events_are_told_in_a_line_each(line: Line) -> None:
    after = await last(line.world)
    await happen(line.world, "a", "b")
    ran = await line.run("events", "tail", "--after", after, "--limit", "2", "--type", "call.*", *OF)
    assert ran.status == 0
    first, second = ran.out.splitlines()
    assert first.split()[0] == str(int(after) + 1)
    assert "call.ended.v1" in first
    assert "agent 1234  → +442079460000  Failure: Destination NumberBusy  by Party  a" in first
    assert second.endswith("  b")


async def test_for_machines_each_line_is_an_event(line: Line) -> None:
    after = await last(line.world)
    await happen(line.world, "a", "b", "c")
    ran = await line.run("events", "tail", "--after", after, "-n", "1", "--call", "b", "--json", *OF)
    [event] = [json.loads(each) for each in ran.out.splitlines()]
    assert (event["specversion"], event["data"]["callId"]) == ("1.0", "b")


async def test_it_goes_on_where_it_was_after_an_interruption(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_source, "FIRST_PAUSE_SECONDS", 0.01)
    after = await last(line.world)
    await happen(line.world, "a")
    tail = asyncio.create_task(line.run("events", "tail", "--after", after, "-n", "3", "--json", *OF))
    streams = line.world.app.state.streams
    await are_open(streams, 1)
    streams.close()
    await are_open(streams, 0)
    streams.closing = asyncio.Event()
    await happen(line.world, "b", "c")
    ran = await tail
    assert [json.loads(each)["data"]["callId"] for each in ran.out.splitlines()] == ["a", "b", "c"]


async def test_what_stands_in_the_way_is_one_line(line: Line) -> None:
    ran = await line.run("events", "tail", "--type", "call.ended", *OF)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "outdial: No type of event matches 'call.ended' (did you mean call.ended.v1?)\n"
    ran = await line.run("events", "tail", "--after", "99999", *OF)
    assert "No event has that number yet; go on after" in ran.err


async def test_the_catalogue(line: Line) -> None:
    ran = await line.run("events", "types")
    assert "agent.presence.changed.v1" in ran.out
    found = await line.json("events", "types")
    assert "hungUpBy" in next(each for each in found if each["type"] == "call.ended.v1")["schema"]["properties"]
