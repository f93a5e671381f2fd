"""The commands of docs/management.md, run as they are printed: from an installation with nothing in it to a call."""

import io
import shlex
from pathlib import Path

import pytest

from outdial.domain.commands import Ring
from outdial.domain.events import LegAnswered, LegEnded
from outdial.domain.legs import Side
from support.api_world import ACCOUNT, OTHER
from support.command_line import FarEnd, Line

PAGE = Path(__file__).parents[2] / "docs" / "management.md"
PRINTED = [
    shlex.split(line)[1:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("    outdial ")
]


async def test_the_printed_commands_lead_to_a_call(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for account in (ACCOUNT, OTHER):
        await line.world.directory.remove_account(account)
    monkeypatch.setattr("sys.stdin", io.StringIO("carrier's password\n"))
    far_end = FarEnd(line.world, LegAnswered(Side.AGENT), LegAnswered(Side.PARTY), LegEnded(Side.PARTY, 16))
    said = ""
    for words in PRINTED:
        ran = await line.run(*words)
        assert ran.status == 0, (words, ran.err)
        said += ran.out
    await far_end.done
    assert [command for _, command in line.world.switch.performed if isinstance(command, Ring)]
    assert said.count("not shown again") == 3
    assert "both sides were joined" in said


def test_the_page_shows_every_group_of_commands_that_a_call_needs() -> None:
    assert {words[0] for words in PRINTED} == {"account", "trunk", "agent", "group", "caller-id", "client", "call"}
