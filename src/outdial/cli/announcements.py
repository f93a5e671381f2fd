"""`outdial announcement …`: what accounts play to the other side, on the machine on which the switch runs."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from outdial.asterisk.announcements import Announcements
from outdial.cli.building import AsJson, console, tell, told_in_one_line
from outdial.cli.serve import ConfigFile, DataDir
from outdial.config import load

app = typer.Typer(help="Announcements: what asks the other side for consent.", no_args_is_help=True)
Account = Annotated[str, typer.Argument(help="The account's key.")]
Name = Annotated[
    str, typer.Argument(help="Small letters, digits and dashes. `default` stands before the built-in one.")
]
Sound = Annotated[Path, typer.Argument(help="A sound file: WAV, FLAC, Ogg or MP3, of any rate, at most a minute.")]


@app.command()
def put(
    account: Account,
    name: Name,
    sound: Sound,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give an account an announcement of its own. It should say that 1 agrees to being recorded, and 2 refuses."""
    with told_in_one_line():
        seconds = _announcements(config, data_dir).put(account.lower(), name, sound)
        found = {"account": account.lower(), "name": name, "seconds": round(seconds, 3)}
        tell(found, f"{name} of account {account} lasts {seconds:.1f} s.", as_json=as_json)


@app.command("list")
def list_all(account: Account, config: ConfigFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The announcements that an account can play."""
    with told_in_one_line():
        found = _announcements(config, data_dir).names(account.lower())
        if as_json:
            items = [{"name": name, "own": own} for name, own in found.items()]
            sys.stdout.write(json.dumps({"items": items}) + "\n")
            return
        for name, own in found.items():
            console.print(f"{name}  {'own' if own else 'built in'}", highlight=False)


@app.command()
def remove(
    account: Account, name: Name, config: ConfigFile = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Take an account's own announcement away."""
    with told_in_one_line():
        _announcements(config, data_dir).remove(account.lower(), name)
        found = {"account": account.lower(), "name": name}
        tell(found, f"{name} of account {account} is gone.", as_json=as_json)


def _announcements(config: Path | None, data_dir: Path | None) -> Announcements:
    settings = load(file=config, given={"data_dir": data_dir and str(data_dir)})
    return Announcements(settings.data_dir / "announcements")
