"""A vault on a database of the test's own; and an object store in this process."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from outdial.storage.database import open_database
from outdial.storage.migrate import migrate
from support.s3 import ObjectStore, serving
from support.vault import Vault, working


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recordings") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def still(empty_file: Path, tmp_path: Path) -> AsyncIterator[Vault]:
    """A vault whose keeper does not work yet."""
    file = shutil.copy(empty_file, tmp_path / "test.db")
    async with open_database(f"sqlite:///{file}") as database:
        yield Vault(tmp_path / "recordings", database)


@pytest.fixture
async def vault(still: Vault) -> AsyncIterator[Vault]:
    async with working(still):
        yield still


@pytest.fixture
def object_store() -> Iterator[ObjectStore]:
    with serving() as store:
        yield store
