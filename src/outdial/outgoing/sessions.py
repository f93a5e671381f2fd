"""Sessions that reach only where an account may, and how what goes wrong in one is told. Knows no receiver."""

import asyncio
import ssl
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from outdial.domain.addresses import networks_of
from outdial.domain.deliveries import LONGEST_RETRY_AFTER
from outdial.outgoing.guard import Refused, ThreadedResolver, guarded_session


class Sessions:
    """One session for each set of networks that may be reached. Use as a context."""

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

    def reaching(self, networks: tuple[str, ...]) -> aiohttp.ClientSession:
        """The session that reaches public addresses and these networks; made when it is first asked for."""
        session = self._sessions.get(networks)
        if session is None:
            session = self._sessions[networks] = guarded_session(networks_of(networks), self._look_up)
        return session


async def read_off(response: aiohttp.ClientResponse, most: int, seconds: float) -> bytes | None:
    """A body of at most so many bytes, read within so many seconds; of any other, none, and the connection is cut.

    A body read to its end leaves its connection to the next request.
    """
    found: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while size < most:
                chunk = await response.content.readany()
                if not chunk:
                    return b"".join(found)
                found.append(chunk)
                size += len(chunk)
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    response.close()
    return None


def retry_after(response: aiohttp.ClientResponse) -> int | None:
    """For how many milliseconds a receiver asks to be left in peace."""
    said = response.headers.get("Retry-After", "")
    if response.status < 400 or not (said.isascii() and said.isdigit() and len(said) < 10):
        return None
    return min(int(said) * 1000, LONGEST_RETRY_AFTER)


def told(error: Exception) -> str:
    """What went wrong in a few words, for a log that people read."""
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
