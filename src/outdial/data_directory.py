"""The data directory: held by one process at a time, its secrets readable by its owner alone. Knows no file by name."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataDirectoryError(Exception):
    """The data directory can't be used. One line for people."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the directory if it is not there, and hold it against a second process until the end.

    The kernel lets go of the lock whatever this process dies of.

    Raises:
        DataDirectoryError: another process holds it, or it can't be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise DataDirectoryError(f"data_dir {folder}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read(20).strip()
            raise DataDirectoryError(
                f"data_dir {folder}: in use by another outdial" + (f" (process {holder})" if holder.isdigit() else "")
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


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
