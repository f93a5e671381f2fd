"""HTTP/1.1 with an end to everything: how long a request's head may be, and how long it may take to arrive.

uvicorn leaves both to a proxy in front. Must not know what is served.
"""

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 64 * 1024
"""Bytes of request line and headers; one read of the socket more may be taken before it is noticed."""
PATIENCE_SECONDS = 30.0
"""How long a request may take to arrive whole, from the connection or its first byte."""
LINGER_SECONDS = 2.0
"""How long we still listen to somebody who was turned down: closed at once, they might never read why."""
_REASONS = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, for callers who send too much, too slowly, or nothing."""

    _in_head = True
    _head = 0
    _steps = 0
    _turned_down = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request. They count as its head where they brought neither it nor its body to an end."""
        if self._turned_down:
            return
        steps = self._steps
        super().data_received(data)
        if self._in_head and self._steps == steps:
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._turn_down(431, "The request's headers are too large", "headers-too-large")

    def on_message_begin(self) -> None:
        """The parser has seen the beginning of a request."""
        super().on_message_begin()
        self._in_head, self._head = True, 0
        if self._patience is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The parser has seen the whole head."""
        self._in_head = False
        self._steps += 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The parser has seen the whole request."""
        self._in_head, self._head = True, 0
        self._steps += 1
        self._arrived()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        self._turn_down(400, "The request is not valid HTTP", "malformed-http")

    def _wait(self) -> None:
        self._patience = self.loop.call_later(PATIENCE_SECONDS, self.transport.close)

    def _arrived(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _turn_down(self, status: int, message: str, code: str) -> None:
        if self._turned_down or self.transport.is_closing():
            return
        self._turned_down = True
        body = json.dumps({"message": message, "code": code}).encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, _REASONS[status], len(body), body)
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._arrived()
        self._patience = self.loop.call_later(LINGER_SECONDS, self.transport.close)
