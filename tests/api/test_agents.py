"""Reading agents: the call they are in, and who is available."""

import pytest

from outdial.domain.presence import Presence
from support.api_world import ACCOUNT, BASE, ApiWorld

URL = f"/v0/{ACCOUNT}/agents"


async def test_an_agent_is_read_with_the_call_they_are_in(world: ApiWorld) -> None:
    me = {"href": f"{BASE}{URL}/1234", "rel": "_self"}
    free = (await world.client.get(f"{URL}/1234")).json()
    assert free == {"id": "1234", "links": [me], "currentCallGuid": None}
    call_id = (await world.place({"from": {"agentId": "1234"}, "to": {"agentId": "4567"}})).json()["id"]
    for agent in ("1234", "4567"):
        busy = (await world.client.get(f"{URL}/{agent}")).json()
        assert list(busy) == ["id", "links", "currentCallGuid"]
        assert busy["currentCallGuid"] == call_id
        assert busy["links"][1] == {"href": f"{BASE}/v0/{ACCOUNT}/calls/{call_id}", "rel": "currentCall"}


@pytest.mark.parametrize("agent", ["99", "x", "1" * 12, "%00", "١٢"])
async def test_an_agent_that_is_not_there(world: ApiWorld, agent: str) -> None:
    response = await world.client.get(f"{URL}/{agent}")
    assert (response.status_code, response.json()) == (404, {"message": "Agent not found", "code": "agent-not-found"})


async def available(world: ApiWorld, query: str) -> list[str]:
    response = await world.client.get(f"{URL}/?availability=readyForPhoneCall{query}")
    assert response.status_code == 200
    said = response.json()
    assert list(said) == ["count", "agents"]
    assert said["count"] == len(said["agents"])
    for agent in said["agents"]:
        assert agent["links"] == [{"href": f"{BASE}{URL}/{agent['id']}", "rel": "_self"}]
    return [agent["id"] for agent in said["agents"]]


@pytest.mark.parametrize("query", ["", "&fields=count", "&fields=count&groups=", "&groups=,,"])
async def test_everybody_who_is_available(world: ApiWorld, query: str) -> None:
    found = await available(world, query)
    assert {"1234", "4567"} <= set(found)
    await world.presence("4567", Presence.AWAY)
    await world.place()
    assert set(found) - set(await available(world, query)) == {"1234", "4567"}


@pytest.mark.parametrize("groups", ["030,200", "030%2C200", "200,%20030,", "030&groups=200", "030,200,nosuch"])
async def test_only_members_of_the_groups(world: ApiWorld, groups: str) -> None:
    wanted = {*await world.directory.members(ACCOUNT, "030"), *await world.directory.members(ACCOUNT, "200")}
    assert set(await available(world, f"&groups={groups}")) == wanted


async def test_of_a_group_nobody_knows_nobody_is_available(world: ApiWorld) -> None:
    assert await available(world, "&groups=30") == []


async def test_the_order_is_that_in_which_a_call_takes_them(world: ApiWorld) -> None:
    first, second = (await available(world, "&groups=400"))[:2]
    for expected in (first, second):
        placed = await world.place({"from": {"groups": ["400"]}, "to": {"telephoneNumber": "02072068888"}})
        assert placed.json()["from"]["agentId"] == expected


WRONG = [
    ("", "availability must be readyForPhoneCall", "wrong-type"),
    ("?availability=ready", "availability must be readyForPhoneCall", "wrong-type"),
    ("?availability=readyForPhoneCall&availability=x", "availability must be readyForPhoneCall", "wrong-type"),
    ("?availability=readyForPhoneCall&fields=id", "fields must be count", "wrong-type"),
    (
        "?availability=readyForPhoneCall&groups=%00",
        "Group Id must contain 1 to 32 letters, digits, dashes or underscores",
        "group-id-invalid",
    ),
    (
        "?availability=readyForPhoneCall&groups=" + ",".join(map(str, range(51))),
        "Groups exceeded 50 entries",
        "too-many-groups",
    ),
]


@pytest.mark.parametrize(("query", "message", "code"), WRONG, ids=[each[0][:60] for each in WRONG])
async def test_what_can_not_be_asked(world: ApiWorld, query: str, message: str, code: str) -> None:
    response = await world.client.get(f"{URL}/{query}")
    assert (response.status_code, response.json()) == (400, {"message": message, "code": code})
