"""What may stand in the way of a command, and how any of it is told: one line."""

import sys
import traceback
from pathlib import Path


class CommandError(Exception):
    """A command can't do what it was asked. One line for people."""


def tell(error: BaseException | str) -> None:
    """One line on standard error, and one below it for each note that the error bears."""
    for text in (error, *getattr(error, "__notes__", ())):
        sys.stderr.write(f"outdial: {' '.join(str(text).split())}\n")


def of_fault(error: BaseException) -> str:
    """A fault of ours in one line, with the place, which is what a report needs; of several the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({Path(frame.filename).name}, line {frame.lineno})" for frame in place)
    return f"internal error: {type(error).__name__}: {error}{where}"
