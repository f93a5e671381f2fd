"""Every test of the storage runs on both databases: a temporary file, and a PostgreSQL started for the tests."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from outdial.storage import engines
from outdial.storage.database import Database, open_database
from outdial.storage.migrate import migrate
from support.postgres import Postgres, running
from support.stored import World, furnished

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is there is waited for, on a machine that stands still for longer than a service may."""
    monkeypatch.setattr(engines, "CONNECT_SECONDS", 60)
    monkeypatch.setattr(engines, "COMMAND_SECONDS", 60)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own with the schema and nothing in it."""
    if request.param == "sqlite":
        file = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.fresh() as fresh:
            yield fresh


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as opened:
        yield opened


@pytest.fixture
async def world(database: Database) -> World:
    """Two accounts with agents and groups."""
    return await furnished(database)


@pytest.fixture
def asked() -> Iterator[list[tuple[str, object]]]:
    """Every statement, with its parameters."""
    heard: list[tuple[str, object]] = []

    def hear(_1: object, _2: object, statement: str, parameters: object, _3: object, _4: object) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    yield heard
    event.remove(Engine, "before_cursor_execute", hear)
