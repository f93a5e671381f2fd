"""What a database's exception means: it does not answer, it would rather be asked again, or a row stands in the way.

Must not know what was asked of it.
"""

import sqlite3

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import exc

_OUTAGE_CLASSES = ("08", "25006", "28", "3D", "53", "57", "58", "XX")
"""SQLSTATE classes: connection, who may connect and to what, resources, operator intervention, system, internal; and
the one code of a server that may be read only, as one that stands by."""
_ROLLED_BACK_CLASS = "40"
"""SQLSTATE class of deadlocks and serialisation failures: the same again may succeed."""
_FOREIGN_KEY = "23503"


def is_outage(error: BaseException) -> bool:
    """Whether the database does not answer, or can't write at all, whatever it is asked."""
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, sqlite3.Error):
        # What goes past SQLAlchemy comes as the driver has it; for its kinds see below.
        code = getattr(error, "sqlite_errorcode", None)
        return type(error) is sqlite3.DatabaseError or (
            isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR
        )
    # SQLite calls a statement that makes no sense operational too.
    if (
        isinstance(error, exc.OperationalError)
        and getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    ):
        return False
    if isinstance(error, OSError | exc.OperationalError | exc.InterfaceError | exc.TimeoutError):
        return True
    # Itself, and none of its kinds: SQLite's word for a file that is damaged, or no database.
    if type(error) is exc.DatabaseError:
        return True
    # While a connection is being made, the driver's own errors come through unwrapped.
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return True
    return _sql_state(error).startswith(_OUTAGE_CLASSES)


def is_locked(error: sqlite3.OperationalError) -> bool:
    """Whether another process is writing to the file of a SQLite."""
    # The low byte is the error, what is above says which kind of it.
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def was_rolled_back(error: BaseException) -> bool:
    """Whether the database gave the transaction up for another's sake."""
    return _sql_state(error).startswith(_ROLLED_BACK_CLASS)


def names_nothing(error: exc.IntegrityError) -> bool:
    """Whether a row refers to one that is not there; else it is one too many of its kind."""
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return True
    return _sql_state(error) == _FOREIGN_KEY


def _sql_state(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
