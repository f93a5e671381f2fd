"""The ARI client against a small HTTP server: what goes over the wire, and what each failure means."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from outdial.asterisk.ari import Ari, AriRefused, AriUncertain, AriUnreachable


class Wire:
    """What the server was asked, and what it answers."""

    def __init__(self, status: int = 204, body: object = None) -> None:
        self.asked: list[tuple[str, str, dict[str, str], object]] = []
        self.authorization = ""
        self.status = status
        self.body = body
        self.drop = False

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path, dict(request.query), body))
        self.authorization = request.headers.get("Authorization", "")
        if self.drop and request.transport is not None:
            request.transport.close()
        return (
            web.Response(status=self.status) if self.status == 204 else web.json_response(self.body, status=self.status)
        )


@asynccontextmanager
async def connected(wire: Wire) -> AsyncIterator[Ari]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", wire.answer)
    async with TestServer(app) as server, Ari(str(server.make_url("")), "user", "secret") as ari:
        yield ari


async def test_a_leg_is_originated_under_the_id_we_chose() -> None:
    wire = Wire(200, {})
    async with connected(wire) as ari:
        await ari.originate("c1-agent", "PJSIP/x", "outdial", timeout_seconds=20, caller_id='"A" <1>', variables={})
    query = {"endpoint": "PJSIP/x", "app": "outdial", "timeout": "20", "callerId": '"A" <1>'}
    assert wire.asked == [("POST", "/ari/channels/c1-agent", query, {"variables": {}})]
    assert wire.authorization == aiohttp.encode_basic_auth("user", "secret")


async def test_bridged_channels_are_not_shown_each_others_identity() -> None:
    wire = Wire()
    async with connected(wire) as ari:
        await ari.add_to_bridge("c1", "c1-agent", "c1-party")
    assert wire.asked[0][2] == {"channel": "c1-agent,c1-party", "inhibitConnectedLineUpdates": "true"}


async def test_an_id_can_not_leave_its_place_in_the_path() -> None:
    wire = Wire()
    async with connected(wire) as ari:
        await ari.hang_up("../bridges/x?y")
    assert wire.asked[0][1:3] == ("/ari/channels/../bridges/x?y", {})


async def test_a_refusal_tells_its_status() -> None:
    async with connected(Wire(500, {"error": "Allocation failed"})) as ari:
        with pytest.raises(AriRefused, match="Allocation failed") as refused:
            await ari.ring("c1-agent")
    assert refused.value.status == 500


async def test_a_channel_that_is_not_there_is_none_and_no_error() -> None:
    async with connected(Wire(404, {})) as ari:
        assert await ari.channel("c1-agent") is None
        await ari.delete_config("aor", "gone")


async def test_an_answer_that_never_comes_leaves_the_outcome_unknown() -> None:
    wire = Wire()
    wire.drop = True
    async with connected(wire) as ari:
        with pytest.raises(AriUncertain):
            await ari.dial("c1-party", timeout_seconds=5)


async def test_a_switch_that_is_away_was_told_nothing() -> None:
    async with TestServer(web.Application()) as server:
        url = str(server.make_url(""))
    async with Ari(url, "user", "secret") as ari:
        with pytest.raises(AriUnreachable):
            await ari.info()
