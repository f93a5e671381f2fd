"""Any CRM by a templated request: what it is sent, signed, the same at each attempt, and what its answers mean."""

import asyncio
import json
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from outdial.calls.crm import Connection, TaskState, Verdict
from outdial.crm.request import TemplatedRequest
from support.posting import until
from support.receivers import Answer, Request, gigabyte, receiver, status
from support.stored import OURS
from support.telling import SECRET, Telling, request_to

DONE, DEAD, WAITING = TaskState.DONE, TaskState.DEAD, TaskState.WAITING


async def test_it_is_sent_what_the_templates_say_signed_with_the_calls_id(telling: Telling) -> None:
    async with receiver(status(201, body='{"id": 4711}')) as there, telling.working():
        target = request_to(
            there.url + "/${reference}?a=${agent}",
            method="PUT",
            headers=(("Authorization", "Bearer key"), ("X-Agent", "no. ${agent}")),
        )
        await telling.connect(target)
        await telling.call("c1", reference="https://crm.example.com/x?y=1", application="appName")
        await telling.until_state(DONE, "c1")
    [request] = there.requests
    assert request.line == "PUT /hook/https%3A%2F%2Fcrm.example.com%2Fx%3Fy%3D1?a=1 HTTP/1.1"
    assert json.loads(request.body) == {
        "title": "Outbound appName call to 02072068888",
        "who": "1",
        "about": "https://crm.example.com/x?y=1",
        "seconds": 0,
    }
    headers = request.headers
    assert headers["content-type"] == "application/json"
    assert (headers["authorization"], headers["x-agent"]) == ("Bearer key", "no. 1")
    assert headers["idempotency-key"] == headers["webhook-id"] == "c1"
    Verifier(SECRET).verify(request.body, headers)
    assert (await telling.entry("c1")).record_id == "4711"


async def test_each_attempt_has_the_same_key_and_body(telling: Telling) -> None:
    failing = 3

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal failing
        failing -= 1
        await status(503 if failing >= 0 else 204)(request, writer)

    async with receiver(answer) as there, telling.working():
        await telling.connect(request_to(there.url))
        await telling.call("c1")
        await telling.until_state(DONE, "c1")
    assert len(there.requests) == 4
    assert {(request.headers["idempotency-key"], request.body) for request in there.requests} == {
        ("c1", there.requests[0].body)
    }


@pytest.mark.parametrize(
    ("answered", "state", "verdict"),
    [
        (400, DEAD, "refused"),
        (410, DEAD, "refused"),
        (422, DEAD, "refused"),
        (404, WAITING, "again"),
        (409, WAITING, "again"),
        (302, WAITING, "down"),
        (401, WAITING, "down"),
        (403, WAITING, "down"),
        (429, WAITING, "down"),
        (500, WAITING, "down"),
    ],
)
async def test_what_an_answer_means(telling: Telling, answered: int, state: TaskState, verdict: str) -> None:
    async with receiver(status(answered, "Retry-After: 600")) as there, telling.working():
        await telling.connect(request_to(there.url))
        await telling.call("c1")
        entry = await telling.until_tried("c1")
    assert (entry.state, entry.status, entry.error) == (state, answered, f"answered {answered}")
    assert telling.counted.verdicts[0] == verdict
    if state is WAITING and answered >= 400:
        assert entry.due_at > entry.task.ended_at + 590_000


async def test_dead_ones_and_those_that_wait_are_told_again_at_once(telling: Telling) -> None:
    answer: Answer = status(400)

    async def answers(request: Request, writer: asyncio.StreamWriter) -> None:
        await answer(request, writer)

    async with receiver(answers) as there, telling.working() as worker:
        await telling.connect(request_to(there.url))
        await telling.call("c1")
        await telling.until_state(DEAD, "c1")
        answer = status(429, "Retry-After: 3000")
        await telling.call("c2")
        await telling.until_tried("c2")
        answer = status(204)
        assert await telling.crms.replay(OURS, None, 0) == 2
        worker.changed()
        await telling.until_state(DONE, "c1", "c2")


async def test_an_answer_that_never_ends_is_cut_off(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outdial.crm.exchange.MOST_BODY", 100_000)
    async with receiver(gigabyte) as there, telling.working():
        await telling.connect(request_to(there.url))
        await telling.call("c1")
        await telling.until_state(DONE, "c1")


async def test_private_addresses_are_refused_without_the_operators_word(telling: Telling) -> None:
    async with receiver(status(200)) as there, telling.working() as worker:
        settings = await telling.connect(request_to(there.url))
        await until(lambda: _runs(telling))
        attempt = await worker.test(Connection(settings, ()))
        assert (attempt.verdict, attempt.error) == (Verdict.DOWN, "refused: 127.0.0.1 is loopback")
        assert there.requests == []
        assert (await worker.test(Connection(settings, ("127.0.0.0/8",)))).verdict is Verdict.DONE
        [request] = there.requests
        assert json.loads(request.body)["title"] == "Outbound test call to 00000000000"


async def _runs(telling: Telling) -> bool:
    return telling.worker is not None and telling.worker._sessions is not None


async def test_a_fault_of_ours_is_one_calls_and_stops_no_other(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = TemplatedRequest.tell

    async def faulty(self: TemplatedRequest, task: Any, url: str) -> Any:
        if task.call_id == "c1":
            raise ZeroDivisionError
        return await tell(self, task, url)

    monkeypatch.setattr(TemplatedRequest, "tell", faulty)
    async with receiver(status(200)) as there, telling.working():
        await telling.connect(request_to(there.url))
        await telling.call("c1")
        await telling.call("c2")
        await telling.until_state(DONE, "c2")
        entry = await telling.until_tried("c1", 2)
    assert (entry.state, entry.error) == (WAITING, "a fault of our own; see the log")


async def test_a_secret_that_was_lost_is_said(telling: Telling) -> None:
    async with receiver(status(200)) as there, telling.working():
        await telling.connect(request_to(there.url, secret=""))
        await telling.call("c1")
        entry = await telling.until_tried("c1")
        assert there.requests == []
    assert entry.error == "its secret can't be read; set it again"
