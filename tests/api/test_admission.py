"""More requests than may wait are turned away at once, and none is counted for longer than it waits."""

import asyncio
from contextlib import suppress

import httpx
from starlette.types import Message, Receive, Scope, Send

from outdial.api.admission import Admission
from support.api_world import ACCOUNT, AGENT_TO_NUMBER, ApiWorld

BUSY = {"message": "The service is busy; try again later", "code": "too-busy"}


class Desk:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer, self.may_end = asyncio.Event(), asyncio.Event()
        self.fails = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        if self.fails:
            raise ZeroDivisionError
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b""})


async def ask(app: Admission, path: str = "/v0/a/calls") -> int:
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await app({"type": "http", "path": path, "method": "GET", "headers": []}, receive, send)
    return int(told[0]["status"])


async def asked(desk: Desk, count: int) -> None:
    async with asyncio.timeout(60):
        while desk.asked < count:  # noqa: ASYNC110 -- a fake need not tell more than it has to
            await asyncio.sleep(0)


async def test_one_too_many_is_turned_away_at_once_and_none_after_the_others_are_answered() -> None:
    desk = Desk()
    app = Admission(desk, most=2)
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(ask(app)) for _ in range(2)]
        await asked(desk, 2)
        assert await ask(app) == 503
        desk.may_answer.set()
        desk.may_end.set()
        await asyncio.wait(waiting)
        assert [task.result() for task in waiting] == [200, 200]
        assert await ask(app) == 200


async def test_an_answer_that_has_begun_no_longer_waits() -> None:
    desk = Desk()
    app = Admission(desk, most=1)
    desk.may_answer.set()
    async with asyncio.TaskGroup() as tasks:
        streamed = tasks.create_task(ask(app))
        await asked(desk, 1)
        other = tasks.create_task(ask(app))
        await asked(desk, 2)
        desk.may_end.set()
        assert await streamed == await other == 200


async def test_a_request_that_fails_no_longer_waits() -> None:
    desk = Desk()
    desk.fails = True
    app = Admission(desk, most=1)
    for _ in range(3):
        with suppress(ZeroDivisionError):
            await ask(app)
    assert desk.asked == 3


async def test_how_the_process_is_can_always_be_asked() -> None:
    desk = Desk()
    app = Admission(desk, most=0)
    desk.may_answer.set()
    desk.may_end.set()
    assert await ask(app) == 503
    assert await ask(app, "/readyz") == await ask(app, "/healthz") == await ask(app, "/metrics") == 200


async def test_what_is_told(world: ApiWorld) -> None:
    busy = Admission(world.app, most=0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(busy), base_url="http://calls.test") as client:
        response = await client.post(f"/v0/{ACCOUNT}/calls/", json=AGENT_TO_NUMBER)
    assert (response.status_code, response.json()) == (503, BUSY)
    assert response.headers["Retry-After"] == "1"
