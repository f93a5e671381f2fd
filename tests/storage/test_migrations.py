"""The schema that the revisions make is the one that the statements are written for, on both databases."""

import asyncio
import importlib
import pkgutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from outdial import storage
from outdial.storage import engines, tables
from outdial.storage.database import DatabaseError, run_apart
from outdial.storage.migrate import bring_up_to_date, migrate, pending
from support.postgres import Postgres

ROOT = Path(__file__).parents[2]
VERSIONS = ROOT / "src" / "outdial" / "storage" / "migrations" / "versions"


@pytest.fixture(params=("sqlite", "postgresql"))
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.empty() as url:
            yield url


def on(url: str, work: object) -> object:
    return asyncio.run(run_apart(url, work))  # type: ignore[arg-type]


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, tables.metadata))


def test_the_migrated_schema_is_the_tables(empty: str) -> None:
    for module in pkgutil.iter_modules(storage.__path__):
        importlib.import_module(f"outdial.storage.{module.name}")
    migrate(empty)
    assert on(empty, differences) == []
    found = on(empty, lambda connection: set(inspect(connection).get_table_names()))
    assert found == {*tables.metadata.tables, "alembic_version"}
    for name, table in tables.metadata.tables.items():
        indexes = on(empty, lambda connection, n=name: {each["name"] for each in inspect(connection).get_indexes(n)})
        assert {index.name for index in table.indexes} <= indexes, name  # type: ignore[operator]


def test_a_missing_column_would_be_noticed(empty: str) -> None:
    migrate(empty)
    on(empty, lambda connection: connection.execute(text("ALTER TABLE caller_ids DROP COLUMN name")))
    assert on(empty, differences) != []


def test_migrating_twice_changes_nothing(empty: str) -> None:
    assert pending(empty)
    migrate(empty)
    assert not pending(empty)
    migrate(empty)
    assert not pending(empty)


def test_a_database_that_may_not_be_changed_is_refused_in_one_line(empty: str) -> None:
    with pytest.raises(DatabaseError, match=r"^database: it is not up to date; run `outdial migrate`$"):
        bring_up_to_date(empty, allowed=False)
    assert pending(empty)
    bring_up_to_date(empty, allowed=True)
    bring_up_to_date(empty, allowed=False)


def test_a_database_of_a_newer_version_is_refused(empty: str) -> None:
    migrate(empty)
    on(empty, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    for does in (migrate, pending):
        with pytest.raises(DatabaseError, match=r"^database: its revision 9999 is of a newer version"):
            does(empty)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: str) -> None:
    """A table of somebody else's is in the way of the last one: none of the others may stay."""
    on(empty, lambda connection: connection.execute(text("CREATE TABLE idempotency (id INTEGER)")))
    with pytest.raises(DatabaseError, match="idempotency"):
        migrate(empty)
    assert on(empty, lambda connection: inspect(connection).get_table_names()) == ["idempotency"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://outdial:geheim@127.0.0.1:1/outdial",
        "sqlite:////nowhere/at/all.db",
        "postgresql://outdial:geheim@[::1/outdial",
        "postgresql://outdial:geheim@127.0.0.1:port/outdial",
    ],
)
def test_a_database_that_can_not_be_reached_is_told_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseError, match=r"^database: ") as raised:
        migrate(url)
    assert "geheim" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://outdial:geheim@127.0.0.1:1/outdial", "127.0.0.1:1 (database_url): Connection refused"),
        ("postgresql://outdial:geheim@[::1]:1/outdial", "[::1]:1 (database_url): Connection refused"),
        ("sqlite:////nowhere/at/all.db", "/nowhere/at/all.db: unable to open database file"),
    ],
)
def test_a_database_that_can_not_be_reached_is_told_with_its_place(url: str, said: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        migrate(url)
    assert str(raised.value) == f"database: {said}"


def test_a_migration_may_take_longer_than_a_statement_of_a_call(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of millions of calls does; refused for its length, the product would never start again."""
    monkeypatch.setattr(engines, "COMMAND_SECONDS", 0.2)
    with postgres.empty() as url:
        on(url, lambda connection: connection.execute(text("SELECT pg_sleep(1)")))


def test_each_revision_follows_the_one_before() -> None:
    files = sorted(file.name for file in VERSIONS.glob("[0-9]*.py"))
    modules = [(VERSIONS / name).read_text(encoding="utf-8") for name in files]
    for number, text_of in enumerate(modules, 1):
        assert f'revision = "{number:04}"' in text_of
        assert f"down_revision = {None if number == 1 else f'{chr(34)}{number - 1:04}{chr(34)}'}" in text_of
        assert "outdial" not in text_of, "a revision stays what it was, whatever becomes of today's code"


def test_the_wheel_holds_every_revision(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = zipfile.ZipFile(wheel).namelist()
    for file in VERSIONS.glob("*.py"):
        assert f"outdial/storage/migrations/versions/{file.name}" in packed
