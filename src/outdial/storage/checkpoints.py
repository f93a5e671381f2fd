"""Takes what SQLite has written to its log over into its file, in a thread of its own.

Left to SQLite, that is done by the commit that fills the log: on the event loop, a few times a second under load, and
for as long as the disk takes to make a whole file durable (measured: 60 to 800 ms). Must not know what is written.
"""

import sqlite3
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from sqlalchemy import Engine

from outdial.storage.prepared import driver_of

EVERY_COMMITS = 250
LONG_LOG = 8_000
"""Pages (of 4 KB): so long a log is begun anew, for which writers have to wait a moment. While nothing is being written
that happens by itself."""
LONGEST_LOG = 40_000
"""Pages, before SQLite does it at a commit after all: should this thread not get its turn."""
EMPTY_TRIES, EMPTY_SECONDS = 100, 0.1
"""How often, and after what pause, emptying the log is tried while somebody reads from it or writes."""


class Checkpoints:
    """Counts commits, and checkpoints now and then. The engine's connections must not wait for locks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "database-checkpoint")
        self._under_way: Future[None] | None = None
        self._commits = 0
        self._asked = self._emptied = 0
        self._closing = threading.Event()

    def committed(self) -> None:
        """One more."""
        self._commits += 1
        if self._commits >= EVERY_COMMITS or self._emptied < self._asked:
            self._begin()

    def empty_soon(self) -> None:
        """Keys that were destroyed are to be in the log no longer than it is read from."""
        self._asked += 1
        self._begin()

    def close(self) -> None:
        """Wait for what is under way. Whoever closes a file last empties its log."""
        self._closing.set()
        self._thread.shutdown()
        self._engine.dispose()

    def _begin(self) -> None:
        if self._under_way is None or self._under_way.done():
            self._commits = 0
            self._under_way = self._thread.submit(self._work)

    def _work(self) -> None:
        self._checkpoint()
        for _ in range(EMPTY_TRIES):
            asked = self._asked
            if self._emptied == asked or self._closing.is_set():
                return
            if self._empty():
                self._emptied = asked
            else:
                self._closing.wait(EMPTY_SECONDS)

    def _empty(self) -> bool:
        """Whether nothing is left in the log, not even what is of no use any more."""
        with suppress(sqlite3.Error), self._engine.connect() as connection:
            busy, _, _ = driver_of(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        return False

    def _checkpoint(self) -> None:
        # A full disk is for the commits to tell: they meet it too.
        with suppress(sqlite3.Error), self._engine.connect() as connection:
            driver = driver_of(connection)
            # Nobody waits for this one, but what is written meanwhile is left over.
            _, pages, _ = driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > LONG_LOG:
                driver.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
