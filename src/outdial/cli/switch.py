"""`outdial switch …`: the Asterisk that is run, seen from the machine it runs on."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from outdial.asterisk import home, process
from outdial.asterisk.ari import Ari, AriError
from outdial.asterisk.configuration import ARI_USER, sip_address
from outdial.asterisk.debian import installed
from outdial.asterisk.runtime import PACKAGES, RuntimeUnusable, present_runtime
from outdial.cli.building import AsJson, console, renewed_runtime_of, runtime_folder, runtime_of, tell, told_in_one_line
from outdial.cli.serve import ConfigFile, DataDir
from outdial.config import Settings, load
from outdial.data_directory import have_private

app = typer.Typer(help="The Asterisk that carries the calls.", no_args_is_help=True)


@app.command()
def install(
    config: ConfigFile = None,
    data_dir: DataDir = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Have the newest version, security updates too, of a private one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have an Asterisk that can be run: the system's, or a private one from Debian's packages. Needs no root."""
    with told_in_one_line():
        settings = _load(config, data_dir)
        # The installation itself is no secret: one in a folder of its own may be run by others too.
        have_private(settings.data_dir)
        before = installed(PACKAGES, runtime_folder(settings))
        runtime = renewed_runtime_of(settings) if renew else runtime_of(settings)
        changed = installed(PACKAGES, runtime_folder(settings)) != before
        later = changed and process.running(_folder(settings)) is not None
        found = {"version": runtime.version, "source": runtime.source, "changed": changed}
        said = f"Asterisk {runtime.version} ({runtime.source}) {'was installed' if changed else 'is there'}."
        if renew and not changed:
            said += " There is nothing newer." if runtime.source == "private" else " The system's own updates renew it."
        if later:
            said += " What runs is the one before, until it is started anew."
        tell(found, said, as_json=as_json)


@app.command()
def status(config: ConfigFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What is installed, whether it runs, and how many channels are up. Ends with 1 where it does not run."""
    with told_in_one_line():
        found = asyncio.run(_status(_load(config, data_dir)))
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for name, value in found.items():
            console.print(f"{name:>10}  {value if value is not None else '-'}", highlight=False)
    if not found["running"]:
        raise typer.Exit(1)


@app.command()
def stop(config: ConfigFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a switch that outlived its service, and every call on it. A service that runs starts it again at once."""
    with told_in_one_line():
        found = process.running(_folder(_load(config, data_dir)))
        if found is not None:
            asyncio.run(found.end())
        ended = {"ended": found is not None, "pid": found.pid if found else None}
        tell(ended, "The switch has ended." if found else "The switch does not run.", as_json=as_json)


async def _status(settings: Settings) -> dict[str, str | int | bool | None]:
    folder = _folder(settings)
    running, known = process.running(folder), home.known_settings(folder)
    installed = _installed(settings)
    found: dict[str, str | int | bool | None] = {
        "installed": installed,
        "running": running is not None,
        "pid": running.pid if running else None,
        "sip": sip_address(known.sip_host, known.sip_port) if known else None,
        "version": None,
        "channels": None,
    }
    if running is None or known is None:
        return found
    async with Ari(f"http://127.0.0.1:{known.http_port}", ARI_USER, known.ari_password) as ari:
        try:
            found["version"] = str((await ari.info())["system"]["version"])
            found["channels"] = len(await ari.channels())
        except AriError:
            found["running"] = False
    return found


def _installed(settings: Settings) -> str | None:
    try:
        found = present_runtime(settings.switch_source, runtime_folder(settings))
    except RuntimeUnusable:
        return None
    return f"{found.version} ({found.source})"


def _load(config: Path | None, data_dir: Path | None) -> Settings:
    return load(file=config, given={"data_dir": data_dir and str(data_dir)})


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "switch"
