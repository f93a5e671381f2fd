"""A vault on a database of the test's own; and an object store in this process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from outdial.storage.database import open_database
from outdial.storage.migrate import migrate
from support.s3 import ObjectStore, serving
from support.vault import Vault, working


@pytest.fixture
async def still(tmp_path: Path) -> AsyncIterator[Vault]:
    """A vault whose keeper does not work yet."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    await asyncio.to_thread(migrate, url)
    async with open_database(url) as database:
        yield Vault(tmp_path / "recordings", database)


@pytest.fixture
async def vault(still: Vault) -> AsyncIterator[Vault]:
    async with working(still):
        yield still


@pytest.fixture
def object_store() -> Iterator[ObjectStore]:
    with serving() as store:
        yield store
