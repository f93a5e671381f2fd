"""The session's sandbox as one test sees it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.sandbox_world import Members, World, world_of


@pytest.fixture
async def world(sandbox: Members) -> AsyncIterator[World]:
    async with world_of(sandbox) as made:
        yield made


@pytest.fixture
def tmp_path(short_path: Path) -> Path:
    """Nearly all of these tests start a switch below it."""
    return short_path
