"""The command line: every command by name, each imported only when it is asked for."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS = {
    "serve": "outdial.cli.serve:serve",
    "migrate": "outdial.cli.serve:migrate",
    "switch": "outdial.cli.switch:app",
    "sandbox": "outdial.cli.sandbox:sandbox",
    "demo": "outdial.cli.sandbox:demo",
}
"""Where each command is: a function, or a group of commands."""


class _Lazily(TyperGroup):
    """Imports a command when it is used: the product behind one takes a second to load, and most need none of it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 -- the framework's own context
        """In the order in which they are told."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 -- the framework's own command
        """One command; none of that name where there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            found = alone
        command = get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Lazily, no_args_is_help=True, pretty_exceptions_enable=False, help="Places phone calls on behalf of agents."
)


@app.callback()
def _main() -> None:
    """Places phone calls on behalf of agents."""
