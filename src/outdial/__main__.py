"""The command `outdial`. Whatever goes wrong is one line on standard error, and a status. Must not know any command."""

import sys
from collections.abc import Sequence
from typing import cast

import typer

from outdial.cli.errors import CommandError, of_fault, tell
from outdial.cli.main import app

_Usage = cast("type[Exception]", typer.BadParameter.__base__)
"""What is raised for words that make no command; the framework gives it no public name."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; the status to end with: 1 where a command failed, 2 where it was none."""
    try:
        return app(words, prog_name="outdial", standalone_mode=False) or 0
    except CommandError as error:
        tell(error)
    except typer.Abort:
        tell("stopped")
    except _Usage as error:
        return _told_usage(error)
    except Exception as error:  # noqa: BLE001 -- nobody is shown a trace
        tell(of_fault(error))
    return 1


def _told_usage(error: BaseException) -> int:
    context = getattr(error, "ctx", None)
    said = getattr(error, "format_message", error.__str__)().strip().replace("Value error, ", "")
    if "NoArgs" in type(error).__name__:
        # No words at all: the help is the answer, and the framework has printed it.
        return 2
    where = f"; see `{context.command_path} --help`" if context else ""
    tell(f"{said.rstrip('.')}{where}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
