"""README's "Try it": the commands that the sandbox prints are those, and lead to what README says, run as printed."""

import asyncio
import json
import re
import shlex
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from outdial.cli import sandbox as command
from outdial.cli.greeting import greeting
from outdial.http_server import ListenError
from outdial.sandbox import seed
from outdial.sandbox.behaviours import NUMBERS
from outdial.sandbox.configuration import Address
from outdial.sandbox.sandbox import Ready
from support.ports import free_port
from support.programs import command_of
from support.sandbox_world import Members, Running, World, outdial, until, world_of

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TRY_IT = README.partition("## Try it")[2].partition("\n## ")[0]
BENCHMARKS = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
USUAL = f"http://127.0.0.1:{command.USUAL_PORT}"
BUSY, AGREES, REFUSES = "02079460001", "02079460011", "02079460012"


def printed(text: str) -> list[str]:
    """The curl commands in a text, each with the lines that go on with it."""
    found = re.findall(r"^ +(curl (?:.*\\\n)*.*)$", text, re.MULTILINE)
    return [re.sub(r"\\\n +", r"\\\n  ", one) for one in found]


def ready(url: str) -> Ready:
    sip = Address("127.0.0.1", 5060)
    return Ready(url, seed.ACCOUNT, "api", "ey", "client", "secret", sip, sip, "http://127.0.0.1:9/", Path("/data"))


def test_it_shows_what_the_sandbox_prints() -> None:
    commands = printed(greeting(ready(USUAL)))
    assert len(commands) == 4
    assert printed(TRY_IT) == commands


def test_its_table_has_every_number_in_full() -> None:
    told = re.findall(r"020 7946 (\d{4})", TRY_IT.partition("| number |")[2])
    assert told == [each.name for each in NUMBERS]


def test_its_measurements_are_those_of_the_benchmarks() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in BENCHMARKS.splitlines()]
    (service,) = [row for row in rows if row[:2] == ["25", "service"]]
    (bare,) = [row for row in rows if row[:2] == ["25", "bare driver"]]
    rate = {row[0]: row[1] for row in rows if len(row) == 2}
    told = (
        f"{rate['service']} calls a second (the bare driver {rate['bare driver']}), and at 25 a second set up in "
        f"{service[4]} ms ({bare[4]}) for {float(service[8]):.1f} ms of processor time ({float(bare[9]):.1f})"
    )
    assert told in README


def test_the_usual_port_is_had_where_it_is_free_and_another_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "USUAL_PORT", free_port())
    with command._listening(None) as first, command._listening(None) as second:
        assert first.getsockname()[1] == command.USUAL_PORT
        assert second.getsockname()[1] not in (0, command.USUAL_PORT)
        with pytest.raises(ListenError):
            command._listening(command.USUAL_PORT)


def test_a_taken_port_is_told_in_one_line() -> None:
    usual, other = greeting(ready(USUAL)), greeting(ready(USUAL), instead_of=8080)
    (line,) = set(other.splitlines()) - set(usual.splitlines())
    assert line.startswith("Port 8080 is taken")


@contextmanager
def usual_port_taken() -> Iterator[None]:
    """By us, unless somebody else was first."""
    try:
        server = socket.create_server(("127.0.0.1", command.USUAL_PORT))
    except OSError:
        yield
        return
    with server:
        yield


def told_by(running: Running) -> Iterator[str]:
    """The lines of a sandbox's text, up to its last."""
    assert running.process.stdout is not None
    for line in running.process.stdout:
        yield line
        if "-X DELETE" in line:
            return


async def said(line: str, *, until: str = "", **known: str) -> str:
    """Run a command of the page in a shell; what it writes, where `until` is given only up to there."""
    words = shlex.join([*(await asyncio.to_thread(command_of, "curl")), "--silent", "--noproxy", "*"])
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f'curl() {{ exec {words} "$@"; }}\n{line}'), stdout=asyncio.subprocess.PIPE, env=known
    )
    assert process.stdout is not None
    told = ""
    while not (until and until in told) and (part := await process.stdout.readline()):
        told += part.decode().replace("\r\n", "\n")
    if until:
        with suppress(ProcessLookupError):
            process.kill()
    await process.wait()
    return told


@pytest.fixture
async def delivered(short_path: Path) -> AsyncIterator[tuple[str, World]]:
    """A sandbox that nobody has set anything of, where its usual port is taken: its text, and how it is asked."""
    with usual_port_taken(), outdial(short_path, "sandbox") as running:
        text = await asyncio.to_thread(lambda: "".join(told_by(running)))
        found = {name: re.search(rf"{label}(\S+)", text, re.MULTILINE) for name, label in LABELS.items()}
        async with world_of({name: there[1] for name, there in found.items() if there}) as world:
            yield text, world
        assert running.end() == 0


LABELS = {
    "url": "^  API +",
    "access_token": "TOKEN=",
    "receiver": "webhooks +",
    "tasks": "CRM +",
    "data": "--data-dir ",
}


async def test_its_commands_place_a_call_watch_it_read_it_and_end_it(
    delivered: tuple[str, World], short_path: Path
) -> None:
    text, world = delivered
    assert f"Port {command.USUAL_PORT} is taken" in text
    place, watch, read, end = (line.replace(USUAL, world.ready["url"]) for line in printed(TRY_IT))
    token = world.ready["access_token"]
    head, _, body = (await said(place, TOKEN=token)).partition("\n\n")
    assert head.startswith("HTTP/1.1 201 Created")
    call = json.loads(body)
    world.placed.append(call["id"])
    known = {"TOKEN": token, "CALL": call["links"][0]["href"]}
    assert f"location: {known['CALL']}" in head
    assert call["id"] in await said(watch, until="call.joined", **known)
    assert json.loads(await said(read, **known))["status"] == "Connected"
    assert json.loads(await said(end, **known))["id"] == call["id"]
    assert (await world.ended(call["id"]))["result"]["code"] == "Success"
    # As delivered it was recorded, and what is told of beside the API has it too.
    (kept,) = await recordings(world, short_path, 1)
    assert (kept["id"], kept["legs"]) == (call["id"], ["agent", "party"])

    async def has_its_task() -> bool:
        async with world.http.get(world.ready["tasks"]) as reply:
            return call["id"] in await reply.text()

    await until(has_its_task, "the CRM has the call's task")
    async with world.http.get(world.ready["receiver"]) as reply:
        assert (await reply.json())["count"] == 0


async def recordings(world: World, folder: Path, wanted: int) -> list[Members]:
    """So many recordings, as the command line tells them: it finds the sandbox by what the text says."""
    found: list[Members] = []

    async def there() -> bool:
        nonlocal found
        words = ("recordings", "list", "--json", "--data-dir", world.ready["data"])
        with outdial(folder, *words) as running:
            out, _ = await asyncio.to_thread(running.process.communicate)
        found = json.loads(out)
        return len(found) == wanted and all(each["status"] != "Processing" for each in found)

    await until(there, "recordings are listed")
    return found


async def test_a_call_that_comes_to_nothing_says_what_the_page_shows(delivered: tuple[str, World]) -> None:
    _, world = delivered
    (block,) = re.findall(r'^    "result": .*?\n\n', TRY_IT, re.MULTILINE | re.DOTALL)
    shown = json.loads(f"{{{block}}}")
    told = await world.ended(await world.dial("1234", BUSY))
    assert {name: told[name] for name in ("result", "reasons")} == {name: shown[name] for name in ("result", "reasons")}
    assert [(name, at is None) for name, at in told["times"].items()] == [
        (name, at is None) for name, at in shown["times"].items()
    ]


async def test_as_delivered_a_number_agrees_to_be_recorded_and_another_refuses(delivered: tuple[str, World]) -> None:
    _, world = delivered
    for agent, (number, act) in zip(("2001", "2002"), ((AGREES, "given"), (REFUSES, "refused")), strict=True):
        callee = {"telephoneNumber": number, "consent": "TwoParty"}
        call_id = (await world.place({"agentId": agent, "consent": "TwoParty"}, callee)).id

        async def answered(call_id: str = call_id) -> bool:
            return bool((await world.call(call_id))["recording"]["consents"])

        await until(answered, "a key is pressed")
        told = (await world.call(call_id))["recording"]
        assert [each["act"] for each in told["consents"]] == [act]
        assert told["now"]["legs"] == (["agent", "party"] if act == "given" else ["agent"])
