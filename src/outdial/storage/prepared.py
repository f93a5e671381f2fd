"""Statements of every step of a call. On SQLite their text is made once, and goes to the driver past SQLAlchemy's
execution, which costs several times what such a statement does. Must not know what they say.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Row
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


class Prepared:
    """A statement whose parameters are all named when it runs. None of them may be a list."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._text: _SqliteText | None = None

    def rows(self, connection: Connection, values: Values) -> Sequence[Row[Any]]:
        """What it finds, or returns."""
        text = self._for_sqlite(connection)
        if text is not None:
            try:
                return text.rows(driver_of(connection).execute(text.sql, text.ordered(values)))
            except sqlite3.Error:
                pass  # SQLAlchemy meets it too, and tells it in its own words
        return connection.execute(self._statement, values).all()

    def run(self, connection: Connection, values: Values) -> int:
        """How many rows it changes."""
        text = self._for_sqlite(connection)
        if text is not None:
            try:
                return driver_of(connection).execute(text.sql, text.ordered(values)).rowcount
            except sqlite3.Error:
                pass
        return connection.execute(self._statement, values).rowcount

    def run_for_each(self, connection: Connection, many: Sequence[Values]) -> None:
        """Once for each of the values."""
        if self._for_sqlite(connection) is not None:
            for values in many:
                self.run(connection, values)
        elif many:
            connection.execute(self._statement, many)

    def _for_sqlite(self, connection: Connection) -> "_SqliteText | None":
        if connection.dialect.name != "sqlite":
            return None
        if self._text is None:
            self._text = _SqliteText(self._statement, connection)
        return self._text


class _SqliteText:
    """A statement as SQLite's driver takes it, and how its parameters and columns are converted."""

    def __init__(self, statement: Any, connection: Connection) -> None:  # noqa: ANN401 -- whatever can be compiled
        dialect = connection.dialect
        assert isinstance(dialect, DefaultDialect)  # noqa: S101 -- every dialect that speaks to a database is one
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        self.sql = compiled.string
        self._names = tuple(compiled.positiontup or ())
        self._fixed = {name: bound.effective_value for name, bound in compiled.binds.items() if not bound.required}
        self._bind: dict[str, Convert] = dict(compiled._bind_processors)  # type: ignore[arg-type]
        columns = compiled._result_columns
        self._converts = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._metadata: SimpleResultMetaData | None = None

    def ordered(self, values: Values) -> tuple[Any, ...]:
        return tuple(self._parameter(name, values) for name in self._names)

    def rows(self, cursor: sqlite3.Cursor) -> list[Row[Any]]:
        found = cursor.fetchall()
        if self._metadata is None:
            self._metadata = SimpleResultMetaData(
                [column[0] for column in cursor.description], _processors=self._converts or None
            )
        metadata = self._metadata
        return [Row(metadata, metadata._effective_processors, metadata._key_to_index, each) for each in found]

    def _parameter(self, name: str, values: Values) -> Any:  # noqa: ANN401 -- whatever a column holds
        value = values[name] if name in values else self._fixed[name]
        convert = self._bind.get(name)
        return value if convert is None else convert(value)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection. SQLite only."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 -- asked for on SQLite only
    return driver
