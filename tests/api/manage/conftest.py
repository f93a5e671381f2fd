"""Speaks to the management API as somebody."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from httpx import Response
from structlog.testing import capture_logs

from support.api_world import ACCOUNT, ApiWorld, bearer
from support.manage import operators_token

Ask = Callable[..., Awaitable[Response]]


@pytest.fixture
def ask(world: ApiWorld) -> Ask:
    """As the account's own administrator, within the account."""

    async def ask(method: str, path: str = "", body: Any = None, **more: Any) -> Response:
        return await world.client.request(method, f"/manage/accounts/{ACCOUNT}{path}", json=body, **more)

    return ask


@pytest.fixture
def operate(world: ApiWorld) -> Ask:
    """As an operator, anywhere."""

    async def operate(method: str, path: str, body: Any = None) -> Response:
        headers = bearer(operators_token(world))
        return await world.client.request(method, f"/manage{path}", json=body, headers=headers)

    return operate


@pytest.fixture
async def log() -> AsyncIterator[list[Any]]:
    """The log lines of a test."""
    with capture_logs() as lines:
        yield lines
