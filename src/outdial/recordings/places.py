"""Where sealed files lie: what a place must be able to do, the local disk, and the names of files.

Knows nothing of what is in them.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from outdial.calls.recordings import Damaged, PlaceUnusable
from outdial.domain.recordings import CallRecording
from outdial.durable import sync_folder
from outdial.recordings.spool import trouble_of

SUFFIX = ".sealed"
_PART = ".part"
_NAME = re.compile(r"[A-Za-z0-9]{1,64}/\d{4}/\d\d/\d\d/[A-Za-z0-9-]{1,64}/(agent|party|[a-z0-9-]{1,64}\.wav)\.sealed")


class FileMissing(Damaged):
    """A sealed file is not where it should be."""


class Place(Protocol):
    """Somewhere sealed files lie. Every method raises PlaceUnusable where the place is in trouble."""

    async def read(self, name: str, offset: int, length: int) -> bytes:
        """A stretch of a file. Raises FileMissing; a file that is too short gives less."""
        ...

    async def size(self, name: str) -> int | None:
        """How many bytes a file has; none where it is not there."""
        ...

    async def delete(self, name: str) -> None:
        """Quiet where it is not there."""
        ...

    def names(self, under: str) -> AsyncIterator[str]:
        """Every file below a folder."""
        ...


class LocalFiles:
    """A folder of sealed files on the local disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self._folder / checked(name)

    def write(self, name: str, parts: Iterable[bytes]) -> tuple[int, str]:
        """Write a file, whole or not at all, durable; its size and SHA-256. Waits for the disk: call it in a thread.

        Raises:
            PlaceUnusable: the disk is full, or can't be written.
        """
        path = self.path(name)
        part = path.with_name(path.name + _PART)
        digest, size = hashlib.sha256(), 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                for piece in parts:
                    digest.update(piece)
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise PlaceUnusable(trouble_of(error, self._folder)) from None
        return size, digest.hexdigest()

    async def read(self, name: str, offset: int, length: int) -> bytes:
        """As a Place."""
        return await asyncio.to_thread(self._read, name, offset, length)

    async def size(self, name: str) -> int | None:
        """As a Place."""
        try:
            return (await asyncio.to_thread(self.path(name).stat)).st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PlaceUnusable(trouble_of(error, self._folder)) from None

    async def delete(self, name: str) -> None:
        """As a Place; folders that it leaves empty go too."""
        try:
            await asyncio.to_thread(self._delete, name)
        except OSError as error:
            raise PlaceUnusable(trouble_of(error, self._folder)) from None

    async def names(self, under: str) -> AsyncIterator[str]:
        """As a Place."""
        folder = self._folder / under
        found = await asyncio.to_thread(lambda: sorted(path for path in folder.rglob("*") if not path.is_dir()))
        for path in found:
            yield path.relative_to(self._folder).as_posix()

    def _read(self, name: str, offset: int, length: int) -> bytes:
        try:
            with self.path(name).open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:
            raise FileMissing(f"{name} is missing on the local disk") from None
        except OSError as error:
            raise PlaceUnusable(f"{name} can't be read: {error.strerror}") from None

    def _delete(self, name: str) -> None:
        path = self.path(name)
        for file in (path, path.with_name(path.name + _PART)):
            file.unlink(missing_ok=True)
        for folder in list(path.parents)[: name.count("/")]:
            try:
                folder.rmdir()
            except OSError:
                return


def name_of(recording: CallRecording, label: str) -> str:
    """The name of a sealed file: account, day, call, and its label, which is the leg's name for a leg.

    Raises:
        Damaged: the record says nothing that could be in a name.
    """
    try:
        day = datetime.fromtimestamp(recording.started_at / 1000, UTC)
        return checked(f"{recording.account}/{day:%Y/%m/%d}/{recording.call_id}/{label}{SUFFIX}")
    except (ValueError, OverflowError, OSError):
        raise Damaged(f"the record of recording {recording.call_id} names no file that there could be") from None


def checked(name: str) -> str:
    """A name that stays within its place. Raises ValueError for any other."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a sealed file")
    return name
