"""Makes a command of a function that is given the API: finds and signs in to it, and says what the function returns.

The options that every such command has are named here once.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from outdial.cli.api import Api, signed_in
from outdial.cli.connection import connection
from outdial.cli.errors import CommandError
from outdial.cli.told import Told
from outdial.config import SettingsError, load

Handler = Callable[..., Awaitable[Told]]
Account = Annotated[
    str | None, typer.Option("--account", "-a", help="Key of the account; may be left out where there is only one.")
]
_PANEL = "For every command"
_AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.", rich_help_panel=_PANEL)]
_Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; else OUTDIAL_CONFIG, else /etc/outdial.", rich_help_panel=_PANEL),
]
_DataDir = Annotated[
    Path | None, typer.Option(help="Data directory of the `outdial serve` to speak to.", rich_help_panel=_PANEL)
]


def group(about: str) -> typer.Typer:
    """An empty group of commands."""
    return typer.Typer(help=about, no_args_is_help=True, add_completion=False)


def command(app: typer.Typer, name: str, offline: str | None = None) -> Callable[[Handler], Handler]:
    """Add a command to a group. Its function is given the API, then its own arguments; its docstring is the help.

    Where the option named by `offline` is given, the API is not needed, and none.
    """

    def register(handler: Handler) -> Handler:
        own = list(inspect.signature(handler).parameters.values())[1:]

        def run(*, config: Path | None, data_dir: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401
            if offline is not None and given[offline] is not None:
                told = asyncio.run(_alone(handler, given))
            else:
                told = asyncio.run(_carry_out(handler, config, data_dir, as_json=as_json, given=given))
            told.tell(as_json=as_json)
            if told.status:
                raise typer.Exit(told.status)

        _pose(run, [*own, *_COMMON], handler.__doc__)
        app.command(name)(run)
        return handler

    return register


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:  # noqa: ANN401 -- any option's
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


_COMMON = [
    _keyword("as_json", _AsJson, default=False),
    _keyword("config", _Config, default=None),
    _keyword("data_dir", _DataDir, default=None),
]


def _pose(run: Callable[..., None], parameters: list[inspect.Parameter], about: str | None) -> None:
    """Typer reads a command's options from its function's signature."""
    keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    run.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in keywords}
    run.__doc__ = about


async def _alone(handler: Handler, given: dict[str, Any]) -> Told:
    return await handler(None, **given)


async def _carry_out(
    handler: Handler, config: Path | None, data_dir: Path | None, *, as_json: bool, given: dict[str, Any]
) -> Told:
    try:
        settings = load(file=config, given={"data_dir": data_dir and str(data_dir)})
    except SettingsError as error:
        raise CommandError(str(error)) from None
    async with signed_in(connection(settings)) as api:
        api.quiet = as_json
        return await handler(api, **given)


def members(**given: object) -> dict[str, object]:
    """A request's body: what was given, in camelCase."""
    return {_camel(name): value for name, value in given.items() if value is not None}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


__all__ = ["Account", "Api", "command", "group", "members"]
