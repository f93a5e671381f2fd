"""How many requests may wait for their answer at a time. More would only wait longer, each with its body in memory.

Pure ASGI. Must not know what is asked. How the process is can be asked at any time.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outdial.api.errors import answer
from outdial.domain.refusals import Unavailable

ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})


class TooBusy(Unavailable):
    """As many requests wait as may."""

    text = "The service is busy; try again later"
    retry_after_seconds = 1


class Admission:
    """Counts a request from its head until its answer begins: a stream that is being sent no longer counts."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or turn it away."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
        elif self._waiting >= self._most:
            await answer(TooBusy())(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        waits = True
        self._waiting += 1

        def no_longer() -> None:
            nonlocal waits
            if waits:
                waits = False
                self._waiting -= 1

        async def counted_send(message: Message) -> None:
            no_longer()
            await send(message)

        try:
            await self._app(scope, receive, counted_send)
        finally:
            no_longer()
