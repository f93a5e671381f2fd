"""Announcements as sound files: an account's own, and those that come with the product.

Must not know when one is played, or to whom.
"""

import re
from pathlib import Path

BUILT_IN = Path(__file__).parent / "sounds"
_ACCOUNT = re.compile(r"[0-9a-z]{1,64}")
_NAME = re.compile(r"[a-z0-9-]{1,32}")


class Announcements:
    """Sound files by account and name, in one folder. An account's own stands before a built-in one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, account: str, name: str) -> Path | None:
        """Where an announcement lies; none where there is no such one."""
        if not _ACCOUNT.fullmatch(account) or not _NAME.fullmatch(name):
            return None
        for folder in (self._folder / account, BUILT_IN):
            path = folder / f"{name}.wav"
            if path.is_file():
                return path.absolute()
        return None
