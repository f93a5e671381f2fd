"""Nobody gets at what is not theirs, by any route: the whole list of routes is tried, so that a new one is too.

A new kind of id in a path must be named in `FIRST_ACCOUNTS`, or its routes fail here.
"""

import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from httpx import Response

from outdial.api.auth import ADMIN, SCOPES
from outdial.api.manage.here import PREFIX
from outdial.api.manage.routes import RESOURCES
from support.api_world import ACCOUNT, OTHER, OTHERS_SECRET, ApiWorld, api_world, bearer
from support.made_up import made_up
from support.manage import operators_token

FIRST_ACCOUNTS = {
    "agentId": "1234",
    "groupId": "030",
    "trunkId": "carrier",
    "number": "+442079460100",
    "clientId": "sandbox",
    "name": "greeting",
}
"""What the first account has, by the name of the parameter; a call, a webhook and a certificate are made beside."""
OPERATORS_ONLY = {("DELETE", "/manage/accounts/{account}")}
"""Within an account, what only an operator does; without an account, everything but the list of one's own."""


@dataclass(frozen=True)
class Tried:
    """One method of one URL."""

    method: str
    path: str
    route: APIRoute

    @property
    def in_account(self) -> bool:
        return "{account}" in self.path

    @property
    def things(self) -> list[str]:
        """Parameters that name something within the account."""
        return [name for name in re.findall(r"{(\w+)}", self.path) if name != "account"]

    @property
    def for_operators(self) -> bool:
        alone = not self.in_account and (self.method, self.path) != ("GET", "/manage/accounts")
        return alone or (self.method, self.path) in OPERATORS_ONLY


TRIED = [
    Tried(method, PREFIX + route.path, route)
    for resource in RESOURCES
    for route in resource.router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]


MAKES_WHAT_IT_NAMES = [tried for tried in TRIED if (tried.method, tried.things) == ("PUT", ["name"])]
"""Announcements: one that an account has not, it has then."""


in_the_shared_world = pytest.mark.asyncio(loop_scope="module")


def every(wanted: Callable[[Tried], object] = lambda _: True) -> pytest.MarkDecorator:
    """Every route, or every one of a kind."""
    routes = [tried for tried in TRIED if wanted(tried)]
    assert routes
    return pytest.mark.parametrize("tried", routes, ids=lambda tried: f"{tried.method} {tried.path}")


@dataclass(frozen=True)
class Shared:
    """One world for all: nothing that is tried here may change it."""

    world: ApiWorld
    file: Path
    things: dict[str, str]

    async def content(self) -> list[str]:
        """Everything that is stored, once what is under way has been."""
        await self.world.settled()
        with sqlite3.connect(self.file) as database:
            return list(database.iterdump())

    async def send(
        self, tried: Tried, account: str, token: str | None, things: Mapping[str, str] | None = None
    ) -> Response:
        """A request that nothing is wrong with but who sends it."""
        path = tried.path.replace("{account}", account)
        for name in tried.things:
            path = path.replace(f"{{{name}}}", (things or self.things)[name])
        field = tried.route.body_field
        body: Any = None if field is None else made_up(field.field_info.annotation)
        headers = bearer(token) if token else {"Authorization": ""}
        return await self.world.client.request(tried.method, path, json=body, headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(furnished_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    file = Path(shutil.copy(furnished_file, tmp_path_factory.mktemp("shared") / "outdial.db"))
    async with api_world(file) as world:
        call = (await world.place()).json()["id"]
        hooks = f"/manage/accounts/{ACCOUNT}/webhooks"
        hook = (await world.client.post(hooks, json={"url": "https://crm.example.com/x"})).json()["id"]
        erasures = f"/manage/accounts/{ACCOUNT}/recordings/erasures"
        erased = (await world.client.post(erasures, json={"reference": "none", "reason": "a wish"})).json()
        made = {"callId": call, "webhookId": hook, "certificateId": erased["certificate"]}
        yield Shared(world, file, FIRST_ACCOUNTS | made)


def test_there_are_routes_to_try() -> None:
    assert len(TRIED) > 40


@in_the_shared_world
@every()
async def test_without_a_token_nothing_is_told(shared: Shared, tried: Tried) -> None:
    answer = await shared.send(tried, ACCOUNT, None)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@in_the_shared_world
@every()
async def test_a_token_without_the_scope_manages_nothing(shared: Shared, tried: Tried) -> None:
    token = shared.world.token(scopes=frozenset(SCOPES) - {ADMIN})
    before = await shared.content()
    answer = await shared.send(tried, ACCOUNT, token)
    assert answer.status_code == 403
    assert await shared.content() == before


@in_the_shared_world
@every(lambda tried: tried.in_account)
async def test_another_account_is_told_nothing_not_even_whether_this_one_is_there(shared: Shared, tried: Tried) -> None:
    stranger = shared.world.token(OTHER, secret=OTHERS_SECRET)
    before = await shared.content()
    answer = await shared.send(tried, ACCOUNT, stranger)
    nobodys = await shared.send(tried, "nobody", stranger)
    assert answer.status_code == 403
    assert (nobodys.status_code, nobodys.content) == (403, answer.content)
    assert await shared.content() == before


@in_the_shared_world
@every(lambda tried: tried.in_account and tried.things and tried not in MAKES_WHAT_IT_NAMES)
async def test_another_accounts_things_are_not_found_in_ones_own(shared: Shared, tried: Tried) -> None:
    token = operators_token(shared.world) if tried.for_operators else shared.world.token(OTHER, secret=OTHERS_SECRET)
    before = await shared.content()
    answer = await shared.send(tried, OTHER, token)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert await shared.content() == before


@in_the_shared_world
@every(lambda tried: tried.method == "GET" and not tried.things and not tried.for_operators)
async def test_another_accounts_things_are_in_no_list(shared: Shared, tried: Tried) -> None:
    answer = await shared.send(tried, OTHER, shared.world.token(OTHER, secret=OTHERS_SECRET))
    assert answer.status_code == 200, answer.text
    for thing in (ACCOUNT, "Agent 1234", "carrier", "Sandbox", *shared.things.values()):
        assert thing not in answer.text


@in_the_shared_world
@every(lambda tried: tried.for_operators)
async def test_what_operators_do_an_account_does_not(shared: Shared, tried: Tried) -> None:
    before = await shared.content()
    answer = await shared.send(tried, ACCOUNT, shared.world.token(), {**shared.things, "clientId": "operator"})
    assert answer.status_code == 403
    assert await shared.content() == before


@in_the_shared_world
@every(lambda tried: tried.in_account)
async def test_an_operator_is_told_when_there_is_no_such_account(shared: Shared, tried: Tried) -> None:
    before = await shared.content()
    for account in ("nobody", "no%00body", "n%C3%B6body", "x" * 200):
        answer = await shared.send(tried, account, operators_token(shared.world))
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert await shared.content() == before
