"""What the commands that run the product share: its settings, its switch's runtime, and errors in one line."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outdial.asterisk.home import PortTaken
from outdial.asterisk.ports import NoFreePort
from outdial.asterisk.process import ProcessError
from outdial.asterisk.runtime import Runtime, RuntimeUnusable, have_runtime, renewed_runtime
from outdial.asterisk.switch import SwitchError
from outdial.asterisk.tls import TlsUnusable
from outdial.config import Settings, SettingsError
from outdial.data_directory import DataDirectoryError
from outdial.http_server import ListenError
from outdial.sandbox.configuration import Binary
from outdial.sandbox.far_end import FarEndError
from outdial.sandbox.sandbox import SandboxError
from outdial.storage.database import DatabaseError

EXPECTED = (
    DataDirectoryError,
    DatabaseError,
    FarEndError,
    ListenError,
    NoFreePort,
    PortTaken,
    ProcessError,
    RuntimeUnusable,
    SandboxError,
    SettingsError,
    SwitchError,
    TlsUnusable,
)
"""Errors that carry one line for people; anything else is a fault of ours."""

console = Console(stderr=True)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line on standard output.")]


def tell(data: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """What came of a command: a line for people on standard error, or one for machines on standard output."""
    if as_json:
        sys.stdout.write(json.dumps(data) + "\n")
        sys.stdout.flush()
    else:
        console.print(text, markup=False, highlight=False)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """End the command with status 1 and one line for whatever stands in its way, alone or within a group."""
    try:
        yield
    except* EXPECTED as group:
        console.print(f"outdial: {_first(group)}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def runtime_folder(settings: Settings) -> Path:
    """Where a private Asterisk is, or will be, installed."""
    return settings.runtime_dir or settings.data_dir / "asterisk"


def runtime_of(settings: Settings) -> Runtime:
    """The Asterisk to run; one that has to be installed first says how far it is."""
    return have_runtime(settings.switch_source, runtime_folder(settings), _say)


def renewed_runtime_of(settings: Settings) -> Runtime:
    """The same, in the newest version that there is."""
    return renewed_runtime(settings.switch_source, runtime_folder(settings), _say)


def binary_of(runtime: Runtime) -> Binary:
    """An Asterisk as the far end takes it."""
    return Binary(runtime.command, runtime.modules, runtime.data)


def _say(text: str) -> None:
    console.print(f"asterisk: {text}", style="dim", highlight=False)


def _first(group: BaseExceptionGroup[Exception]) -> BaseException:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
