"""A receiver of webhooks that fails, hangs and restarts as it is told, and keeps what came, each checked at once."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

import jwt
from aiohttp import web
from standardwebhooks import Webhook as Verifier


class Mood(Enum):
    """How it behaves."""

    WELL = "well"
    FAILS = "500 to everything"
    HANGS = "never answers"
    AWAY = "does not listen"
    MOODY = "every third one fails"


@dataclass(frozen=True)
class Came:
    """One delivery, in the order in which they came."""

    seq: int
    event_id: str
    subject: str
    body: str
    taken: bool
    """Whether the answer was 2xx."""


class BadReceiver:
    """Listens on one port for as long as it lives, but while it is away."""

    def __init__(self) -> None:
        self.mood = Mood.WELL
        self.secret = ""
        self.came: list[Came] = []
        self.restarts = 0
        self.unverified = 0
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def apply(self) -> None:
        """Go away, or come back, as its mood says."""
        if self.mood is Mood.AWAY:
            await self._close()
        elif self._runner is None:
            await self._open()
            self.restarts += 1

    async def _open(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.text()
        if self.secret and not _verified(self.secret, request, body):
            self.unverified += 1
        mood = self.mood
        fails = mood is Mood.FAILS or (mood is Mood.MOODY and len(self.came) % 3 == 0)
        event = json.loads(body)
        self.came.append(
            Came(
                int(event["sequence"]),
                request.headers["webhook-id"],
                event["subject"],
                body,
                taken=not fails and mood is not Mood.HANGS,
            )
        )
        if mood is Mood.HANGS:
            await asyncio.sleep(60)
        return web.Response(status=500 if fails else 204)


def _verified(secret: str, request: web.Request, body: str) -> bool:
    token = request.headers.get("Vonage-Signature")
    try:
        if token is None:
            Verifier(secret).verify(body, dict(request.headers))
            return True
        claims = jwt.decode(token.removeprefix("Bearer "), secret, algorithms=["HS256"])
    except Exception:  # noqa: BLE001 -- whatever it is, it did not verify
        return False
    return bool(claims["payload_hash"] == hashlib.sha256(body.encode()).hexdigest())
