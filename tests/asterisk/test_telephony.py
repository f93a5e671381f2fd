"""The telephony port against a small ARI server: in which order a party's leg is asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from outdial.asterisk import telephony as module
from outdial.asterisk.ari import Ari
from outdial.asterisk.telephony import AsteriskTelephony, SoundOf, no_sound
from outdial.domain.call import Call, place
from outdial.domain.commands import Announce, Dial, Prepare, StopAnnouncement
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
    asked: list[str],
    on_created: Callable[[AsteriskTelephony], None] = lambda telephony: None,
    sound_of: SoundOf = no_sound,
) -> AsyncIterator[AsteriskTelephony]:
    """A telephony whose switch does all it is asked; `on_created` is what happens before a create is answered."""

    async def answer(request: web.Request) -> web.Response:
        query = f"?media={request.query['media']}" if "media" in request.query else ""
        asked.append(f"{request.method} {request.path.removeprefix('/ari/')}{query}")
        if asked[-1] == CREATE:
            on_created(telephony)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with TestServer(app) as server, Ari(str(server.make_url("")), "user", "secret") as ari:
        telephony = AsteriskTelephony("main", ari, lambda: True, sound_of)
        yield telephony


async def test_a_created_channel_is_ready_only_once_it_has_entered_the_application() -> None:
    asked: list[str] = []
    created = asyncio.Event()
    async with switch(asked, lambda telephony: created.set()) as telephony, asyncio.TaskGroup() as tasks:
        preparing = tasks.create_task(telephony.perform(a_call(), Prepare()))
        await created.wait()
        telephony.heard(entered("c1-agent"))
        telephony.heard(entered("c2-party"))
        # Another command on the same connections, so that the reply to the first has been read.
        await telephony.legs_held()
        assert not preparing.done()
        telephony.heard(entered("c1-party"))
        assert await preparing is None
        assert ADD not in asked
        assert await telephony.perform(a_call(), Dial(20)) is None
    assert asked[-2:] == [ADD, DIAL]


async def test_the_news_may_come_before_the_reply() -> None:
    asked: list[str] = []
    async with switch(asked, lambda telephony: telephony.heard(entered("c1-party"))) as telephony:
        assert await telephony.perform(a_call(), Prepare()) is None
    assert CREATE in asked


async def test_a_channel_that_never_enters_is_a_failed_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTER_SECONDS", 0.05)
    asked: list[str] = []
    async with switch(asked) as telephony:
        outcome = await telephony.perform(a_call(), Prepare())
    assert outcome == CommandFailed("Prepare", "the channel did not enter the application")


async def test_an_announcement_is_played_to_the_party_alone_and_can_be_cut_off() -> None:
    asked: list[str] = []
    async with switch(asked, sound_of=lambda account, name: Path(f"/sounds/{account}/{name}.wav")) as telephony:
        assert await telephony.perform(a_call(), Announce("default")) is None
        assert await telephony.perform(a_call(), StopAnnouncement()) is None
    play = "POST channels/c1-party/play/c1-announcement?media=sound:/sounds/acc/default"
    assert asked == [play, "DELETE playbacks/c1-announcement"]


async def test_an_announcement_that_is_not_there_is_a_failed_one() -> None:
    asked: list[str] = []
    async with switch(asked) as telephony:
        outcome = await telephony.perform(a_call(), Announce("mine"))
    assert outcome == CommandFailed("Announce", "there is no announcement of the name mine")
    assert asked == []
