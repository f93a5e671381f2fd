"""`outdial sandbox` and `outdial demo`: the whole product with a far end to call, and the page's examples in it."""

import json
import socket
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outdial import logs
from outdial.app import Outdial
from outdial.asterisk.runtime import Runtime
from outdial.cli import interrupt
from outdial.cli.building import AsJson, binary_of, runtime_of, told_in_one_line
from outdial.cli.greeting import greeting
from outdial.config import HOME, Settings, load
from outdial.data_directory import have_private, private_files
from outdial.http_server import ListenError, listen
from outdial.sandbox.run import run_demo, run_sandbox
from outdial.sandbox.sandbox import Ready
from outdial.sandbox.trial import Trial, Watcher

HOST = "127.0.0.1"
USUAL_PORT = 8080
"""Where a person finds the API, unless somebody else listens there: README's commands name it."""
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        help=f"Port of the API; 0 takes any free one. Without it {USUAL_PORT}, or any other where that is taken; with "
        "--json any free one.",
        min=0,
        max=65535,
    ),
]


def sandbox(
    port: Port = None,
    data: Annotated[Path | None, typer.Option(help="Keep everything in this folder, to go on with later.")] = None,
    as_json: AsJson = False,
    listen: Annotated[
        int, typer.Option(help="Record so many seconds of what each phone hears, in far-end/heard.", min=0, max=3600)
    ] = 0,
) -> None:
    """Run Outdial with a far end to call: phones and numbers that behave as their digits say. Nothing is configured.

    Stays until interrupted, and leaves nothing running.
    """
    with told_in_one_line(), private_files():
        base = _base()
        if data is not None:
            have_private(data)
        logs.configure(base.log_level if base.log_level != "info" else "warning", base.log_format)
        runtime = runtime_of(base)
        # Programs are told where it is: they leave the usual port to people.
        with _listening(0 if as_json and port is None else port) as taken:

            def make(folder: Path) -> Outdial:
                return Outdial(_settings(base, folder), runtime, ends_switch=True, taken=taken)

            announce = _announce_json if as_json else partial(_announce, told_port=port)
            binary = binary_of(runtime)
            interrupt.run(lambda: run_sandbox(make, binary, data=data, listen_seconds=listen, announce=announce))


def demo(
    picture: Annotated[Path | None, typer.Option(help="Save the table as a picture (SVG).")] = None,
    as_json: AsJson = False,
) -> None:
    """Place every example call of the API's page for real, show them live, and measure what each side heard."""
    with told_in_one_line():
        base = _base()
        logs.configure("error", base.log_format)
        runtime = runtime_of(base)
        # What is shown while it goes on must not get between a machine and the result.
        console = Console(stderr=as_json)
        trials = interrupt.run(lambda: _demo(base, runtime, console, picture))
    if trials is None:
        raise typer.Exit(130)
    passed = all(trial.passed for trial in trials)
    if as_json:
        sys.stdout.write(json.dumps({"passed": passed, "calls": [trial.to_dict() for trial in trials]}) + "\n")
    if not passed:
        raise typer.Exit(1)
    if not as_json:
        console.print("The audio of each side was received at the other in every call.", style="green")


async def _demo(base: Settings, runtime: Runtime, console: Console, picture: Path | None) -> Sequence[Trial]:
    def make(folder: Path, watcher: Watcher) -> Outdial:
        return Outdial(_settings(base, folder), runtime, observers=(watcher,), ends_switch=True)

    return await run_demo(make, binary_of(runtime), console=console, picture=picture)


def _base() -> Settings:
    """An installation's settings: a sandbox takes where its Asterisk is, and how it logs; it touches no other data."""
    return load(given={"data_dir": str(HOME)})


def _settings(base: Settings, folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        http_port=0,
        sip_port=0,
        log_level=base.log_level,
        log_format=base.log_format,
    )


def _announce_json(ready: Ready) -> None:
    sys.stdout.write(json.dumps(ready.to_dict()) + "\n")
    sys.stdout.flush()


def _listening(port: int | None) -> socket.socket:
    """The port that was given; else the usual one, or any free one where that is taken."""
    if port is not None:
        return listen(HOST, port)
    try:
        return listen(HOST, USUAL_PORT)
    except ListenError:
        return listen(HOST, 0)


def _announce(ready: Ready, *, told_port: int | None) -> None:
    is_elsewhere = told_port is None and not ready.url.endswith(f":{USUAL_PORT}")
    sys.stdout.write(greeting(ready, instead_of=USUAL_PORT if is_elsewhere else None))
    sys.stdout.flush()
