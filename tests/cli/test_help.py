"""Every command says what it does and takes the options that all of them take."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.main import get_command

from outdial import __version__
from outdial.cli.main import COMMANDS
from support.command_line import Ran, Run

CLIENTS = (
    "account",
    "agent",
    "group",
    "trunk",
    "caller-id",
    "client",
    "events",
    "webhook",
    "crm",
    "recordings",
    "announcement",
    "call",
)


def commands(name: str) -> Iterator[tuple[str, Any]]:
    module, _, member = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), member)
    assert isinstance(found, typer.Typer)
    yield from get_command(found).commands.items()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", CLIENTS)
def test_the_list_of_all_commands_says_what_each_says_of_itself(name: str) -> None:
    module, _, member = COMMANDS[name][0].partition(":")
    assert getattr(import_module(module), member).info.help == COMMANDS[name][1]


@pytest.mark.parametrize("name", CLIENTS)
def test_every_command_and_option_has_a_sentence(name: str) -> None:
    for each, command in commands(name):
        assert command.help, each
        for parameter in command.params:
            assert parameter.help, f"{each} {parameter.name}"


@pytest.mark.parametrize("name", CLIENTS)
async def test_every_command_speaks_to_machines_and_finds_its_product(name: str, run: Run) -> None:
    for each, _ in commands(name):
        ran = await run(name, each, "--help")
        assert ran.status == 0
        for option in ("--json", "--config", "--data-dir"):
            assert option in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_all_speaks_to_machines(name: str) -> None:
    module, _, member = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), member)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    made = get_command(found)
    for each in getattr(made, "commands", {name: made}).values():
        assert "--json" in [option for parameter in each.params for option in parameter.opts], each.name
        assert all(parameter.help for parameter in each.params), each.name


async def test_no_words_are_answered_with_help(run: Run) -> None:
    ran = await run("agent")
    assert ran.status == 2
    assert ran.out.count("Usage: outdial agent") == 1


async def test_the_version_is_told(run: Run) -> None:
    assert await run("--version") == Ran(0, f"outdial {__version__}\n", "")
