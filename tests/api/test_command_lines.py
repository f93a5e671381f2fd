"""Every command line of the documentation page, sent as it is printed to a real API that has what it names."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from outdial.api.reference.examples import CALL_ID, PLACE
from outdial.api.reference.manage_examples import IN_PATHS
from outdial.domain.legs import Side
from support import curl_lines
from support.api_world import ACCOUNT, BASE, SECRETS, ApiWorld, api_world
from support.curl_lines import CurlLine
from support.manage import operators_token
from support.vault import recording_of, tone, wav_of

REFUSED = {
    # No call of these worlds is told to a CRM: there is no task to be read, or told again.
    ("GET", f"/manage/accounts/{ACCOUNT}/crm/tasks/{CALL_ID}"): 404,
    ("POST", f"/manage/accounts/{ACCOUNT}/crm/tasks/{CALL_ID}/replay"): 404,
    # Nothing is erased before this is read.
    ("GET", f"/manage/accounts/{ACCOUNT}/recordings/erasures/{IN_PATHS['certificateId']}"): 404,
    # The account presents it by default.
    ("DELETE", f"/manage/accounts/{ACCOUNT}/caller-ids/+442079460100"): 409,
}
"""What is refused as documented, and with which status."""


def printed(page: str) -> list[str]:
    """The command lines of a page, in its order."""
    return [html.unescape(block) for block in re.findall(r'<pre class="curl">(.*?)</pre>', page, re.DOTALL)]


async def lines_of(world: ApiWorld) -> list[str]:
    return printed((await world.client.get("/docs")).text)


class Reader:
    """Somebody who sends one line after the other, and puts in what the page leaves to them."""

    def __init__(self, world: ApiWorld) -> None:
        self._world, self._webhook, self._call = world, "", ""

    async def send(self, line: CurlLine) -> httpx.Response:
        path = line.path.replace(IN_PATHS["webhookId"], self._webhook)
        if "/calls/" in path and CALL_ID in path:
            path = path.replace(CALL_ID, self._call or await self._recorded_call())
        body = line.body.replace("client_secret=…", f"client_secret={self._secret_for(line)}")
        headers = line.headers_with(operators_token(self._world))
        # A name after an @ is a file's.
        content = wav_of(tone(440, 1_000)) if body.startswith("@") else body.encode()
        response = await self._world.client.request(line.method, path, content=content, headers=headers)
        if line.method == "POST" and path.endswith("/webhooks"):
            self._webhook = response.json()["id"]
        if line.method == "POST" and path.endswith("/calls/"):
            await self._world.client.delete(f"/v6/{ACCOUNT}/calls/{response.json()['id']}")
            await self._world.settled()
        return response

    async def _recorded_call(self) -> str:
        consent = {"consent": "OneParty"}
        body = {"from": {"agentId": "1234", **consent}, "to": {"telephoneNumber": "02072068888", **consent}}
        self._call = str((await self._world.place(body)).json()["id"])
        for side in Side:
            await self._world.switch.picks_up(self._call, side)
        return self._call

    def _secret_for(self, line: CurlLine) -> str:
        return SECRETS.client_secret if "client_id=sandbox" in line.body else SECRETS.api_token


def in_order(lines: list[CurlLine]) -> Iterator[CurlLine]:
    """Down the page, and then up it again for whatever removes what others need; but calls are hung up before."""
    removing = [line for line in reversed(lines) if line.method == "DELETE"]
    yield from (line for line in lines if line.method != "DELETE")
    yield from sorted(removing, key=lambda line: line.path.startswith("/manage/"))


async def test_every_one_is_granted_or_refused_as_documented(world: ApiWorld) -> None:
    # The one that the page speaks of.
    await world.keep(replace(recording_of(CALL_ID), agent_id="1234"))
    # A stream that would go on for ever ends at once.
    world.app.state.streams.closing.set()
    lines = [curl_lines.parsed(text) for text in await lines_of(world)]
    assert len(lines) > 110
    reader, wrong = Reader(world), {}
    for line in in_order(lines):
        response = await reader.send(line)
        expected = REFUSED.get((line.method, line.path))
        if response.status_code != expected and not (response.is_success and expected is None):
            wrong[f"{line.method} {line.path} {line.body}"] = response.text
    assert wrong == {}


async def test_every_one_that_says_it_sends_json_sends_some(world: ApiWorld) -> None:
    lines = [curl_lines.parsed(text) for text in await lines_of(world)]
    assert [line for line in lines if "Content-Type" in dict(line.headers) and not line.body] == []


async def test_those_that_place_calls_are_the_examples_in_their_order(world: ApiWorld) -> None:
    lines = [curl_lines.parsed(text) for text in await lines_of(world)]
    bodies = [json.loads(line.body) for line in lines if line.method == "POST" and line.path.endswith("/calls/")]
    assert bodies == [PLACE[0].body, *(example.body for example in PLACE)]


async def test_they_go_where_the_page_was_asked_for(world: ApiWorld) -> None:
    lines = await lines_of(world)
    assert all(f'"{BASE}/' in line for line in lines)
    elsewhere = await world.client.get("/docs", headers={"Host": "outdial.test:8080"})
    assert all('"http://outdial.test:8080/' in line for line in printed(elsewhere.text))


async def test_they_go_where_clients_are_told_to_ask(database_file: Path) -> None:
    async with api_world(database_file, public_url="https://voice.example.org/outdial/") as world:
        assert all('"https://voice.example.org/outdial/' in line for line in await lines_of(world))
        assert (await world.client.get("/openapi.json")).json()["servers"] == [
            {"url": "https://voice.example.org/outdial"}
        ]


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "a b", "", "x/y", "$(reboot)", "x:99999999"])
async def test_a_host_that_is_none_is_not_told_back(world: ApiWorld, host: str) -> None:
    for page in ("/docs", "/openapi.json"):
        response = await world.client.get(page, headers={"Host": host})
        assert (response.status_code, response.json()["code"]) == (400, "host-invalid")


async def test_sound_goes_into_a_file(world: ApiWorld) -> None:
    (line,) = [line for line in await lines_of(world) if "/audio" in line]
    assert line.endswith("-o recording.wav")
