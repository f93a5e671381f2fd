"""What differs between SQLite and PostgreSQL: connections, threads, and how writers keep out of each other's way.

SQLite's statements run in threads of our own, a whole transaction at a time: a hop for each statement would cost
more than the statements. Those of a step are so quick that they run on the event loop, with their commit where the
disk is. PostgreSQL's run on asyncpg. Must not know what is written.
"""

import asyncio
import hashlib
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import URL, BigInteger, Connection, Engine, bindparam, create_engine, event, make_url, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from outdial.storage.checkpoints import LONGEST_LOG, Checkpoints
from outdial.storage.journal import Done, Write, run_all
from outdial.storage.outage import is_locked
from outdial.storage.prepared import driver_of

T = TypeVar("T")
READERS = 4
BUSY_MS = 5_000
QUICK_SECONDS = 0.002
"""A commit that takes no longer is not worth a thread."""
TRUSTED_AFTER = 50
"""So many quick commits in a row make a disk quick."""
CONNECT_SECONDS = 5
COMMAND_SECONDS = 15
"""A statement that takes longer never will be answered: the journal must not wait for ever."""


class DatabaseEngine(ABC):
    """One of the two."""

    @abstractmethod
    async def read(self, work: Callable[[Connection], T], quick: bool) -> T:
        """What a function finds; whatever it writes is not kept. See `journal.Write.quick`."""

    @abstractmethod
    async def transact(self, writes: Sequence[Write]) -> list[Done]:
        """Make writes in one transaction; durable when this returns."""

    @abstractmethod
    async def apart(self, work: Callable[[Connection], T]) -> T:
        """Run one function in a transaction."""

    @abstractmethod
    def empty_log(self) -> None:
        """See that what was deleted is soon in no log either, as far as that is in our hands."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection."""


class Disk:
    """How long commits take. While all of the last ones were quick, the next is made on the event loop, as a hop to a
    thread and back costs more; a disk that begins to dawdle holds the loop up once."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._quick_in_a_row = 0

    @property
    def is_quick(self) -> bool:
        """Whether it has been for a while."""
        return self._quick_in_a_row >= TRUSTED_AFTER

    def timed(self, commit: Callable[[], None]) -> None:
        """Make a commit, and remember how long it took."""
        began = self._clock()
        commit()
        quick = self._clock() - began < QUICK_SECONDS
        self._quick_in_a_row = self._quick_in_a_row + 1 if quick else 0


class SqliteFile(DatabaseEngine):
    """A file, with one writer and a few readers, each with a thread and a connection."""

    def __init__(self, url: str) -> None:
        # Who writes beside us is waited for in a thread only, and then for longer.
        self._writing = _sqlite_engine(url, "BEGIN IMMEDIATE", 1, busy_ms=0)
        self._reading = _sqlite_engine(url, "BEGIN", READERS, busy_ms=BUSY_MS)
        self._glancing = _sqlite_engine(url, "BEGIN", 1, busy_ms=0)
        self._checkpoints = Checkpoints(_sqlite_engine(url, "BEGIN", 1, busy_ms=0))
        # For what runs on the event loop: taking a connection from a pool costs more than most statements.
        self._disk = Disk()
        self._writes: Connection | None = None
        self._glances: Connection | None = None
        self._writer = ThreadPoolExecutor(1, "database-writer")
        self._readers = ThreadPoolExecutor(READERS, "database-reader")

    async def read(self, work: Callable[[Connection], T], quick: bool) -> T:
        if quick:
            return self._glance(work)

        def in_thread() -> T:
            with self._reading.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, in_thread)

    def _glance(self, work: Callable[[Connection], T]) -> T:
        connection = self._glances
        if connection is None:
            connection = self._glances = self._glancing.connect()
        try:
            return work(connection)
        finally:
            if connection.in_transaction():
                connection.rollback()

    async def transact(self, writes: Sequence[Write]) -> list[Done]:
        done = await self._at_once(writes) if all(write.quick for write in writes) else None
        if done is None:
            done = await self.apart(lambda connection: run_all(connection, writes))
        self._checkpoints.committed()
        return done

    async def _at_once(self, writes: Sequence[Write]) -> list[Done] | None:
        """On the event loop, but for the commit; none where another process is writing."""
        connection = self._writes
        if connection is None:
            connection = self._writes = self._writing.connect()
        driver = driver_of(connection)
        try:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_locked(error):
                    raise
                return None
            done = run_all(connection, writes)
            # What went past SQLAlchemy it knows nothing of.
            commit = connection.commit if connection.in_transaction() else driver.commit
            if self._disk.is_quick:
                self._disk.timed(commit)
            else:
                await asyncio.get_running_loop().run_in_executor(self._writer, self._disk.timed, commit)
        except Exception:
            self._let_go()
            raise
        return done

    def _let_go(self) -> None:
        """Give the writing connection back; what was begun on it is undone."""
        if self._writes is not None:
            self._writes.close()
            self._writes = None

    async def apart(self, work: Callable[[Connection], T]) -> T:
        self._let_go()

        def in_thread() -> T:
            with self._writing.connect() as connection:
                _wait_for_others(connection, BUSY_MS)
                try:
                    with connection.begin():
                        return work(connection)
                finally:
                    _wait_for_others(connection, 0)

        return await asyncio.get_running_loop().run_in_executor(self._writer, in_thread)

    def empty_log(self) -> None:
        self._checkpoints.empty_soon()

    async def close(self) -> None:
        for pool in (self._writer, self._readers):
            pool.shutdown()
        self._let_go()
        if self._glances is not None:
            self._glances.close()
        self._checkpoints.close()
        for engine in (self._writing, self._reading, self._glancing):
            engine.dispose()


def _wait_for_others(connection: Connection, busy_ms: int) -> None:
    """How long a lock that another process holds is waited for. To the driver: it begins no transaction."""
    driver_of(connection).execute(f"PRAGMA busy_timeout = {busy_ms}")


def _sqlite_engine(url: str, begin: str, connections: int, *, busy_ms: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        # An error's text may end up in a log; what was to be written may not.
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:  # noqa: ANN401 -- SQLAlchemy's own record
        # We begin transactions ourselves: the driver's way would take the write lock too late.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {busy_ms}",
            "journal_mode = WAL",
            # A step is durable when the commit returns, even if the power fails.
            "synchronous = FULL",
            f"wal_autocheckpoint = {LONGEST_LOG}",
            "foreign_keys = ON",
            # What is deleted is written over with zeros: it may have been a key.
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        if not driver_of(connection).in_transaction:
            connection.exec_driver_sql(begin)

    return engine


class PostgreSql(DatabaseEngine):
    """A server, which other processes use too. Who is patient waits for a statement for as long as it takes."""

    def __init__(self, url: str, *, patient: bool = False) -> None:
        seconds = None if patient else COMMAND_SECONDS
        self._engine = postgresql_engine(url, {}, seconds, pool_size=READERS + 1, max_overflow=0)

    async def read(self, work: Callable[[Connection], T], quick: bool) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def transact(self, writes: Sequence[Write]) -> list[Done]:
        def work(connection: Connection) -> list[Done]:
            _take_turns(connection, writes)
            return run_all(connection, writes)

        return await self.apart(work)

    async def apart(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    def empty_log(self) -> None:
        """Nothing: the server's log is its operator's, see docs/keeping-recordings.md."""

    async def close(self) -> None:
        await self._engine.dispose()


def postgresql_engine(
    url: str, settings: Mapping[str, str], command_seconds: float | None, **more: object
) -> AsyncEngine:
    """Connections to a PostgreSQL, with more of the server's settings than all of ours have."""
    return create_async_engine(
        _asyncpg_url(url),
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": command_seconds,
            "server_settings": {"application_name": "outdial", **settings},
        },
        **more,
    )


def _asyncpg_url(url: str) -> URL:
    """The URL as SQLAlchemy wants it; `sslmode`, which every other program understands, is `ssl` to this driver."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    mode = parsed.query.get("sslmode")
    if mode is None:
        return parsed
    return parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


_TURN = text("SELECT pg_advisory_xact_lock(each) FROM unnest(:keys) AS each").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)


def _take_turns(connection: Connection, writes: Sequence[Write]) -> None:
    """Wait for other processes that write for the same accounts. All locks at once and in order: so no two
    transactions, whatever they group, can wait for each other."""
    accounts = {write.account for write in writes if write.account is not None}
    if accounts:
        connection.execute(_TURN, {"keys": sorted(_key(account) for account in accounts)})


def _key(account: str) -> int:
    digest = hashlib.blake2b(account.encode(), digest_size=8, person=b"outdial").digest()
    return int.from_bytes(digest, signed=True)
