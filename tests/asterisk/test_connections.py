"""Kept connections against a server that answers, is silent, breaks off and closes as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from outdial.asterisk import connections as module
from outdial.asterisk.connections import Connections, NotAnswered, NotSent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Takes one request after another on each connection; what it does about each is a list, the last one repeated."""

    def __init__(self, *script: bytes | Answer) -> None:
        self.script = list(script) or [OK]
        self.connections = 0
        self.requests: list[bytes] = []
        self.at_once = self.most_at_once = 0
        self.asked = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                await self._answer(await self._request(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head + await reader.readexactly(length)

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        self.asked.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, bytes):
            await asyncio.sleep(0.01)
            writer.write(answer)
        else:
            await answer(writer)
        self.at_once -= 1


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    raise ConnectionError


async def break_off(writer: asyncio.StreamWriter) -> None:
    writer.write(OK[:-1])
    await writer.drain()
    await hang_up(writer)


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def connected(server: Server, *, most: int = 4, seconds: float = 5) -> AsyncIterator[Connections]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        url = f"http://127.0.0.1:{server.port}"
        async with Connections(url, {"Authorization": "Basic x"}, most=most, seconds=seconds) as connections:
            yield connections
    finally:
        listening.close()
        # Whoever serves a connection learns that it is gone.
        await asyncio.sleep(0.01)


async def test_a_connection_is_kept_and_used_again() -> None:
    server = Server(OK, NOTHING, OK)
    async with connected(server) as connections:
        assert await connections.ask("GET", "/a?b=c") == (200, b"{}")
        assert await connections.ask("DELETE", "/a") == (204, b"")
        assert await connections.ask("POST", "/a", b'{"x": 1}') == (200, b"{}")
    assert server.connections == 1
    assert server.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: Basic x\r\n" in server.requests[0]
    assert b"\r\nContent-Type: application/json\r\n" in server.requests[2]
    assert server.requests[2].endswith(b'\r\n\r\n{"x": 1}')


async def test_there_are_no_more_connections_than_allowed() -> None:
    server = Server()
    async with connected(server, most=3) as connections:
        await asyncio.gather(*(connections.ask("GET", "/") for _ in range(12)))
    assert server.connections == 3
    assert server.most_at_once == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["chunked", "the last one"],
)
async def test_every_kind_of_answer_is_read(answer: bytes) -> None:
    server = Server(answer)
    async with connected(server) as connections:
        assert await connections.ask("GET", "/") == (200, b"{}")
        assert await connections.ask("GET", "/") == (200, b"{}")
    assert server.connections == (2 if b"close" in answer else 1)


async def test_what_is_safe_to_repeat_is_asked_once_more_on_a_fresh_connection() -> None:
    server = Server(OK, hang_up, OK)
    async with connected(server) as connections:
        await connections.ask("GET", "/")
        assert await connections.ask("DELETE", "/x") == (200, b"{}")
    assert [request.split()[0] for request in server.requests] == [b"GET", b"DELETE", b"DELETE"]


async def test_what_is_not_is_left_unknown() -> None:
    server = Server(OK, hang_up, OK)
    async with connected(server) as connections:
        await connections.ask("GET", "/")
        with pytest.raises(NotAnswered) as unknown:
            await connections.ask("POST", "/x")
        assert not isinstance(unknown.value, NotSent)
        assert await connections.ask("POST", "/y") == (200, b"{}")
    assert len(server.requests) == 3


async def test_an_answer_that_breaks_off_is_none() -> None:
    server = Server(OK, break_off)
    async with connected(server) as connections:
        await connections.ask("GET", "/")
        with pytest.raises(NotAnswered):
            await connections.ask("GET", "/")
    assert len(server.requests) == 2


async def test_what_is_no_http_is_no_answer() -> None:
    async with connected(Server(b"220 mail.example.com ESMTP\r\n")) as connections:
        with pytest.raises(NotAnswered, match="not HTTP"):
            await connections.ask("GET", "/")


async def test_silence_ends_and_its_connection_is_not_used_again() -> None:
    server = Server(say_nothing, OK)
    async with connected(server, seconds=0.05) as connections:
        with pytest.raises(NotAnswered, match="within"):
            await connections.ask("GET", "/")
        # Only silence was to end soon: an answer may take its time, on a machine that is busy elsewhere.
        connections._seconds = 5
        assert await connections.ask("GET", "/") == (200, b"{}")
    assert server.connections == 2


async def test_whoever_gives_up_leaves_nobody_else_their_answer() -> None:
    server = Server(say_nothing, OK)
    async with connected(server) as connections:
        impatient = asyncio.create_task(connections.ask("GET", "/first"))
        await server.asked.wait()
        impatient.cancel()
        await asyncio.wait([impatient])
        assert await connections.ask("GET", "/second") == (200, b"{}")
    assert server.connections == 2


async def test_a_connection_that_was_closed_meanwhile_is_replaced_unnoticed() -> None:
    async def answer_and_close(writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        await hang_up(writer)

    server = Server(answer_and_close, OK)
    async with connected(server) as connections:
        await connections.ask("GET", "/")
        while connections._idle[0].usable:  # noqa: ASYNC110 -- nobody is told that it was closed
            await asyncio.sleep(0.01)
        assert await connections.ask("POST", "/") == (200, b"{}")
    assert server.connections == 2


async def test_one_that_has_been_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0)
    server = Server()
    async with connected(server) as connections:
        await connections.ask("GET", "/")
        await connections.ask("POST", "/")
    assert server.connections == 2


async def test_nothing_is_sent_to_nobody() -> None:
    server = Server()
    async with connected(server) as connections:
        pass
    with pytest.raises(NotSent):
        await connections.ask("GET", "/")
    async with Connections(f"http://127.0.0.1:{server.port}", {}, most=1, seconds=5) as away:
        with pytest.raises(NotSent):
            await away.ask("GET", "/")
