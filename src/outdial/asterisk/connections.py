"""HTTP/1.1 to one server over a few kept connections, for short requests and answers, at a quarter of what a general
client costs: a call is a dozen of them. Must not know what is asked.

NotAnswered      sent, but no answer came
└── NotSent      never sent
"""

import asyncio
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

import httptools

IDLE_SECONDS = 10
"""An older idle connection is not used again: Asterisk closes one after 15 s, and a request could cross that."""
REPEATABLE = ("GET", "PUT", "DELETE")
"""Methods that may be sent once more where a kept connection turns out to be closed."""
LONGEST_ANSWER = 64 * 1024 * 1024


class NotAnswered(Exception):
    """Nobody knows whether it was done."""


class NotSent(NotAnswered):
    """It was not done."""


class Connections:
    """At most `most` connections to one server. Use it as an async context manager."""

    def __init__(self, url: str, headers: dict[str, str], *, most: int, seconds: float) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._head = "".join(
            f"{name}: {value}\r\n" for name, value in {"Host": parts.netloc, **headers}.items()
        ).encode("latin-1")
        self._seconds = seconds
        self._turns = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def ask(self, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the answer to one request. A body is JSON.

        Raises:
            NotSent, NotAnswered: there is none, within the time that one may take.
        """
        if not self._open:
            raise NotSent("not connected")
        kind = b"Content-Type: application/json\r\n" if body else b""
        start = f"{method} {target} HTTP/1.1\r\n".encode("ascii")
        request = b"%s%s%sContent-Length: %d\r\n\r\n%s" % (start, self._head, kind, len(body), body)
        try:
            async with asyncio.timeout(self._seconds) as limit, self._turns:
                return await self._send(request, method in REPEATABLE)
        except TimeoutError:
            if limit.expired():
                raise NotAnswered(f"no answer within {self._seconds:g} s") from None
            raise

    async def _send(self, request: bytes, repeatable: bool) -> tuple[int, bytes]:
        kept = self._kept()
        if kept is not None:
            try:
                return await self._exchange(kept, request)
            except NotAnswered as error:
                if not isinstance(error, NotSent) and (not repeatable or kept.answering):
                    raise
        return await self._exchange(await self._connect(), request)

    async def _exchange(self, connection: "_Connection", request: bytes) -> tuple[int, bytes]:
        try:
            answer = await connection.exchange(request)
        except BaseException:
            # Whatever is still to come on it would be taken for the answer to something else.
            connection.close()
            raise
        if connection.usable and self._open:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _kept(self) -> "_Connection | None":
        """The connection that was used last, and still can be."""
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> "_Connection":
        try:
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        except OSError as error:
            raise NotSent(str(error)) from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._body: list[bytes] = []
        self._length = 0
        self.answering = False
        """Whether any of the answer has come."""
        self.usable = True
        self.idle_since = 0.0

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a request, and wait for its answer. Raises NotSent, NotAnswered where the connection ends before."""
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        self._body, self._length, self.answering = [], 0, False
        if self._transport is None or self._transport.is_closing():
            raise NotSent("the connection was closed")
        self._transport.write(request)
        answer = await self._answer
        self.idle_since = loop.time()
        return answer

    def close(self) -> None:
        """Let it go; quiet where it is gone."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        # A stream's is always one of these, though uvloop's own class does not say so.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some of an answer."""
        self.answering = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"not HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._fail(str(exc) if exc else "the connection was closed")

    # What the parser finds.

    def on_body(self, body: bytes) -> None:
        """Some of an answer's body."""
        self._length += len(body)
        if self._length > LONGEST_ANSWER:
            self._fail("the answer is too long")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """An answer is whole."""
        answer, self._answer = self._answer, None
        if answer is None or answer.done():
            # Nobody asked for it: no telling what comes next.
            self.usable = False
            return
        self.usable = self.usable and self._parser.should_keep_alive()
        answer.set_result((self._parser.get_status_code(), b"".join(self._body)))

    def _fail(self, why: str) -> None:
        self.usable = False
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(NotAnswered(why))
