"""A database with two accounts that may reach loopback, and a Salesforce org beside it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outdial.crm import clerk, faults
from outdial.domain import crm_pauses
from outdial.storage.database import open_database
from outdial.storage.migrate import migrate
from support.salesforce import Org, salesforce
from support.stored import furnished
from support.telling import Telling, telling_in


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("crm") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def file(empty_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_file, tmp_path / "test.db"))


@pytest.fixture
async def telling(file: Path) -> AsyncIterator[Telling]:
    async with open_database(f"sqlite:///{file}") as database:
        yield await telling_in(await furnished(database))


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    async with salesforce() as opened:
        yield opened
        assert opened.violations == []


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds."""
    monkeypatch.setattr(crm_pauses, "PAUSES", (20, 40))
    monkeypatch.setattr(crm_pauses, "LONGEST_REST", 50)
    monkeypatch.setattr(clerk, "GATHER_SECONDS", 0.005)
    monkeypatch.setattr(faults, "LIMIT_REST", 30)
