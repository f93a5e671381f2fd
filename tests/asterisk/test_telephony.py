"""The telephony port against a small ARI server: in which order a party's leg is asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from outdial.asterisk import telephony as module
from outdial.asterisk.ari import Ari
from outdial.asterisk.telephony import AsteriskTelephony
from outdial.domain.call import Call, place
from outdial.domain.commands import Dial
from outdial.domain.events import CommandFailed
from outdial.domain.plan import CallPlan, Phone, PhoneKind

PHONE = Phone(PhoneKind.SIP, "acc-1")
CREATE = "POST channels/create"
ADD = "POST bridges/c1/addChannel"
DIAL = "POST channels/c1-party/dial"


def entered(channel: str) -> dict[str, Any]:
    return {"type": "StasisStart", "channel": {"id": channel}}


def a_call() -> Call:
    return place("c1", "acc", "main", CallPlan("1", PHONE, PHONE, created_at=0, dial_by=20_000))[0]


@asynccontextmanager
async def switch(
    asked: list[str], on_created: Callable[[AsteriskTelephony], None] = lambda telephony: None
) -> AsyncIterator[AsteriskTelephony]:
    """A telephony whose switch does all it is asked; `on_created` is what happens before a create is answered."""

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path.removeprefix('/ari/')}")
        if asked[-1] == CREATE:
            on_created(telephony)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with TestServer(app) as server, Ari(str(server.make_url("")), "user", "secret") as ari:
        telephony = AsteriskTelephony("main", ari, lambda: True)
        yield telephony


async def test_a_created_channel_is_commanded_only_once_it_has_entered_the_application() -> None:
    asked: list[str] = []
    created = asyncio.Event()
    async with switch(asked, lambda telephony: created.set()) as telephony, asyncio.TaskGroup() as tasks:
        dialling = tasks.create_task(telephony.perform(a_call(), Dial(20)))
        await created.wait()
        telephony.heard(entered("c1-agent"))
        telephony.heard(entered("c2-party"))
        # Another command on the same connections, so that one given too early would have been seen.
        await telephony.legs_held()
        assert ADD not in asked
        telephony.heard(entered("c1-party"))
        assert await dialling is None
    assert asked[-2:] == [ADD, DIAL]


async def test_the_news_may_come_before_the_reply() -> None:
    asked: list[str] = []
    async with switch(asked, lambda telephony: telephony.heard(entered("c1-party"))) as telephony:
        assert await telephony.perform(a_call(), Dial(20)) is None
    assert asked[-2:] == [ADD, DIAL]


async def test_a_channel_that_never_enters_is_a_failed_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTER_SECONDS", 0.05)
    asked: list[str] = []
    async with switch(asked) as telephony:
        outcome = await telephony.perform(a_call(), Dial(20))
    assert isinstance(outcome, CommandFailed)
    assert DIAL not in asked
