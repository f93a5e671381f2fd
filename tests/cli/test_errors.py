"""Whatever goes wrong is one line on standard error and a status: 1 where a command failed, 2 where it was none."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from outdial.cli.main import COMMANDS
from support.api_world import ACCOUNT, OTHER
from support.command_line import Line, Ran, Run


def one_line(ran: Ran) -> str:
    """What was said; checks that it is one line and that machines were told nothing."""
    assert ran.out == ""
    assert ran.err.startswith("outdial: ")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err.removeprefix("outdial: ").rstrip("\n")


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def test_no_product_has_written_where_it_answers(run: Run, tmp_path: Path) -> None:
    ran = await run("agent", "list", "--data-dir", str(tmp_path), "--json")
    assert ran.status == 1
    assert "operator.json is not there: is `outdial serve` running" in one_line(ran)


async def test_the_api_can_not_be_reached(line: Line, nobody: str) -> None:
    found = {"url": nobody, "client_id": "operator", "client_secret": "x"}
    (line.folder / "operator.json").write_text(json.dumps(found), encoding="utf-8")
    ran = await line.run("agent", "list")
    assert ran.status == 1
    assert one_line(ran).startswith(f"{nobody} can't be reached: ")


async def test_credentials_are_wrong(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTDIAL_ADMIN_CLIENT_ID", "operator")
    monkeypatch.setenv("OUTDIAL_ADMIN_CLIENT_SECRET", "not-the-secret")
    ran = await line.run("agent", "list")
    assert ran.status == 1
    assert f"{line.url} does not accept client operator: " in one_line(ran)
    assert "not-the-secret" not in ran.err


@pytest.mark.parametrize("content", ["", "{}", '{"url": 1}', "[1]"])
async def test_the_file_of_the_product_says_nothing_useful(line: Line, content: str) -> None:
    (line.folder / "operator.json").write_text(content, encoding="utf-8")
    ran = await line.run("account", "list")
    assert ran.status == 1
    assert "operator.json: says no address and client" in one_line(ran)


async def test_half_of_the_credentials_are_set(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTDIAL_ADMIN_CLIENT_ID", "operator")
    ran = await line.run("account", "list")
    assert (ran.status, "both, or neither" in one_line(ran)) == (1, True)


async def test_something_else_answers_there(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("URL", f"{line.url}/docs"), ("CLIENT_ID", "operator"), ("CLIENT_SECRET", "x")):
        monkeypatch.setenv(f"OUTDIAL_ADMIN_{name}", value)
    ran = await line.run("account", "list")
    assert ran.status == 1
    assert "does not accept client operator: The requested resource does not exist" in one_line(ran)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("agent", "show", "99"), "The account has no such agent"),
        (("agent", "show", "../../clients"), "The requested resource does not exist"),
        (("group", "show", "none"), "The account has no such group"),
        (("trunk", "remove", "none"), "The account has no such trunk"),
        (("call", "show", "none"), "The account has no such call"),
        (("call", "hangup", "none"), "Call not found"),
        (("agent", "add", "x", "--name", "X"), "id must be 1 to 11 digits"),
        (("agent", "add", "1234", "--name", "X"), "Agent 1234 exists already"),
        (("trunk", "add", "t", "--host", "a b"), "host must be a host name or an IP address"),
        (("trunk", "add", "t", "--host", "h", "--transport", "x"), "transport must be one of udp, tcp, tls"),
        (("call", "place", "999", "--agent", "1234"), "Unable to place call - emergency numbers cannot be called"),
        (("call", "place"), "Agent Id must be specified"),
        (
            ("call", "list", "--since", "noon"),
            "--since must be a date and time with its offset, such as 2026-11-24T09:30:00Z",
        ),
        (("agent", "change", "1234"), "say what to change; see `outdial agent change --help`"),
    ],
)
async def test_the_api_turns_down_what_was_asked_for(line: Line, words: tuple[str, ...], said: str) -> None:
    ran = await line.run(*words, "--account", ACCOUNT, "--json")
    assert (ran.status, one_line(ran)) == (1, said)


async def test_an_account_that_is_not_there(line: Line) -> None:
    ran = await line.run("agent", "list", "--account", "nobody")
    assert (ran.status, one_line(ran)) == (1, "The requested resource does not exist")


async def test_which_of_several_accounts_is_meant(line: Line) -> None:
    ran = await line.run("agent", "list")
    assert (ran.status, one_line(ran)) == (1, f"say which account with --account: {ACCOUNT}, {OTHER}")
    await line.world.directory.remove_account(OTHER)
    assert (await line.json("group", "list"))[0]["id"] == "030"
    await line.world.directory.remove_account(ACCOUNT)
    ran = await line.run("group", "list")
    assert (ran.status, one_line(ran)) == (1, "there is no account yet; `outdial account add` makes one")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "No such command 'nothing'; see `"),
        (("agents",), "No such command 'agents'. Did you mean 'agent'"),
        (("agent", "nothing"), "No such command 'nothing'"),
        (("agent", "list", "--nothing"), "No such option: --nothing"),
        (("agent", "add"), "Missing argument"),
        (("agent", "presence", "1", "asleep"), "'asleep' is not one of"),
        (("call", "list", "--limit", "many"), "Invalid value for '--limit'"),
    ],
)
async def test_words_that_make_no_command(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = await run(*words)
    assert (ran.status, said in one_line(ran)) == (2, True), ran.err


async def test_a_setting_that_can_not_be_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTDIAL_HTTP_PORT", "many")
    ran = await run("agent", "list")
    assert (ran.status, "OUTDIAL_HTTP_PORT: must be" in one_line(ran)) == (1, True)


async def test_a_fault_of_ours_is_one_line_with_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outdial.cli.command.load", lambda **_: 1 / 0)
    ran = await run("agent", "list")
    said = one_line(ran)
    assert ran.status == 1
    assert said.startswith("internal error: ZeroDivisionError: division by zero (test_errors.py, line ")


def test_the_real_program_ends_with_the_status_and_no_trace(tmp_path: Path) -> None:
    program = (sys.executable, "-m", "outdial", "agent", "list", "--data-dir", str(tmp_path))
    ended = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)


def test_listing_the_commands_loads_none_of_them() -> None:
    watched = (
        "import sys; from outdial.__main__ import main; main(['--help']); "
        "loaded = [name for name in ('aiohttp', 'fastapi', 'sqlalchemy', 'phonenumbers') if name in sys.modules]; "
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    ended = subprocess.run((sys.executable, "-c", watched), capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert all(name in ended.stdout for name in COMMANDS)
