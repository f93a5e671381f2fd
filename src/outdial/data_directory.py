"""The data directory: held by one process at a time, and everything in it readable by its owner alone.

Knows what lies in it by name, so as to tell it from what is others'; must not know what is in it.
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from outdial.durable import sync_folder
from outdial.held_file import HeldByAnother, held_file

OURS = frozenset(
    (
        *("lock", "outdial.db", "outdial.db-shm", "outdial.db-wal", "outdial.db.lock"),
        *("operator.json", "token.key", "crm.key"),
        *("announcements", "asterisk", "far-end", "recordings", "switch"),
    )
)
"""Everything that is kept there."""


class DataDirectoryError(Exception):
    """The data directory can't be used. One line for people."""


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever this process and its children make inside is for their user alone, whatever the umask was before.

    A mode given to each file would not do: database and switch make theirs themselves.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def have_private(folder: Path) -> None:
    """Make the directory if it is not there, for its owner alone, and close one that others could look into.

    One that holds others' things too is left as it is, and only what is ours in it is closed: it may be anybody's.

    Raises:
        DataDirectoryError: it can't be made or read.
    """
    try:
        with private_files():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close(folder)
    except FileExistsError:
        raise DataDirectoryError(f"data_dir {folder}: Not a directory") from None
    except OSError as error:
        raise DataDirectoryError(f"data_dir {folder}: {error.strerror}") from None


def _close(folder: Path) -> None:
    for path in open_to_others(folder):
        # What belongs to another user is theirs to close.
        with suppress(PermissionError):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o077)


def open_to_others(folder: Path) -> list[Path]:
    """What others could look into: the directory, unless it holds others' things too, and what is ours in it."""
    found = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
    ours = [folder / name for name in sorted(found & OURS)]
    return [path for path in (ours if found - OURS else [folder, *ours]) if path.stat().st_mode & 0o077]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the directory if it is not there, and hold it against a second process until the end.

    The kernel lets go of the lock whatever this process dies of. Whatever is made meanwhile is private.

    Raises:
        DataDirectoryError: another process holds it, or it can't be written.
    """
    have_private(folder)
    with ExitStack() as stack:
        stack.enter_context(private_files())
        try:
            stack.enter_context(held_file(folder / "lock"))
        except HeldByAnother as holder:
            raise DataDirectoryError(f"data_dir {folder}: in use by another outdial{holder}") from None
        except OSError as error:
            raise DataDirectoryError(f"data_dir {folder}: {error.strerror}") from None
        yield


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all, durable: the one it replaces may go then."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def kept_key(path: Path, size: int = 32) -> bytes:
    """The random key kept in a file; made the first time.

    Raises:
        DataDirectoryError: it is there but is no key, or others can read it.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        write_private(path, secrets.token_bytes(size))
        return path.read_bytes()
    if found.st_mode & 0o077:
        raise DataDirectoryError(f"{path}: must be readable by its owner only (chmod 600)")
    if found.st_size != size:
        raise DataDirectoryError(f"{path}: is no key of {size} bytes; restore it, or remove it to void all tokens")
    return path.read_bytes()
