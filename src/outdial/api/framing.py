"""Around every request: paths are matched without regard to case and last slash, bodies have an end, no fault is bare.

Pure ASGI. Knows paths, and nothing of what is behind them.
"""

import re

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outdial.api.errors import fault, log_fault

LONGEST_BODY = 100 * 1024
"""Bytes. A longer body is 413, whether its length was announced or not; what is beyond is never kept."""
LONGEST_SOUND = 2 * 1024 * 1024
"""The same for the one request that brings a sound: an announcement."""
_SOUND = re.compile(r"/manage/accounts/[^/]+/announcements/[^/]+")
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
            await self._app(scope, _bounded(scope, receive), watched_send)
        except ClientDisconnect:
            # Whoever asked is gone before the end of the request: there is nobody to answer, and no fault of ours.
            return
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


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """The same body, up to a length. Nothing is refused before the body is asked for: a bad token comes first."""
    read = 0
    longest = LONGEST_SOUND if scope["method"] == "PUT" and _SOUND.fullmatch(scope["path"]) else LONGEST_BODY

    async def bounded_receive() -> Message:
        nonlocal read
        if read == 0 and _announced(scope) > longest:
            raise HTTPException(413)
        message = await receive()
        read += len(message.get("body", b""))
        if read > longest:
            raise HTTPException(413)
        return message

    return bounded_receive


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
