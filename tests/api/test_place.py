"""Placing calls: the examples of the page as printed, and the reply to the letter."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from outdial.calls.place_call import MOST_ATTEMPTS
from outdial.domain.commands import Ring
from outdial.domain.directory import Agent, Group
from outdial.domain.plan import Phone, PhoneKind
from support import curl_lines
from support.api_world import ACCOUNT, AGENT_TO_NUMBER, BASE, ApiWorld
from support.curl_lines import CurlLine

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBER = {"telephoneNumber": "02072068888"}
LINES = curl_lines.read(Path(__file__).parent / "page_requests.txt")
assert len(LINES) == 7


@pytest.mark.parametrize("line", LINES, ids=[line.body for line in LINES])
@pytest.mark.parametrize("path", ["/v0/a1b2c3d4e5/calls/", "/V0/A1B2C3D4E5/Calls"])
async def test_the_examples_of_the_page_run_as_printed(world: ApiWorld, path: str, line: CurlLine) -> None:
    assert (line.method, line.path) == ("POST", "/v0/a1b2c3d4e5/calls/")
    response = await world.client.post(path, content=line.body, headers=line.headers_with(world.token()))
    assert response.status_code == 201
    said, body = response.json(), json.loads(line.body)
    location = f"{BASE}/v0/a1b2c3d4e5/calls/{said['id']}"
    assert UUID.fullmatch(said["id"])
    assert response.headers["location"] == location
    agent = body["from"].get("agentId") or said["from"]["agentId"]
    expected = {
        "id": said["id"],
        "links": [{"href": location, "rel": "_self"}],
        **body,
        "from": {**body["from"], "agentId": agent},
    }
    assert said == expected
    assert list(said) == list(expected)
    assert world.switch.commands_of(said["id"]) == [Ring(180)]
    assert (await world.call(response)).plan.agent_id == agent


async def test_the_agent_of_a_group_is_named_and_is_one_of_the_group(world: ApiWorld) -> None:
    response = await world.place({"from": {"groups": ["400"]}, "to": NUMBER})
    assert response.json()["from"]["groups"] == ["400"]
    assert response.json()["from"]["agentId"] in await world.directory.members(ACCOUNT, "400")


@pytest.mark.parametrize(
    ("n", "accept", "content_type", "version"),
    [
        (0, None, "application/json", 0),
        (6, None, "application/json", 6),
        (0, None, "application/json; version=1.1", 2),
        (0, None, "application/json;version=1.0", 1),
        (0, "application/json;version=4", "application/json;version=5", 4),
        (0, 'application/json; VERSION="6"', "application/json", 6),
        (5, "*/*", "application/json", 5),
        (0, "text/html, application/json; version = 3 ; q=1", "application/json", 3),
    ],
)
async def test_the_reply_says_its_version(
    world: ApiWorld, n: int, accept: str | None, content_type: str, version: int
) -> None:
    headers = {"Content-Type": content_type, **({"Accept": accept} if accept else {})}
    response = await world.client.post(f"/v{n}/{ACCOUNT}/calls/", content=json.dumps(AGENT_TO_NUMBER), headers=headers)
    assert response.status_code == 201
    assert response.headers["content-type"] == f"application/json; version={version}"
    assert f"/v{n}/" in response.headers["location"]
    assert (await world.call(response)).plan.version == version


@pytest.mark.parametrize("bad", ["7", "1.2", "-1", "six", "", "0.1"])
@pytest.mark.parametrize("name", ["Accept", "Content-Type"])
async def test_versions_that_do_not_exist_are_refused(world: ApiWorld, name: str, bad: str) -> None:
    headers = {"Content-Type": "application/json", name: f"application/json; version={bad}"}
    response = await world.client.post(f"/v0/{ACCOUNT}/calls/", content=json.dumps(AGENT_TO_NUMBER), headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "unsupported-version")
    assert response.json()["message"].endswith("0, 1, 2, 3, 4, 5, 6")


SINCE: list[tuple[str, int, dict[str, Any]]] = [
    ("from.presentedCLID", 2, {"from": {"agentId": "1234", "presentedCLID": "08008888888"}, "to": NUMBER}),
    ("regarding.reference", 4, {**AGENT_TO_NUMBER, "regarding": {"reference": "x1"}}),
    ("application", 5, {**AGENT_TO_NUMBER, "application": "crm"}),
    ("from.consent", 6, {"from": {"agentId": "1234", "consent": "Unknown"}, "to": {**NUMBER, "consent": "Unknown"}}),
]


@pytest.mark.parametrize("version", range(7))
@pytest.mark.parametrize(("member", "since", "body"), SINCE, ids=[each[0] for each in SINCE])
async def test_members_are_taken_since_their_version_and_never_dropped(
    world: ApiWorld, member: str, since: int, body: dict[str, Any], version: int
) -> None:
    response = await world.place(body, n=version)
    if version >= since:
        assert response.status_code == 201
        return
    message = f"{member} requires version {since} of the API; this request uses version {version}"
    assert (response.status_code, response.json()) == (400, {"message": message, "code": "member-newer-than-version"})
    assert response.headers["content-type"] == f"application/json; version={version}"
    assert not world.switch.performed


@pytest.mark.parametrize("n", ["7", "10", "00", "-1", "x", ""])
async def test_there_is_no_page_for_other_versions(world: ApiWorld, n: str) -> None:
    response = await world.client.post(f"/v{n}/{ACCOUNT}/calls/", json=AGENT_TO_NUMBER)
    assert response.status_code == 404
    assert response.json() == {"message": "The requested resource does not exist", "code": "not-found"}


async def test_links_are_as_clients_are_told_to_address_us(world: ApiWorld) -> None:
    for host, base in (("calls.example.com:8443", "http://calls.example.com:8443"), ("[::1]:80", "http://[::1]:80")):
        response = await world.client.get(f"/v6/{ACCOUNT}/agents/1234", headers={"Host": host})
        assert response.json()["links"][0]["href"] == f"{base}/v6/{ACCOUNT}/agents/1234"


@pytest.mark.parametrize("host", ["", "a b", "evil.example/x", "a@b", "x\r\ny".replace("\r\n", "%0d"), "[::1", '"><x'])
async def test_a_host_that_can_not_be_told_back_is_refused_and_nobody_is_called(world: ApiWorld, host: str) -> None:
    response = await world.place(headers={"Host": host})
    assert (response.status_code, response.json()["code"]) == (400, "host-invalid")
    assert not world.switch.performed


async def test_an_agent_id_may_be_a_number_and_is_told_as_text(world: ApiWorld) -> None:
    response = await world.place({"from": {"agentId": 1234}, "to": {"agentId": 4567}})
    assert response.json()["from"] == {"agentId": "1234"}
    assert response.json()["to"] == {"agentId": "4567"}


async def test_unknown_members_are_ignored_and_not_echoed(world: ApiWorld) -> None:
    body = {**AGENT_TO_NUMBER, "priority": 1, "from": {"agentId": "1234", "mood": "good"}}
    response: httpx.Response = await world.place(body)
    assert response.status_code == 201
    assert response.json()["from"] == {"agentId": "1234"}
    assert "priority" not in response.json()


async def with_foreign_phones(world: ApiWorld, count: int) -> None:
    """A group of one agent who can be rung, after `count` whose phones the account may call no longer."""
    await world.directory.add_group(Group(ACCOUNT, "foreign", "Foreign"))
    for number in range(count + 1):
        phone = Phone(PhoneKind.NUMBER, f"+121255512{number:02}")
        if number == count:
            phone = Phone(PhoneKind.SIP, "there")
        await world.directory.add_agent(Agent(ACCOUNT, f"90{number}", "Foreign", phone))
        await world.directory.add_member(ACCOUNT, "foreign", f"90{number}")


async def test_an_agent_whose_phone_may_not_be_called_holds_up_nobody_of_the_group(world: ApiWorld) -> None:
    await with_foreign_phones(world, MOST_ATTEMPTS + 1)
    response = await world.place({"from": {"groups": ["foreign"]}, "to": NUMBER})
    assert response.status_code == 201, response.text
    assert response.json()["from"]["agentId"] == f"90{MOST_ATTEMPTS + 1}"
    again = await world.place({"from": {"groups": ["foreign"]}, "to": NUMBER})
    assert (again.status_code, again.json()["code"]) == (400, "agent-not-reached")


@pytest.mark.parametrize(
    "body",
    [
        {"from": {"agentId": "900"}, "to": NUMBER},
        {"from": {"agentId": "1234"}, "to": {"agentId": "900"}},
        {"from": {"groups": ["foreign"]}, "to": {"agentId": "900"}},
    ],
)
async def test_a_named_agent_whose_phone_may_not_be_called_is_said_to_be_at_fault(
    world: ApiWorld, body: dict[str, Any]
) -> None:
    await with_foreign_phones(world, 1)
    response = await world.place(body)
    assert (response.status_code, response.json()["code"]) == (400, "agent-phone-not-allowed")
    assert response.json()["message"].endswith("the phone number of this Agent is not allowed for this account")
