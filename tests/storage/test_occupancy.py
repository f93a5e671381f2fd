"""One service to a database, whatever becomes of the one before, of the server, or of the way to it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-untyped]
import pytest

from outdial.storage import occupancy
from outdial.storage.database import DatabaseError
from outdial.storage.occupancy import occupied
from support.postgres import Postgres

IN_USE = "database: in use by another outdial"
OCCUPY = """
import asyncio, sys
from outdial.storage.occupancy import occupied
async def stay():
    async with occupied(sys.argv[1]):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(stay())
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "WAIT_SECONDS", 0.5)
    monkeypatch.setattr(occupancy, "LOOK_SECONDS", 0.05)


@asynccontextmanager
async def keeping(url: str) -> AsyncIterator[asyncio.Task[None]]:
    """A service has the database inside, and sees that it stays so."""
    async with occupied(url) as ours:
        task = asyncio.create_task(ours.kept())
        yield task
        task.cancel()
        await asyncio.wait([task])


async def is_refused(url: str) -> bool:
    """Whether a second service is."""
    try:
        async with occupied(url):
            return False
    except DatabaseError as error:
        return str(error).startswith(IN_USE)


LOCKED = """
SELECT EXISTS (
    SELECT FROM pg_locks JOIN pg_database ON pg_locks.database = pg_database.oid
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
)
"""


async def until_locked(url: str) -> None:
    """Wait for the lock, without ever having it."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(60):
            while not await connection.fetchval(LOCKED):  # noqa: ASYNC110 -- nobody is told
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def test_a_second_service_is_refused_and_the_next_is_not(url: str) -> None:
    async with keeping(url) as kept:
        assert await is_refused(url)
        assert not kept.done()
    async with keeping(url):
        pass


async def test_a_service_that_was_killed_is_followed_by_the_next(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await asyncio.create_subprocess_exec(sys.executable, "-c", OCCUPY, url, stdout=asyncio.subprocess.PIPE)
    try:
        assert first.stdout is not None
        assert await first.stdout.readline() == b"held\n"
        assert await is_refused(url)
    finally:
        first.kill()
        await first.wait()
    monkeypatch.setattr(occupancy, "WAIT_SECONDS", 60)
    assert not await is_refused(url)


async def test_two_databases_of_one_server_are_held_apart(postgres: Postgres) -> None:
    with postgres.fresh() as one, postgres.fresh() as other:
        async with occupied(one):
            assert not await is_refused(other)


async def test_a_session_that_breaks_is_begun_anew(postgres: Postgres) -> None:
    with postgres.fresh() as url:
        async with keeping(url) as kept:
            await asyncio.to_thread(postgres.break_connections)
            await until_locked(url)
            assert not kept.done()


async def test_a_server_that_was_away_is_refused_again(postgres: Postgres) -> None:
    with postgres.fresh() as url:
        async with keeping(url) as kept:
            await asyncio.to_thread(postgres.stop)
            try:
                with pytest.raises(DatabaseError, match="database: "):
                    async with occupied(url):
                        pass
                await asyncio.sleep(0.3)
            finally:
                await asyncio.to_thread(postgres.start)
            await until_locked(url)
            assert not kept.done()


async def test_a_service_whose_database_another_has_taken_meanwhile_ends(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.fresh() as url:
        async with occupied(url) as ours:
            await asyncio.to_thread(postgres.break_connections)
            monkeypatch.setattr(occupancy, "WAIT_SECONDS", 60)
            async with occupied(url):
                monkeypatch.setattr(occupancy, "WAIT_SECONDS", 0.5)
                with pytest.raises(DatabaseError, match=IN_USE):
                    await asyncio.wait_for(ours.kept(), 60)


@pytest.mark.parametrize(
    "wrong", ["postgresql://outdial:secret@127.0.0.1:1/postgres", "postgresql://outdial:secret@127.0.0.1:x/postgres"]
)
async def test_what_can_not_be_used_is_told_in_one_line_without_its_password(wrong: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        async with occupied(wrong):
            pass
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_folder_that_is_not_there_is_told() -> None:
    with pytest.raises(DatabaseError, match=r"^database: /nowhere/at/all\.db: No such file or directory"):
        async with occupied("sqlite:////nowhere/at/all.db"):
            pass
