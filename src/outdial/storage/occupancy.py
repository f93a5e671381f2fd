"""One service to a database: a second would take the first one's calls for ones that its own switch has lost.

A SQLite is held by a file beside it. A PostgreSQL is held by an advisory lock of a session of its own, which the server
gives up with the session: at once where our process dies, after half a minute where the whole machine does.
Must not know what a service does.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import structlog
from sqlalchemy import TextClause, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from outdial.held_file import HeldByAnother, held_file
from outdial.storage import engines
from outdial.storage.database import DatabaseError, is_sqlite, made, place_of, said, told_in_one_line
from outdial.storage.engines import postgresql_engine
from outdial.storage.outage import is_outage

WAIT_SECONDS = 40
"""How long another may take to let go: longer than the server takes to miss one whose machine died."""
LOOK_SECONDS = 5
_DEAD = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""The server misses a machine after 25 seconds; left to itself it would take two hours."""
_LOCK = 0x6F757464
_TAKE = text("SELECT pg_try_advisory_lock(:lock, hashtext(coalesce(current_schema(), '')))").bindparams(lock=_LOCK)
_IN_USE = "database: in use by another outdial"


class Occupancy:
    """The database is ours. Ends with `kept` where it is no longer."""

    async def kept(self) -> None:
        """See that it stays ours, for ever."""
        await asyncio.Event().wait()


class _Session(Occupancy):
    """A PostgreSQL's session that holds the lock."""

    def __init__(self, url: str) -> None:
        self._engine = postgresql_engine(
            url, _DEAD, engines.COMMAND_SECONDS, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        self._connection: AsyncConnection | None = None

    async def take(self) -> None:
        """Have the lock as soon as nobody else has.

        Raises:
            DatabaseError: another has had it for `WAIT_SECONDS`, or the database can't be used.
        """
        give_up = asyncio.get_running_loop().time() + WAIT_SECONDS
        while not await self._is_taken():
            if asyncio.get_running_loop().time() > give_up:
                raise DatabaseError(_IN_USE)
            await asyncio.sleep(0.5)

    async def kept(self) -> None:
        """See that the session lives, and begin a new one where it does not.

        Raises:
            DatabaseError: another has taken the lock meanwhile.
        """
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if self._connection is None:
                    await self.take()
                else:
                    await self._asked(self._connection, text("SELECT 1"))
            except Exception as error:
                if not is_outage(error):
                    raise
                structlog.get_logger().warning("the database is not held: it does not answer", error=said(error))

    async def close(self) -> None:
        """Let go of it."""
        await self._drop()
        await self._engine.dispose()

    async def _is_taken(self) -> bool:
        connection = await self._engine.connect()
        taken = bool(await self._asked(connection, _TAKE))
        if taken:
            self._connection = connection
        else:
            await connection.close()
        return taken

    async def _asked(self, connection: AsyncConnection, question: TextClause) -> object:
        """The answer; without one the session counts as lost, and is ended lest it hold the lock for nobody."""
        try:
            return (await connection.execute(question)).scalar()
        except BaseException:
            self._connection = connection
            await self._drop()
            raise

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # It may be broken, which is as good.
            with suppress(SQLAlchemyError, OSError):
                await connection.close()


@asynccontextmanager
async def occupied(url: str) -> AsyncIterator[Occupancy]:
    """The database is ours inside, as far as other services go.

    Raises:
        DatabaseError: another service uses it, or it can't be used.
    """
    if is_sqlite(url):
        with _held_beside(url):
            yield Occupancy()
        return
    session = made(url, _Session)
    try:
        with told_in_one_line(url):
            await session.take()
        yield session
    finally:
        await session.close()


@contextmanager
def _held_beside(url: str) -> Iterator[None]:
    file = f"{made(url, make_url).database}.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(held_file(Path(file)))
        except HeldByAnother as holder:
            raise DatabaseError(f"{_IN_USE}{holder}") from None
        except OSError as error:
            raise DatabaseError(f"database: {place_of(url)}: {error.strerror}") from None
        yield
