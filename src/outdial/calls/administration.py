"""What changing the directory needs, and taking turns at it.

A change reads a record, decides and writes it back; two at once in one account would undo each other's, and could
bring a secret back to life that has just been replaced.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakValueDictionary

from outdial.calls.directory import CallLog, Directory, Phones
from outdial.calls.ports import Clock


class AnnouncementError(Exception):
    """A sound can't be an announcement. One sentence for people, without its capital letter."""


class Announcements(Protocol):
    """The sound files that ask for consent. Every method waits for the disk."""

    def names(self, account: str) -> Mapping[str, bool]:
        """Every one an account can play, and whether it is its own."""
        ...

    def built_in(self) -> Collection[str]:
        """Those that every account can play."""
        ...

    def read(self, account: str, name: str) -> bytes | None:
        """The WAV file of one; none where there is no such one."""
        ...

    def put(self, account: str, name: str, sound: bytes) -> float:
        """Make a sound of any form an account's own, in place of one of that name; how many seconds it lasts.

        Raises:
            AnnouncementError: the name or the sound can't be used, or the account has too many.
        """
        ...

    def remove(self, account: str, name: str) -> None:
        """Remove one of an account's own. Raises AnnouncementError where there is none."""
        ...

    def forget(self, account: str) -> None:
        """Remove all of an account's own."""
        ...


class Turns:
    """One change at a time for each account; accounts don't wait for each other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, account: str) -> AsyncIterator[None]:
        """It is this account's turn inside."""
        lock = self._locks.setdefault(account.lower(), asyncio.Lock())
        async with lock:
            yield


@dataclass(frozen=True, slots=True)
class Administration:
    """What changing the directory needs."""

    directory: Directory
    phones: Phones
    call_log: CallLog
    clock: Clock
    new_secret: Callable[[], str]
    hash_secret: Callable[[str], str]
    announcements: Announcements
    turns: Turns = field(default_factory=Turns)
    uploads: Turns = field(default_factory=Turns)
    """What an account sends that is large is in memory once, however often it is sent at a time."""
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Sounds that others made are decoded one at a time, as each may take a good deal of memory."""
