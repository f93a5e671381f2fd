"""One attempt to deliver one event, whatever is at the other end: bounded in time, in bytes, and in whom it reaches.

Must not know when to try, or again.
"""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from outdial.domain.cloud_events import MEDIA_TYPE
from outdial.domain.deliveries import Outcome
from outdial.domain.webhooks import Webhook
from outdial.outgoing.sessions import Sessions, read_off, retry_after, told
from outdial.webhooks.signing import signed

ANSWER_SECONDS = 10
"""From looking the name up to the answer's status."""
BODY_SECONDS = 1
MOST_BODY = 64 * 1024
"""How much of an answer's body is read, and for how long: only so that the connection can be used again."""


class Sender:
    """Sends deliveries. Use as a context; sessions are made as accounts need them."""

    def __init__(self, look_up: AbstractResolver | None = None) -> None:
        self._sessions = Sessions(look_up)

    async def __aenter__(self) -> Self:
        await self._sessions.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sessions.__aexit__(kind, error, trace)

    async def send(self, webhook: Webhook, networks: Sequence[str], event_id: str, body: str, now: int) -> Outcome:
        """Try once. Raises nothing: whatever goes wrong is the outcome."""
        started = time.monotonic_ns()
        status, rest, error = None, None, None
        try:
            async with asyncio.timeout(ANSWER_SECONDS + BODY_SECONDS):
                status, rest = await self._post(webhook, tuple(networks), event_id, body, now)
            error = _why_not(status)
        except TimeoutError:
            error = f"no answer within {ANSWER_SECONDS} s"
        except (aiohttp.ClientError, OSError, ValueError) as raised:
            error = told(raised)
        return Outcome(status, error, (time.monotonic_ns() - started) // 1_000_000, rest)

    async def _post(
        self, webhook: Webhook, networks: tuple[str, ...], event_id: str, body: str, now: int
    ) -> tuple[int, int | None]:
        headers = {
            "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
            "User-Agent": "Outdial",
            **signed(webhook, event_id, body, now),
        }
        request = self._sessions.reaching(networks).post(
            URL(webhook.url, encoded=True), data=body.encode(), headers=headers, allow_redirects=False
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await request
        try:
            # Only so that the connection can be used again.
            await read_off(response, MOST_BODY, BODY_SECONDS)
            return response.status, retry_after(response)
        finally:
            response.release()


def _why_not(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return f"answered {status}; redirects are not followed" if 300 <= status < 400 else f"answered {status}"
