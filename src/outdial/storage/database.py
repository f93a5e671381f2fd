"""One database: SQLite in a file, or PostgreSQL. Statements are plain functions of a connection on both.

Must not know what is written.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from outdial.domain.refusals import Refusal, StoreUnavailable
from outdial.storage.bell import Bell
from outdial.storage.engines import DatabaseEngine, PostgreSql, SqliteFile
from outdial.storage.journal import Journal, Work, Write
from outdial.storage.outage import is_outage, was_rolled_back

T = TypeVar("T")


class DatabaseError(Exception):
    """The database can't be used. One line for people."""


class Database:
    """Reads at once, writes through the journal. Open one with `open_database`."""

    def __init__(self, engine: DatabaseEngine, journal: Journal, bell: Bell) -> None:
        self._engine = engine
        self._journal = journal
        self.bell = bell
        """Rung for an account when notices of it have been committed."""
        self._takes_writes = True

    @property
    def waiting(self) -> int:
        """How many writes wait for the journal."""
        return self._journal.depth

    async def read(self, work: Callable[[Connection], T], *, quick: bool = False) -> T:
        """What a function finds; see `journal.Write.quick`.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        try:
            return await self._attempt(work, quick)
        except Exception as error:
            if _is_unavailable(error):
                raise StoreUnavailable from DatabaseError(said(error))
            raise

    async def write(
        self,
        work: Callable[[Connection], T],
        *,
        account: str | None = None,
        undoable: bool = True,
        quick: bool = False,
        rings: bool = False,
    ) -> T:
        """What a function has written, once it is durable; see `journal.Write`. It may be run more than once.

        Raises:
            StoreUnavailable: the database does not answer, or would not take it. It may have been written all the same.
        """
        try:
            written: T = await self._journal.write(Write(work, account, undoable, quick, rings))
        except Exception as error:
            if _is_unavailable(error):
                self._takes_writes = False
                raise StoreUnavailable from DatabaseError(said(error))
            raise
        self._takes_writes = True
        return written

    def empty_log(self) -> None:
        """What was deleted before this, a key perhaps, is soon to be in no log either; nobody waits for that."""
        self._engine.empty_log()

    async def answers(self) -> bool:
        """Whether the database answers now, and takes what is written: a full disk can still be read."""
        try:
            await self.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
            if not self._takes_writes:
                await self.write(_touch)
        except Refusal:
            return False
        return True

    async def _attempt(self, work: Callable[[Connection], T], quick: bool) -> T:
        try:
            return await self._engine.read(work, quick)
        except Exception as error:
            if not is_outage(error):
                raise
        # A kept connection may have broken meanwhile; there is no telling until it is used.
        return await self._engine.read(work, quick)


def is_sqlite(url: str) -> bool:
    """Which of the two a URL means."""
    return url.startswith("sqlite:")


@asynccontextmanager
async def open_database(url: str, committed: Callable[[int], None] = lambda _: None) -> AsyncIterator[Database]:
    """A database is usable inside; `committed` hears how many writes each commit took.

    Connects when it is first used. Leaving waits until everything asked for is written.
    """
    engine, bell = _engine(url), Bell()

    def after_commit(writes: Sequence[Write]) -> None:
        committed(len(writes))
        for account in {write.account for write in writes if write.rings and write.account is not None}:
            bell.ring(account)

    journal = Journal(engine.transact, after_commit)
    # Not a TaskGroup: what is raised inside is to come out as it is.
    writer = asyncio.create_task(journal.run())
    try:
        yield Database(engine, journal, bell)
    finally:
        try:
            await journal.drained()
        finally:
            writer.cancel()
            await asyncio.wait([writer])
            await engine.close()


async def run_apart(url: str, work: Work) -> object:
    """Run something in a transaction of its own, outside any journal: migrations.

    Raises:
        DatabaseError: the database can't be used.
    """
    # An index of a large table takes longer than any statement of a call may.
    engine = _engine(url, patient=True)
    try:
        with told_in_one_line(url):
            return await engine.apart(work)
    finally:
        await engine.close()


@contextmanager
def told_in_one_line(url: str) -> Iterator[None]:
    """Raises:
    DatabaseError: in place of whatever the database has against what is asked inside.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, SQLAlchemyError) or is_outage(error):
            raise DatabaseError(f"database: {place_of(url)}: {said(error)}") from None
        raise


def place_of(url: str) -> str:
    """Where a database is, for people: a file, or the server and the setting that names it; never the password."""
    parsed = made(url, make_url)
    if is_sqlite(url):
        return str(parsed.database)
    host = parsed.host or str(parsed.query.get("host") or "localhost")
    return f"{f'[{host}]' if ':' in host else host}:{parsed.port or 5432} (database_url)"


def made(url: str, make: Callable[[str], T]) -> T:
    """Something of a URL.

    Raises:
        DatabaseError: it is not a database's.
    """
    try:
        return make(url)
    except (ArgumentError, ValueError):
        # SQLAlchemy's own words would repeat the URL, and the password in it.
        raise DatabaseError("database: the URL is not a database's") from None


def _engine(url: str, *, patient: bool = False) -> DatabaseEngine:
    return made(url, SqliteFile if is_sqlite(url) else partial(PostgreSql, patient=patient))


def _touch(connection: Connection) -> None:
    """Write something that changes nothing."""
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def _is_unavailable(error: Exception) -> bool:
    """Whether that is a refusal; anything else is for whoever asked to know, or a fault of ours."""
    return is_outage(error) or was_rolled_back(error)


def said(error: BaseException) -> str:
    """What a database has against it, in one line."""
    if isinstance(error, TimeoutError) and not str(error):
        return "it does not answer"
    if isinstance(error, OSError) and error.errno is not None:
        # As the system says it: asyncio's own words repeat the address.
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__
