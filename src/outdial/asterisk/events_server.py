"""Where the switch dials us to tell its events: a WebSocket listener on loopback.

Must not know what an event means. The reader never blocks, or the switch would close on it.
"""

import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from socket import IPPROTO_TCP, TCP_QUICKACK, socket
from typing import Any

import aiohttp
from aiohttp import web
from pydantic_core import from_json

LARGEST_EVENT = 1 << 20


class EventsServer:
    """Takes the switch's one connection; the newest replaces an older one."""

    def __init__(
        self,
        user: str,
        password: str,
        *,
        heard: Callable[[dict[str, Any]], None],
        connected: Callable[[bool], None],
    ) -> None:
        self._expected = aiohttp.encode_basic_auth(user, password)
        self._heard = heard
        self._connected = connected
        self._current: web.WebSocketResponse | None = None

    @asynccontextmanager
    async def listening(self, bound: socket) -> AsyncIterator[None]:
        """It takes connections inside, on a socket that is bound, and closed afterwards."""
        app = web.Application()
        app.router.add_get("/{rest:.*}", self._take)
        # Once nothing is accepted any more: the switch dials again as soon as it is closed on.
        app.on_shutdown.append(self._close)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.SockSite(runner, bound).start()
            yield
        finally:
            await runner.cleanup()

    async def _close(self, app: web.Application) -> None:
        if self._current is not None:
            await self._current.close()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._expected.encode()):
            return web.Response(status=401)
        switch = web.WebSocketResponse(protocols=("ari",), max_msg_size=LARGEST_EVENT)
        await switch.prepare(request)
        before, self._current = self._current, switch
        if before is not None:
            await before.close()
        self._connected(True)
        connection = request.get_extra_info("socket")
        try:
            async for message in switch:
                # The switch sends its next event only once this one is acknowledged (Nagle), and the kernel would
                # wait 40 ms with that. The option lasts for one acknowledgement only.
                connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._heard(from_json(message.data))
        finally:
            if self._current is switch:
                self._current = None
                self._connected(False)
        return switch
