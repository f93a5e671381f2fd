"""`outdial sandbox` and `outdial demo` as commands: what they print, how they end, and that nothing is left of them."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from outdial.sandbox import seed
from support.in_time import in_time
from support.ports import free_port, held_port
from support.sandbox_world import Members, Running, outdial, until, world_of

MEMBERS = {
    "url": str,
    "account": str,
    "api_token": str,
    "access_token": str,
    "client_id": str,
    "client_secret": str,
    "sip": dict,
    "far_end": dict,
    "data": str,
}
ENDS = {signal.SIGINT: 0, signal.SIGTERM: 0, signal.SIGKILL: -signal.SIGKILL}
"""How it can be ended, and its exit status."""


def processes_of(folder: str) -> list[str]:
    """The command lines of every process that has something of a folder in its own."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if folder in line:
                found.append(line)
    return found


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def is_gone(ready: Members) -> bool:
    return not processes_of(ready["data"]) and not Path(ready["data"]).exists()


async def test_several_run_at_once_and_leave_nothing_however_they_end(short_path: Path) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(held_port())
        running: dict[int, Running] = {}
        for sign in ENDS:
            words = ("--port", str(port)) if sign is signal.SIGINT else ()
            folder = short_path / str(int(sign))
            running[sign] = stack.enter_context(outdial(folder, "sandbox", "--json", *words))
        ready = {sign: await asyncio.to_thread(each.ready) for sign, each in running.items()}
        for told in ready.values():
            assert {name: type(told.get(name)) for name in MEMBERS} == MEMBERS
            assert told["account"] == seed.ACCOUNT
            assert set(told["sip"]) == set(told["far_end"]) == {"host", "port"}
        assert ready[signal.SIGINT]["url"] == f"http://127.0.0.1:{port}"
        assert len({told["sip"]["port"] for told in ready.values()}) == len(ENDS)
        # Each has a call up when it is ended, and sees nothing of the others.
        await asyncio.gather(*(has_a_call_up(told) for told in ready.values()))
        for sign, status in ENDS.items():
            assert len(processes_of(ready[sign]["data"])) >= 3, "a switch, a far end and a keeper"
            assert await asyncio.to_thread(running[sign].end, sign) == status
            await until(lambda sign=sign: is_gone(ready[sign]), "no process and no folder is left")  # type: ignore[misc]
            assert running[sign].process.stdout is not None
            assert running[sign].process.stdout.read() == "", "one line and no more"
            assert list((short_path / str(int(sign))).glob("outdial-*")) == []
        assert running[signal.SIGINT].errors.read_text(encoding="utf-8") == ""


async def has_a_call_up(ready: Members) -> None:
    async with world_of(ready) as world:
        call_id = await world.dial("1234")
        await world.until(call_id, "Connected")
        assert len(await world.channels()) == 2
        world.placed.clear()


async def test_a_named_folder_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    words = ("sandbox", "--json", "--data", str(data), "--port", str(port))
    with outdial(tmp_path, *words) as running:
        before = await asyncio.to_thread(running.ready)
        async with world_of(before) as world:
            call_id = await world.dial("2001")
            await world.manage("POST", f"/accounts/{seed.ACCOUNT}/agents", {"id": "7002", "name": "Kept"})
            await world.until(call_id, "Connected")
            await world.hang_up(call_id)
            told = await world.ended(call_id)
        refused("in use", "sandbox", "--json", "--data", str(data), folder=tmp_path)
        refused(f"http_port {port}: Address already in use", "sandbox", "--port", str(port), folder=tmp_path)
        assert running.end() == 0
    assert processes_of(str(data)) == []
    assert data.exists()
    with outdial(tmp_path, *words) as running:
        after = await asyncio.to_thread(running.ready)
        assert after["url"] == before["url"]
        assert after["api_token"] != before["api_token"], "secrets are made anew"
        async with world_of(after) as world:
            assert await world.call(call_id) == told
            agent = await world.manage("GET", f"/accounts/{seed.ACCOUNT}/agents/7002")
            assert agent["name"] == "Kept"
            old = await world.ask("GET", f"/v6/{seed.ACCOUNT}/calls/{call_id}", token=before["access_token"])
            assert old.status == 401, "a token is void once its secret is"
            again = await world.dial("2001")
            await world.until(again, "Connected")
        assert running.end(signal.SIGTERM) == 0
    assert processes_of(str(data)) == []


def refused(why: str, *words: str, folder: Path) -> None:
    """A command that can't be had says why in one line, and leaves nothing."""
    with outdial(folder, *words) as running:
        assert running.process.wait(60) == 1
        lines = running.errors.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("outdial: ")
        assert why in lines[0]
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""
    assert list(folder.glob("outdial-*")) == []


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with taken_port() as port:
        refused(
            f"http_port {port}: Address already in use (on 127.0.0.1)", "sandbox", "--port", str(port), folder=tmp_path
        )


@in_time
async def test_the_demo_hears_both_sides_of_every_call_of_the_page_beside_a_sandbox(
    sandbox: Members, short_path: Path
) -> None:
    picture = short_path / "demo.svg"
    with outdial(short_path, "demo", "--picture", str(picture)) as running:
        said, _ = await asyncio.to_thread(running.process.communicate)
        assert running.process.returncode == 0, said + running.errors.read_text(encoding="utf-8")
    *calls, last = said.splitlines()
    assert [line.split()[0] for line in calls] == ["ok"] * 7
    assert [line.rpartition("; ")[2] for line in calls] == ["recorded: agent, other"] * 7
    assert last == "The audio of each side was received at the other in every call."
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert list(short_path.glob("outdial-*")) == []
    assert processes_of(str(short_path)) == []
    assert len(processes_of(sandbox["data"])) >= 2, "the other sandbox runs on"
