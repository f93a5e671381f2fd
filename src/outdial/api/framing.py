"""Around every request: paths are matched without regard to case and last slash, and no fault gets out bare.

Pure ASGI. Knows paths, and nothing of what is behind them.
"""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outdial.api.errors import fault, log_fault

_ANY_CASE = re.compile(r"/+(v[0-9]+|auth)/", re.IGNORECASE)


class Framing:
    """The outermost layer of the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        scope = {**scope, "path": plain_path(scope["path"])}
        try:
            await self._app(scope, receive, watched_send)
        except Exception as error:
            log_fault(scope["method"], scope["path"], error)
            if begun:
                raise
            await fault()(scope, receive, send)


def plain_path(path: str) -> str:
    """The one way in which a path is written in the list of routes.

    The Calls API's are in lower case; elsewhere case matters (`/manage/…/groups/Sales`).
    """
    if _ANY_CASE.match(path):
        path = path.lower()
    return path.rstrip("/") or "/"
