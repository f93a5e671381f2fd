"""`outdial announcement …`: what an account plays to the other side to ask for its consent."""

from pathlib import Path
from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group
from outdial.cli.errors import CommandError
from outdial.cli.saved import saved
from outdial.cli.told import Columns, Told, listed, said

app = group("Announcements: what asks the other side for consent to be recorded.")
Name = Annotated[
    str, typer.Argument(help="Small letters, digits and dashes. `default` stands before the built-in one.")
]
Sound = Annotated[
    Path, typer.Argument(help="A sound file: WAV, FLAC, Ogg or MP3, of any rate, at most a minute and 2 MB.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The WAV file to write; else NAME.wav.")]
_COLUMNS: Columns = {"Name": "name", "Is": lambda item: "own" if item["own"] else "built in"}


@command(app, "put")
async def put(api: Api, name: Name, sound: Sound, account: Account = None) -> Told:
    """Give an account an announcement of its own. It should say that 1 agrees to being recorded, and 2 refuses.

    Played is the one that `outdial account change --announcement` names.
    """
    try:
        file = sound.read_bytes()
    except OSError as error:
        raise CommandError(f"{sound}: can't be read: {error.strerror}") from None
    found = await api.send("PUT", await _url(api, account, name), file)
    return said(f"{name} lasts {found['seconds']:.1f} s.", found)


@command(app, "list")
async def list_(api: Api, account: Account = None) -> Told:
    """The announcements that an account can play."""
    return listed(await api.every(await _url(api, account)), _COLUMNS, "There is none.")


@command(app, "get")
async def get(api: Api, name: Name, output: Output = None, account: Account = None) -> Told:
    """Write an announcement into a file, as it is played."""
    return await saved(api.pieces("GET", await _url(api, account, name)), output or Path(f"{name}.wav"))


@command(app, "remove")
async def remove(api: Api, name: Name, account: Account = None) -> Told:
    """Take an account's own announcement away."""
    await api.ask("DELETE", await _url(api, account, name))
    return said(f"{name} is gone.", {"name": name, "removed": True})


async def _url(api: Api, account: str | None, *more: str) -> str:
    return at("accounts", await api.account(account), "announcements", *more)
