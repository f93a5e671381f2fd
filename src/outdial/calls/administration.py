"""What changing the directory needs, and taking turns at it.

A change reads a record, decides and writes it back; two at once in one account would undo each other's, and could
bring a secret back to life that has just been replaced.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakValueDictionary

from outdial.calls.directory import CallLog, Directory, Phones
from outdial.calls.ports import Clock


class Announcements(Protocol):
    """The sound files that ask for consent. Every method waits for the disk."""

    def names(self, account: str) -> Mapping[str, bool]:
        """Every one an account can play, and whether it is its own."""
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
