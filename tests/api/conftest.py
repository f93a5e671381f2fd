"""An API world for each test, on a copy of one furnished database file."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outdial.storage.migrate import migrate
from support.api_world import ApiWorld, api_world


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("api") / "template.db"
    migrate(f"sqlite:///{file}")

    async def furnish() -> None:
        async with api_world(file):
            pass

    asyncio.run(furnish())
    return file


@pytest.fixture
def database_file(furnished_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(furnished_file, tmp_path / "outdial.db"))


@pytest.fixture
async def world(database_file: Path) -> AsyncIterator[ApiWorld]:
    async with api_world(database_file) as made:
        yield made
