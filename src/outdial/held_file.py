"""A file that one process holds at a time: the kernel lets go of it whatever its holder dies of.

Must not know what is held by it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HeldByAnother(Exception):
    """Another process holds it: its number in brackets, where it is known; else nothing."""


@contextmanager
def held_file(path: Path) -> Iterator[None]:
    """Make the file if it is not there, and hold it until the end; our process's number stands in it.

    Raises:
        HeldByAnother: that has been done already.
        OSError: it can't be written.
    """
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).strip()
            raise HeldByAnother(f" (process {holder})" if holder.isdigit() else "") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
