"""Two thousand clients at once for fifty agents in three overlapping groups, on the real switch and both databases:
no agent is ever in two calls, by the switch's own channels and by the record; and every call ends."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from outdial.sandbox import seed
from outdial.storage.database import open_database
from outdial.storage.outbox import StoredNotices
from support import postgres
from support.sandbox_world import Reply, World, until
from support.served import Served, served
from support.watching import CREATED, DESTROYED, Watch, watching

CLIENTS = 2_000
ACCOUNT = "contended"
AGENTS = [str(1_000 + number) for number in range(50)]
ENOUGH = 3 * len(AGENTS)
"""How many calls there must be. All clients ask at once; whoever is refused asks again until so many were placed."""
GROUPS = {"a": AGENTS[:25], "b": AGENTS[15:40], "c": AGENTS[30:]}
NUMBERS = [f"020 7946 000{last}" for last in (1, 3, 4, 5, 8, 9)]
"""Numbers that end their calls themselves; whoever answers for good is hung up by the client."""
TALKS = "020 7206 8900"
REFUSALS = {"agent-busy", "called-agent-busy", "no-agent-available"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of an empty PostgreSQL; none for the product's own file."""
    if request.param == "sqlite":
        yield None
        return
    with postgres.running() as server, server.empty() as url:
        yield url


@dataclass(frozen=True)
class Wish:
    """What one client wants, after how many seconds it asks again, and after how many it hangs up."""

    caller: dict[str, Any]
    callee: dict[str, str]
    hangs_up_after: float | None
    asks_again_after: float


def wishes() -> list[Wish]:
    chance = random.Random(7)
    found = []
    for number in range(CLIENTS):
        named, called = chance.sample(AGENTS, 2)
        groups: dict[str, Any] = {"groups": chance.sample(sorted(GROUPS), chance.randint(1, 3))}
        after, again = chance.choice([0.0, 0.1, 0.3, 0.5, 1.0]), chance.uniform(4, 20)
        match number % 10:
            case 0:
                found.append(Wish({"agentId": named}, {"agentId": called}, after, again))
            case 1:
                found.append(Wish(groups, {"agentId": called}, after, again))
            case 2:
                found.append(Wish({"agentId": named}, {"telephoneNumber": TALKS}, after, again))
            case _:
                found.append(Wish(groups, {"telephoneNumber": chance.choice(NUMBERS)}, None, again))
    return found


def test_the_watch_sees_who_is_in_two_calls() -> None:
    agents = {"c1": ["1"], "c2": ["1", "2"]}
    first, second = [(CREATED, "c1-agent"), (DESTROYED, "c1-agent")], [(CREATED, "c2-agent"), (DESTROYED, "c2-agent")]
    assert Watch([*first, *second], [frozenset({"c1-agent"})]).in_two_calls(agents) == []
    assert Watch([first[0], *second, first[1]]).in_two_calls(agents) == ["1 in c1 and c2"]
    assert len(Watch([], [frozenset({"c1-agent", "c2-party"})]).in_two_calls(agents)) == 1


@pytest.mark.timeout(300)
async def test_no_agent_is_ever_in_two_calls(tmp_path: Path, database: str | None) -> None:
    async with served(tmp_path, database=database) as service:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            world = seen_by_clients(service, http)
            token = await furnish(world)
            async with watching(service.data / "switch") as watch:
                began = time.monotonic()
                answers = Answers()
                await asyncio.gather(*(ask(world, token, wish, answers) for wish in wishes()))
                replies = answers.all
                placed = {reply.id: agents_of(reply) for reply in replies if reply.status == 201}
                await until(lambda: is_quiet(world), "no channel is left")
                await until(lambda: has_seen_all(watch, placed), "the second listener has heard of every call's end")
            tell(replies, watch, time.monotonic() - began)
            refused = Counter((reply.status, reply.body["code"]) for reply in replies if reply.status != 201)
            assert {(400, code) for code in REFUSALS} >= refused.keys()
            assert len(placed) >= ENOUGH
            assert refused.total() > len(placed), "nobody had to compete: this proves nothing"
            assert watch.calls == placed.keys()
            assert watch.in_two_calls(placed) == []
            assert max(len(look) for look in watch.looks) > len(AGENTS) // 2, "the looks saw hardly anything"
            for call_id in placed:
                told = await world.call(call_id, account=ACCOUNT, token=token)
                assert told["result"] is not None, told
            told = await world.manage("GET", f"/accounts/{ACCOUNT}/agents?limit={2 * len(AGENTS)}")
            assert [agent["callId"] for agent in told["items"]] == [None] * len(AGENTS)
        await the_record_agrees(service, placed)


def seen_by_clients(service: Served, http: aiohttp.ClientSession) -> World:
    far_end = {"host": service.far_end.sip.host, "port": service.far_end.sip.port}
    return World({"url": service.url, "data": str(service.data), "access_token": "", "far_end": far_end}, http, 0)


async def furnish(world: World) -> str:
    """An account whose fifty agents have phones at the far end that answer by themselves; a token for it."""
    own, plenty = f"/accounts/{ACCOUNT}", {"callsPerSecond": 1000, "maxConcurrentCalls": 1000}
    account = {"key": ACCOUNT, "name": "Contended", "homeCountry": "GB", "wrapUpSeconds": 0, **plenty}
    operator = await world.operator()

    async def manage(method: str, path: str, body: object = None) -> Mapping[str, Any]:
        reply = await world.ask(method, f"/manage{own}{path}", body, token=operator)
        assert reply.status < 300, reply
        return reply.body

    made = (await world.ask("POST", "/manage/accounts", account, token=operator)).body
    far_end = "{host}:{port}".format(**world.ready["far_end"])
    phone = {"kind": "address", "address": f"sip:{seed.sip_user('1234')}@{far_end}"}
    await asyncio.gather(
        manage("POST", "/trunks", {"id": "t", **world.ready["far_end"], **plenty}),
        *(manage("POST", "/groups", {"id": group, "name": group}) for group in GROUPS),
        *(manage("POST", "/agents", {"id": agent, "name": agent, "phone": phone}) for agent in AGENTS),
    )
    pairs = [(group, agent) for group, members in GROUPS.items() for agent in members]
    await asyncio.gather(*(manage("PUT", f"/groups/{group}/members/{agent}") for group, agent in pairs))
    return await world.token_of(ACCOUNT, made["apiToken"])


class Answers:
    """What all clients were answered, and whether enough calls were placed."""

    def __init__(self) -> None:
        self.all: list[Reply] = []
        self.enough = asyncio.Event()
        self._placed = 0

    def add(self, reply: Reply) -> None:
        self.all.append(reply)
        self._placed += reply.status == 201
        if self._placed >= ENOUGH:
            self.enough.set()


async def ask(world: World, token: str, wish: Wish, answers: Answers) -> None:
    """What one client does."""
    while True:
        reply = await world.place(wish.caller, wish.callee, account=ACCOUNT, token=token)
        answers.add(reply)
        if reply.status == 201:
            break
        with suppress(TimeoutError):
            await asyncio.wait_for(answers.enough.wait(), wish.asks_again_after)
            return
    if wish.hangs_up_after is not None:
        await asyncio.sleep(wish.hangs_up_after)
        ended = await world.ask("DELETE", f"/v6/{ACCOUNT}/calls/{reply.id}", token=token)
        assert ended.status in (200, 202), ended


def agents_of(reply: Reply) -> list[str]:
    called = reply.body["to"].get("agentId")
    return [reply.body["from"]["agentId"], *([called] if called else [])]


async def is_quiet(world: World) -> bool:
    return await world.channels() == set()


async def has_seen_all(watch: Watch, placed: Mapping[str, object]) -> bool:
    return watch.calls >= placed.keys() and watch.left() == set()


async def the_record_agrees(service: Served, placed: Mapping[str, list[str]]) -> None:
    """Notices are numbered in the order of the commits: nobody is placed in a call before the last one has ended."""
    busy: dict[str, str] = {}
    ended, last = 0, 0
    async with open_database(service.database or f"sqlite:///{service.data / 'outdial.db'}") as opened:
        stored = StoredNotices(opened)
        while page := await stored.after(ACCOUNT, last):
            last = page[-1][0]
            for _, notice in page:
                call_id = notice.call_id or ""
                if notice.type == "call.placed.v1":
                    assert not busy.keys() & set(placed[call_id])
                    busy.update(dict.fromkeys(placed[call_id], call_id))
                elif notice.type == "call.ended.v1":
                    ended += 1
                    assert {busy.pop(agent) for agent in placed[call_id]} == {call_id}
    assert (ended, busy) == (len(placed), {})


def tell(replies: list[Reply], watch: Watch, seconds: float) -> None:
    said = Counter(reply.body.get("code", "placed") for reply in replies)
    print(f"{seconds:.1f} s: {dict(said)}, {len(watch.history)} channel events, {len(watch.looks)} looks")
