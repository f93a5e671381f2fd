"""Reading events over HTTP: pages, streams on a real socket, filters, and what becomes of readers that misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
from sqlalchemy import delete

from outdial.api import event_stream, events
from outdial.api.auth import EVENTS_READ
from outdial.api.event_stream import MOST_OF_AN_ACCOUNT
from outdial.domain.notices import Notice
from outdial.domain.presence import Presence
from outdial.storage.outbox import add_notices
from outdial.storage.tables import outbox
from support.api_world import ACCOUNT, OTHER, ApiWorld, bearer
from support.raw_http import Listener, listening

PATH = f"/v6/{ACCOUNT}/events"


async def happen(world: ApiWorld, *calls: str, account: str = ACCOUNT, **data: Any) -> None:
    """One notice of each call."""
    found = [
        Notice("call.placed.v1", account, call, world.time.now(), {"callId": call, "agentId": "1234", **data})
        for call in calls
    ]
    await world.database.write(lambda c: add_notices(c, found), account=account, rings=True)


async def forget(world: ApiWorld, up_to: int) -> None:
    """As the retention would."""
    await world.database.write(lambda c: c.execute(delete(outbox).where(outbox.c.seq <= up_to)).rowcount)


async def start(world: ApiWorld) -> int:
    """The number of the newest event there is: the sandbox's account begins with some."""
    return (await world.parts.events.kept(ACCOUNT)).last


async def page(world: ApiWorld, **query: object) -> Any:
    response = await world.client.get(PATH, params={name: str(value) for name, value in query.items()})
    assert response.status_code == 200, response.text
    return response.json()


def calls_of(told: Any) -> list[str]:
    return [event["data"]["callId"] for event in told["events"]]


# Pages.


async def test_a_call_is_told_from_its_beginning_to_its_end(world: ApiWorld) -> None:
    after = await start(world)
    response = await world.place()
    call_id = response.json()["id"]
    await world.client.delete(f"/v6/{ACCOUNT}/calls/{call_id}")
    await world.settled()
    told = await page(world, after=after)
    catalogue = {each["type"]: each["schema"] for each in (await world.client.get("/event-types")).json()["types"]}
    for number, event in enumerate(told["events"], after + 1):
        assert int(event["sequence"]) == number
        jsonschema_rs.validator_for(catalogue[event["type"]]).validate(event["data"])
    kinds = [event["type"] for event in told["events"]]
    assert kinds[:3] == ["call.placed.v1", "call.originator.dialled.v1", "agent.state.changed.v1"]
    assert kinds[-3:] == ["call.originator.ended.v1", "call.ended.v1", "agent.state.changed.v1"]
    ended = told["events"][-2]
    assert ended["subject"] == f"calls/{call_id}"
    assert ended["data"]["hungUpBy"] == "Api"


async def test_pages_follow_each_other_without_gap_or_repetition(world: ApiWorld) -> None:
    after = str(await start(world))
    await happen(world, *"abcdefg")
    found, more = [], True
    while more:
        told = await page(world, after=after, limit=3)
        found += calls_of(told)
        after, more = told["next"], told["more"]
    assert found == list("abcdefg")
    assert await page(world, after=after) == {"events": [], "next": after, "more": False}


async def test_without_a_place_pages_begin_with_the_oldest_that_is_kept(world: ApiWorld) -> None:
    await happen(world, *"abc")
    await forget(world, await start(world) - 2)
    assert calls_of(await page(world)) == ["b", "c"]


async def test_filters_by_type_agent_group_and_call(world: ApiWorld) -> None:
    after = await start(world)
    await happen(world, "a", agentId="1234")
    await happen(world, "b", agentId="4567")
    await happen(world, "c", agentId="9", groups=["400"])
    await happen(world, "d", agentId="9", party={"number": None, "agentId": "1234"})
    await world.presence("1234", Presence.BREAK)
    calls = {"after": after, "type": "call.*"}
    assert calls_of(await page(world, **calls)) == list("abcd")
    assert calls_of(await page(world, **calls, agent="1234")) == ["a", "d"]
    assert calls_of(await page(world, **calls, agent="1234,4567")) == ["a", "b", "d"]
    assert calls_of(await page(world, **calls, group="030")) == ["a", "d"], "1234 is in 030"
    assert calls_of(await page(world, **calls, group="400")) == ["c"], "asked of 400"
    assert calls_of(await page(world, **calls, call="b")) == ["b"]
    told = await page(world, after=after, type="agent.presence.*, agent.phone.*")
    assert [event["data"]["presence"] for event in told["events"]] == ["Break"]


async def test_a_filter_that_matches_little_looks_through_so_many_and_says_where_to_go_on(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_SCANNED", 10)
    monkeypatch.setattr(events, "_BATCH", 5)
    after = await start(world)
    await happen(world, *(["x"] * 12), "rare")
    told = await page(world, after=after, call="rare")
    assert (told["events"], told["next"], told["more"]) == ([], str(after + 10), True)
    told = await page(world, after=told["next"], call="rare")
    assert (calls_of(told), told["more"]) == (["rare"], False)


async def test_what_is_no_longer_kept_is_said_to_be_so_with_where_to_go_on(world: ApiWorld) -> None:
    await happen(world, *"abc")
    last = await start(world)
    await forget(world, last - 1)
    for after, headers in ((last - 2, {}), (last + 1, {}), (0, {"Accept": "text/event-stream"})):
        response = await world.client.get(PATH, params={"after": str(after)}, headers=headers)
        assert response.status_code == 410
        assert response.json() == {
            "message": response.json()["message"],
            "code": "events-not-kept",
            "resumeAfter": str(last - 1),
        }
    assert calls_of(await page(world, after=last - 1)) == ["c"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"type": "call.ended"}, "No type of event matches 'call.ended' (did you mean call.ended.v1?)"),
        ({"after": "yesterday"}, "after must be the number of an event"),
        ({"after": "-1"}, "after must be the number of an event"),
        ({"limit": "0"}, "limit must be a number from 1 to 1000"),
        ({"limit": "1001"}, "limit must be a number from 1 to 1000"),
        ({"agent": ",".join(map(str, range(51)))}, "agent must be at most 50 names"),
        ({"group": "a b"}, None),
    ],
)
async def test_what_can_not_be_asked_is_said(world: ApiWorld, query: dict[str, str], said: str | None) -> None:
    response = await world.client.get(PATH, params=query)
    assert response.status_code == 400
    assert said is None or response.json()["message"] == said


async def test_no_reader_sees_another_accounts_events(world: ApiWorld) -> None:
    await happen(world, "theirs", account=OTHER)
    assert "theirs" not in json.dumps(await page(world, limit=1000))
    response = await world.client.get(f"/v6/{OTHER}/events")
    assert response.status_code == 403
    for scopes in (frozenset({"calls:read"}), frozenset({"admin"})):
        answer = await world.client.get(PATH, headers=bearer(world.token(scopes=scopes)))
        assert answer.status_code == 403
    assert (await world.client.get(PATH, headers=bearer(world.token(scopes=frozenset({EVENTS_READ}))))).is_success
    assert (await world.client.get(PATH, headers={"Authorization": "Bearer x"})).status_code == 401


# Streams.


@dataclass
class Reader:
    """An open stream."""

    response: aiohttp.ClientResponse

    async def block(self) -> dict[str, str]:
        """The next block, whatever it is."""
        raw = (await self.response.content.readuntil(b"\n\n")).decode()
        return {name: value for name, _, value in (line.partition(": ") for line in raw.strip().split("\n"))}

    async def event(self) -> tuple[int, Any]:
        """The next event, with its number."""
        while "data" not in (found := await self.block()):
            pass
        return int(found["id"]), json.loads(found["data"])

    async def calls(self, count: int) -> list[str]:
        return [(await self.event())[1]["data"]["callId"] for _ in range(count)]


@asynccontextmanager
async def stream(world: ApiWorld, listener: Listener, **query: str) -> AsyncIterator[Reader]:
    headers = bearer(world.token()) | {"Accept": "text/event-stream"}
    last = query.pop("last_event_id", None)
    if last is not None:
        headers["Last-Event-ID"] = last
    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{listener.port}{PATH}"
        async with http.get(url, params=query, headers=headers) as response:
            assert response.status == 200, await response.text()
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            yield Reader(response)


@pytest.fixture
async def listener(world: ApiWorld) -> AsyncIterator[Listener]:
    async with listening(world.app) as found:
        yield found
        world.app.state.streams.close()


async def test_a_stream_tells_what_happens_from_now_on(world: ApiWorld, listener: Listener) -> None:
    await happen(world, "before")
    last = await start(world)
    async with stream(world, listener) as reader:
        assert await reader.block() == {"retry": "2000", "id": str(last)}
        await happen(world, "a", "b")
        number, event = await reader.event()
        assert (number, event["data"]["callId"], event["specversion"]) == (last + 1, "a", "1.0")
        assert await reader.calls(1) == ["b"]


async def test_a_reader_that_comes_back_misses_and_repeats_nothing(world: ApiWorld, listener: Listener) -> None:
    after = str(await start(world))
    await happen(world, *"abcdef")
    async with stream(world, listener, after=after) as reader:
        assert await reader.calls(2) == ["a", "b"]
    last_id = str(int(after) + 2)
    async with stream(world, listener, after=after, last_event_id=last_id.zfill(20)) as reader:
        assert await reader.calls(4) == list("cdef")
        await happen(world, "g")
        assert await reader.calls(1) == ["g"]


async def test_a_filtered_stream_says_how_far_it_has_come(world: ApiWorld, listener: Listener) -> None:
    async with stream(world, listener, call="b") as reader:
        await reader.block()
        await happen(world, "a")
        assert await reader.block() == {"id": str(await start(world))}
        await happen(world, "b", "c")
        number, event = await reader.event()
        assert (number, event["data"]["callId"]) == (await start(world) - 1, "b")
        assert await reader.block() == {"id": str(await start(world))}


async def test_a_quiet_stream_beats(world: ApiWorld, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.02)
    async with stream(world, listener) as reader:
        await reader.block()
        assert await reader.block() == {"": "still here", "id": str(await start(world))}


async def test_a_reader_whose_token_is_no_longer_good_is_sent_away(
    world: ApiWorld, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "CHECK_SECONDS", 0.02)
    async with stream(world, listener) as reader:
        await reader.block()
        await world.change_account(api_token_hash="another")
        while (end := await reader.block()).get("event") != "end":
            pass
        assert json.loads(end["data"]) == {
            "message": "The access token is invalid or has expired",
            "resumeAfter": await start(world),
        }
        assert await reader.response.content.read() == b""


async def test_a_stop_ends_every_stream_and_says_where_to_go_on(world: ApiWorld, listener: Listener) -> None:
    async with stream(world, listener) as reader:
        await reader.block()
        await happen(world, "a")
        await reader.calls(1)
        world.app.state.streams.close()
        end = await reader.block()
        assert (end["event"], end["id"]) == ("end", str(await start(world)))
        assert await reader.response.content.read() == b""


async def test_a_reader_that_fell_behind_what_is_kept_is_told_where_to_go_on(
    world: ApiWorld, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = await start(world)
    await happen(world, *"abcdef")
    monkeypatch.setattr(event_stream, "PAGE", 2)
    original = event_stream.EventStream._told

    async def told_and_forgotten(self: Any, page: Any) -> str:
        text = await original(self, page)
        await forget(world, after + 5)
        return text

    monkeypatch.setattr(event_stream.EventStream, "_told", told_and_forgotten)
    async with stream(world, listener, after=str(after)) as reader:
        assert await reader.calls(2) == ["a", "b"]
        end = await reader.block()
        assert (end["event"], json.loads(end["data"])["resumeAfter"]) == ("end", after + 5)


async def only_open(streams: event_stream.Streams, count: int) -> None:
    while streams._open.total() > count:  # noqa: ASYNC110 -- a stream ends without telling anybody
        await asyncio.sleep(0.01)


async def unread(listener: Listener, world: ApiWorld) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A reader that asks and then takes nothing, with as little room as it can have."""
    after = await start(world)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
    lines = (
        f"GET {PATH}?after={after} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {world.token()}",
        "Accept: text/event-stream",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    await writer.drain()
    return reader, writer


async def test_a_reader_that_takes_nothing_is_cut_off_and_holds_up_nobody(
    world: ApiWorld, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "STUCK_SECONDS", 2)
    streams: event_stream.Streams = world.app.state.streams
    stuck, writer = await unread(listener, world)
    async with stream(world, listener) as quick:
        await quick.block()
        bulk = {"detail": "x" * 20_000}
        for number in range(20):
            await happen(world, *(f"call{number}-{each}" for each in range(20)), **bulk)
            await quick.calls(20)
        await only_open(streams, 1)
        await happen(world, "after")
        assert await quick.calls(1) == ["after"]
    # What it had been sent before is still there, and the last number in it is where to go on.
    received = b""
    while part := await stuck.read(65536):
        received += part
    numbers = [int(line[4:]) for line in received.decode(errors="ignore").split("\n") if line.startswith("id: ")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) < 400
    writer.close()


async def test_a_reader_that_is_slow_is_told_so(
    world: ApiWorld, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "SLOW_SECONDS", -1.0)
    async with stream(world, listener) as reader:
        await reader.block()
        end = await reader.block()
        assert json.loads(end["data"])["message"] == "You read too slowly"


async def test_an_account_has_so_many_streams_and_no_more(world: ApiWorld, listener: Listener) -> None:
    streams: event_stream.Streams = world.app.state.streams
    streams._open[ACCOUNT] = MOST_OF_AN_ACCOUNT
    response = await world.client.get(PATH, headers={"Accept": "text/event-stream"})
    assert (response.status_code, response.json()["code"]) == (429, "too-many-streams")
    streams._open[ACCOUNT] = 0
    async with stream(world, listener) as reader:
        await reader.block()
        assert streams._open[ACCOUNT] == 1
    await only_open(streams, 0)


async def test_a_head_request_does_not_wait_for_events(world: ApiWorld) -> None:
    response = await world.client.head(PATH, headers={"Accept": "text/event-stream"})
    assert response.status_code == 200
