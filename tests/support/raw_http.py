"""The API on a real socket, and requests written byte for byte: what no client library would send."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from outdial.http_server import listen, serving


@dataclass(frozen=True)
class Answer:
    """A response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Listener:
    """Where the API listens."""

    port: int

    async def send(self, *pieces: bytes) -> Answer:
        """Send pieces as they are; stops early where the server has answered and closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return _parsed(await reader.read())
        except ConnectionError:
            return _parsed(await reader.read())
        finally:
            writer.close()

    async def post(self, path: str, headers: Iterable[str], *body: bytes) -> Answer:
        """A POST with exactly these header lines, and Host and Connection before them."""
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *headers]
        return await self.send("\r\n".join([*lines, "", ""]).encode("latin-1"), *body)


def chunk(data: bytes) -> bytes:
    """One chunk of a body that comes in chunks; an empty one ends it."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[Listener]:
    """An application on a free port of loopback."""
    with listen("127.0.0.1", 0) as taken:
        async with serving(app, taken, proxies=("127.0.0.1",), grace_seconds=5):
            yield Listener(taken.getsockname()[1])


def _parsed(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split(" ")[1]), headers, body)
