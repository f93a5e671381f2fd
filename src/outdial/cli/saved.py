"""Writes what the API sends piece by piece into a file."""

from collections.abc import AsyncIterator
from pathlib import Path

from outdial.cli.errors import CommandError
from outdial.cli.told import Told, said


async def saved(pieces: AsyncIterator[bytes], path: Path) -> Told:
    """Write what comes into a file, which is there once all of it is."""
    part = path.with_name(f"{path.name}.part")
    size = 0
    try:
        with part.open("wb") as file:
            async for piece in pieces:
                size += file.write(piece)
        part.replace(path)
    except OSError as error:
        raise CommandError(f"{path}: can't be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return said(f"{path}: {size} bytes.", {"file": str(path), "size": size})
