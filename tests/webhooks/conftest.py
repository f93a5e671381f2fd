"""A database with two accounts whose webhooks may reach loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from outdial.storage.database import open_database
from outdial.storage.deliveries import StoredDeliveries
from outdial.storage.migrate import migrate
from outdial.storage.outbox import StoredNotices
from outdial.storage.webhooks import StoredWebhooks
from support.posting import Post
from support.stored import OURS, THEIRS, furnished


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    await asyncio.to_thread(migrate, url)
    async with open_database(url) as database:
        world = await furnished(database)
        for key in (OURS, THEIRS):
            account = await world.directory.account(key)
            assert account is not None
            await world.directory.change_account(replace(account, private_networks=("127.0.0.0/8",)))
        yield Post(
            database, world.directory, StoredWebhooks(database), StoredDeliveries(database), StoredNotices(database)
        )
