"""Every command line of the API's page, run with curl as it is printed but for the host and the token."""

import asyncio
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from outdial.sandbox import seed
from support.programs import command_of
from support.sandbox_world import Members, World, until

LINES = [
    line
    for line in (Path(__file__).parents[1] / "api" / "page_requests.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith("curl ")
]
assert len(LINES) == 7
PRINTED_HOST = "https://***.newvoicemedia.com"


async def curl(line: str, ready: Members) -> tuple[str, Mapping[str, str], Members]:
    """Run a command line; the status line, the headers and the body of the answer."""
    words = line.replace(PRINTED_HOST, ready["url"]).replace("<ACCESS_TOKEN>", ready["access_token"])
    assert words.count(ready["url"]) == words.count(ready["access_token"]) == 1
    program, *arguments = shlex.split(words)
    command = await asyncio.to_thread(command_of, program)
    process = await asyncio.create_subprocess_exec(
        *(*command, *arguments, "--include", "--silent", "--show-error", "--noproxy", "*"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await process.communicate()
    assert process.returncode == 0, errors
    head, _, body = said.decode().partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    return status, {name.lower(): value for name, _, value in (h.partition(": ") for h in headers)}, json.loads(body)


@pytest.mark.parametrize("line", LINES, ids=range(1, 8))
async def test_it_is_answered_as_documented(world: World, line: str) -> None:
    status, headers, body = await curl(line, world.ready)
    world.placed.append(body["id"])
    asked = json.loads(shlex.split(line)[shlex.split(line).index("-d") + 1])
    location = f"{world.ready['url']}/v0/{seed.ACCOUNT}/calls/{body['id']}"
    assert status == "HTTP/1.1 201 Created"
    assert headers["location"] == location
    assert headers["content-type"].startswith("application/json; version=")
    agent = body["from"]["agentId"]
    assert body == {
        "id": body["id"],
        "links": [{"href": location, "rel": "_self"}],
        **asked,
        "from": {**asked["from"], "agentId": agent},
    }
    groups = asked["from"].get("groups", [])
    assert any(agent in seed.GROUPS[group] for group in groups) or agent == "1234"

    # And it is a real call: the far end's phone has been rung for it.
    async def rang() -> bool:
        return len(world.rang(seed.sip_user(agent))) == 1

    await until(rang, "the agent's phone rings")


async def test_a_line_with_a_wrong_token_is_refused(world: World) -> None:
    status, headers, body = await curl(LINES[0], {**world.ready, "access_token": world.ready["access_token"][:-4]})
    assert status == "HTTP/1.1 401 Unauthorized"
    assert headers["www-authenticate"].startswith("Bearer")
    assert body["message"] == "The access token is invalid or has expired"
    assert await world.is_free("1234")
