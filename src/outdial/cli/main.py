"""The command line: every command by name, each imported only when it is used.

The product behind a command takes a second to load, and most commands need none of it.
"""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from outdial import __version__

COMMANDS = {
    "serve": ("outdial.cli.serve:serve", "Run Outdial: its API and its switch, until interrupted."),
    "check": ("outdial.cli.check:check", "Try what the settings name, before or while it runs."),
    "migrate": ("outdial.cli.serve:migrate", "Bring the database up to date."),
    "switch": ("outdial.cli.switch:app", "The Asterisk that carries the calls."),
    "sandbox": ("outdial.cli.sandbox:sandbox", "Run Outdial with a far end to call; nothing is configured."),
    "demo": ("outdial.cli.sandbox:demo", "Place every example call for real, and measure what each side heard."),
    "account": ("outdial.cli.accounts:app", "Accounts: tenants and their settings."),
    "agent": ("outdial.cli.agents:app", "Agents: who calls, on which phone, and whether they are there."),
    "group": ("outdial.cli.groups:app", "Groups: agents one of whom may be chosen for a call."),
    "trunk": ("outdial.cli.trunks:app", "Trunks: the carriers that calls go out through."),
    "caller-id": ("outdial.cli.caller_ids:app", "Caller ids: the numbers an account may present."),
    "client": ("outdial.cli.clients:app", "Clients: programs that ask for tokens with a secret of their own."),
    "events": (
        "outdial.cli.events:app",
        "Events: what happens to calls, agents and webhooks, live or since any number still kept.",
    ),
    "webhook": ("outdial.cli.webhooks:app", "Webhooks: where an account's events are delivered, and how that goes."),
    "crm": ("outdial.cli.crm:app", "CRM: a task for each call that ended, in Salesforce or in any other."),
    "recordings": ("outdial.cli.recording_proofs:app", "Recordings: find, hear, hold, erase and verify them."),
    "announcement": (
        "outdial.cli.announcements:app",
        "Announcements: what asks the other side for consent to be recorded.",
    ),
    "call": ("outdial.cli.calls:app", "Calls: place, watch, find and hang them up."),
}
"""Where each command is, a function or a group of commands, and what is said of it in the list of all."""


class _Lazily(TyperGroup):
    """Imports a command when it is used; to be listed, its name and its sentence are enough."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 -- the framework's own context
        """In the order in which they are told."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 -- the framework's own command
        """One command; none of that name where there is none."""
        if cmd_name not in COMMANDS:
            return None
        place, about = COMMANDS[cmd_name]
        return _loaded(cmd_name, place) if _is_used(ctx, cmd_name) else TyperCommand(cmd_name, help=about)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 -- the framework's own
        """The command that the words name; from here on it is used, and not only listed."""
        ctx.meta["outdial.used"] = args[0]
        self.commands = dict.fromkeys(COMMANDS, TyperCommand(""))
        return super().resolve_command(ctx, args)


def _is_used(ctx: Any, name: str) -> bool:  # noqa: ANN401
    return bool(ctx.meta.get("outdial.used") == name)


def _loaded(name: str, place: str) -> Any:  # noqa: ANN401
    module, _, member = place.partition(":")
    found = getattr(import_module(module), member)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    command = get_command(found)
    command.name = name
    return command


app = typer.Typer(
    cls=_Lazily, no_args_is_help=True, pretty_exceptions_enable=False, help="Places phone calls on behalf of agents."
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"outdial {__version__}\n")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Say the version and end.")
    ] = False,
) -> None:
    """Places phone calls on behalf of agents."""
