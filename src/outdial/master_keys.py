"""The master keys of recordings: files in the data directory, one a key, that only their owner can read.

Whoever has the database and the audio but not these can hear nothing. Must not know what they seal.
"""

import re
from pathlib import Path

from outdial.data_directory import kept_key

_NAME = re.compile(r"master-([1-9][0-9]{0,8})\.key")


class MasterKeyFiles:
    """A folder of master keys, numbered; the highest number is the newest."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, and a first key where there is none. Raises DataDirectoryError for one that is no key."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._numbers():
            self.add()
        for number in self._numbers():
            kept_key(self._path(str(number)))

    @property
    def newest(self) -> str:
        """Id of the one that seals from now on."""
        return str(max(self._numbers()))

    def key(self, master: str) -> bytes | None:
        """A key by its id; none where it is not there."""
        path = self._path(master)
        return kept_key(path) if _NAME.fullmatch(path.name) and path.exists() else None

    def add(self) -> str:
        """Make a new one; its id."""
        number = str(max(self._numbers(), default=0) + 1)
        kept_key(self._path(number))
        return number

    def remove(self, master: str) -> None:
        """Destroy one that seals nothing any more."""
        self._path(master).unlink(missing_ok=True)

    def _path(self, master: str) -> Path:
        return self._folder / f"master-{master}.key"

    def _numbers(self) -> list[int]:
        return [int(found[1]) for path in self._folder.iterdir() if (found := _NAME.fullmatch(path.name))]
