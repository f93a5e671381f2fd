"""One attempt to deliver one event, whatever is at the other end: bounded in time, in bytes, and in whom it reaches.

Must not know when to try, or again.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from outdial.domain.addresses import networks_of
from outdial.domain.cloud_events import MEDIA_TYPE
from outdial.domain.deliveries import LONGEST_RETRY_AFTER, Outcome
from outdial.domain.webhooks import Webhook
from outdial.webhooks.guard import Refused, ThreadedResolver, guarded_session
from outdial.webhooks.signing import signed

ANSWER_SECONDS = 10
"""From looking the name up to the answer's status."""
BODY_SECONDS = 1
MOST_BODY = 64 * 1024
"""How much of an answer's body is read, and for how long: only so that the connection can be used again."""


class Sender:
    """Sends deliveries. Use as a context; sessions are made as accounts need them."""

    def __init__(self, look_up: AbstractResolver | None = None) -> None:
        self._look_up = look_up or ThreadedResolver()
        self._sessions: dict[tuple[str, ...], aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        await self._look_up.close()

    async def send(self, webhook: Webhook, networks: Sequence[str], event_id: str, body: str, now: int) -> Outcome:
        """Try once. Raises nothing: whatever goes wrong is the outcome."""
        started = time.monotonic_ns()
        status, retry_after, error = None, None, None
        try:
            async with asyncio.timeout(ANSWER_SECONDS + BODY_SECONDS):
                status, retry_after = await self._post(webhook, tuple(networks), event_id, body, now)
            error = _why_not(status)
        except TimeoutError:
            error = f"no answer within {ANSWER_SECONDS} s"
        except (aiohttp.ClientError, OSError, ValueError) as raised:
            error = _told(raised)
        return Outcome(status, error, (time.monotonic_ns() - started) // 1_000_000, retry_after)

    async def _post(
        self, webhook: Webhook, networks: tuple[str, ...], event_id: str, body: str, now: int
    ) -> tuple[int, int | None]:
        headers = {
            "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
            "User-Agent": "Outdial",
            **signed(webhook, event_id, body, now),
        }
        request = self._session(networks).post(
            URL(webhook.url, encoded=True), data=body.encode(), headers=headers, allow_redirects=False
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await request
        try:
            await _read_off(response)
            return response.status, _retry_after(response)
        finally:
            response.release()

    def _session(self, networks: tuple[str, ...]) -> aiohttp.ClientSession:
        session = self._sessions.get(networks)
        if session is None:
            session = self._sessions[networks] = guarded_session(networks_of(networks), self._look_up)
        return session


async def _read_off(response: aiohttp.ClientResponse) -> None:
    """Read a short body to its end, so that its connection can serve the next delivery; hang up on any other."""
    left = MOST_BODY
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while left > 0:
                chunk = await response.content.readany()
                if not chunk:
                    return
                left -= len(chunk)
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    response.close()


def _why_not(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return f"answered {status}; redirects are not followed" if 300 <= status < 400 else f"answered {status}"


def _retry_after(response: aiohttp.ClientResponse) -> int | None:
    said = response.headers.get("Retry-After", "")
    if response.status < 400 or not (said.isascii() and said.isdigit() and len(said) < 10):
        return None
    return min(int(said) * 1000, LONGEST_RETRY_AFTER)


def _told(error: Exception) -> str:
    """What went wrong in a few words, for the delivery log."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, Refused):
        return f"refused: {cause}"
    if isinstance(error, aiohttp.InvalidURL):
        return "refused: the host is no name and no address"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name can't be found"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is no good: {error.certificate_error}"[:200]
    if isinstance(cause, ssl.SSLError):
        return f"no TLS: {cause.reason}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"can't be reached: {error.os_error.strerror or type(error.os_error).__name__}"[:200]
    return f"the connection broke: {type(error).__name__}"
