"""Brings the schema up to date, from code: the revisions are inside the package. Blocks, outside any event loop.

Must not know what a revision does.
"""

import asyncio
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from outdial.storage.database import DatabaseError, run_apart

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6F757464
"""Advisory lock of PostgreSQL: two processes that start at once must not both migrate."""


def bring_up_to_date(url: str, *, allowed: bool) -> None:
    """Migrate where that is allowed; else make sure that there is nothing to migrate.

    Raises:
        DatabaseError: it can't be used, or is old and may not be changed.
    """
    if allowed:
        migrate(url)
    elif pending(url):
        raise DatabaseError("database: it is not up to date; run `outdial migrate`")


def migrate(url: str) -> None:
    """Bring a database to the newest revision; quiet where it is there already.

    Raises:
        DatabaseError: it can't be reached, or was made by a newer version.
    """
    asyncio.run(run_apart(url, _migrate))


def pending(url: str) -> bool:
    """Whether a database is older than this version.

    Raises:
        DatabaseError: it can't be reached, or was made by a newer version.
    """
    current, newest = revisions(url)
    return current != newest


def revisions(url: str) -> tuple[str | None, str]:
    """The revision that a database is at, none where it is empty, and the newest one.

    Raises:
        DatabaseError: it can't be reached, or was made by a newer version.
    """
    script = _script()
    current = asyncio.run(run_apart(url, _revision))
    _check_known(script, current)
    return str(current) if current else None, str(script.get_current_head())


def _migrate(connection: Connection) -> None:
    script = _script()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    current = _revision(connection)
    _check_known(script, current)

    def steps(revision: str, _: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs("head", revision)

    with EnvironmentContext(Config(), script, fn=steps, destination_rev="head") as environment:
        environment.configure(connection=connection, transactional_ddl=True, render_as_batch=True)
        environment.run_migrations()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def _check_known(script: ScriptDirectory, revision: object) -> None:
    try:
        script.get_revision(str(revision)) if revision else None
    except CommandError:
        raise DatabaseError(f"database: its revision {revision} is of a newer version of Outdial") from None
