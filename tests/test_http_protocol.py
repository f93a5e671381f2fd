"""Requests that are too long, too slow, or no HTTP, on a real socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from outdial import http_protocol
from outdial.http_protocol import LONGEST_HEAD
from support.raw_http import Listener, listening

App = Callable[[Any, Any, Any], Awaitable[None]]
READ_SIZE = 256 * 1024
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def counts(scope: Any, receive: Any, send: Any) -> None:
    """Answers with how many bytes of body came."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": b"%8d" % size})


@pytest.mark.parametrize(
    "endless",
    [[b"X: ", *[b"a" * 64_000] * 40], [b"X: a\r\n" * 10_000] * 40],
    ids=["one header", "many headers"],
)
async def test_a_head_without_end_is_turned_down(endless: list[bytes]) -> None:
    async with listening(counts) as listener:
        answer = await listener.send(HEAD, *endless)
    assert answer.status == 431
    assert json.loads(answer.body) == {"message": "The request's headers are too large", "code": "headers-too-large"}
    assert answer.headers["content-type"] == "application/json"


async def test_a_long_head_that_is_not_too_long_is_taken() -> None:
    lines = b"".join(b"X-%d: %b\r\n" % (n, b"a" * 8_000) for n in range(LONGEST_HEAD // 8_100))
    async with listening(counts) as listener:
        answer = await listener.send(HEAD + b"Connection: close\r\n", lines, b"Content-Length: 5\r\n\r\nhello")
    assert (answer.status, answer.body.strip()) == (200, b"5")


async def test_large_bodies_do_not_count_as_heads_whatever_pieces_they_come_in() -> None:
    request = HEAD + b"Content-Length: 300000\r\n\r\n" + b"b" * 300_000
    last = request.replace(b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n")
    for size in (1_000, 70_000, len(request)):
        stream = request * 3 + last
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        async with listening(counts) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            answered = await reader.read()
            writer.close()
        assert answered.count(b"  300000") == 4


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00"])
async def test_what_is_no_http_is_told_in_the_one_shape(nonsense: bytes) -> None:
    async with listening(counts) as listener:
        answer = await listener.send(nonsense)
    assert answer.status == 400
    assert json.loads(answer.body) == {"message": "The request is not valid HTTP", "code": "malformed-http"}


SLOW = [b"", HEAD, HEAD + b"Content-Length: 5\r\n\r\nhe"]


@pytest.mark.parametrize("begun", SLOW, ids=["nothing", "half a head", "half a body"])
async def test_who_takes_too_long_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE_SECONDS", 0.05)
    async with listening(counts) as listener:
        assert await answered(listener, begun) == b""


async def test_who_has_sent_everything_may_wait_for_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE_SECONDS", 0.05)
    may_answer = asyncio.Event()

    async def thinks(scope: Any, receive: Any, send: Any) -> None:
        await may_answer.wait()
        await counts(scope, receive, send)

    async with listening(thinks) as listener:
        request = asyncio.create_task(answered(listener, HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(request), 0.2)
        may_answer.set()
        assert (await request).endswith(b"       2")


async def answered(listener: Listener, sent: bytes) -> bytes:
    """Whatever comes before the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(sent)
    try:
        return await reader.read()
    finally:
        writer.close()
