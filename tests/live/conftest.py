"""The session's sandbox as one test sees it."""

from collections.abc import AsyncIterator

import pytest

from support.sandbox_world import Members, World, world_of


@pytest.fixture
async def world(sandbox: Members) -> AsyncIterator[World]:
    async with world_of(sandbox) as made:
        yield made
