"""Receivers of webhooks as bad as they come: plain TCP servers that answer what a test tells them, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """What a receiver was sent."""

    line: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """Where it listens, and what came."""

    port: int
    answer: Answer
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, count: int) -> list[Request]:
        """Wait until so many requests have come."""
        while len(self.requests) < count:
            self.arrived.clear()
            await self.arrived.wait()
        return self.requests


@asynccontextmanager
async def receiver(answer: Answer, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver listens inside."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        found.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await read(reader)
                found.requests.append(request)
                found.arrived.set()
                await found.answer(request, writer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, host, port)
    found = Receiver(server.sockets[0].getsockname()[1], answer)
    try:
        yield found
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(line, headers, body.decode())


def status(number: int, *headers: str, body: str = "") -> Answer:
    """A plain answer."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {number} Whatever", f"Content-Length: {len(body)}", *headers, "", body]
        writer.write("\r\n".join(lines).encode())

    return answer


async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()


async def gigabyte(request: Request, writer: asyncio.StreamWriter) -> None:
    """200, and then more than anybody wants."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
    """200 at once, then a byte a second."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(100):
        writer.write(b"x")
        await asyncio.sleep(1)


async def drip_head(request: Request, writer: asyncio.StreamWriter) -> None:
    """The very status a byte a second."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
        writer.write(bytes([byte]))
        await asyncio.sleep(1)


async def endless_head(request: Request, writer: asyncio.StreamWriter) -> None:
    """Headers without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 4_000 + b"\r\n")
        await writer.drain()


async def nonsense(request: Request, writer: asyncio.StreamWriter) -> None:
    """Not HTTP."""
    writer.write(b"220 smtp.example.com ESMTP\r\n")


async def hang_up(request: Request, writer: asyncio.StreamWriter) -> None:
    """Goes away without a word."""
    writer.close()
    await writer.wait_closed()
    raise ConnectionError
