"""Connections that reach only addresses they may: checked on the very address that is connected to.

A name is looked up anew for every connection, so what it stood for before counts for nothing. A proxy would connect
in our place and is never used. Must not know what is sent.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from outdial.domain.addresses import Network, why_not

MOST_LOOKUPS = 64
"""Names that are looked up at a time, in threads of their own: a slow name server must hold up nobody else's."""
LONGEST_HEADER = 8_190
READ_AHEAD = 16 * 1024
"""How much of an answer is taken in before somebody asks for it."""


class Refused(OSError):
    """An address that nothing may be sent to. Carries what kind it is."""


class GuardedResolver(AbstractResolver):
    """Looks names up, and leaves out the addresses that may not be reached."""

    def __init__(self, allowed: Sequence[Network], look_up: AbstractResolver) -> None:
        self._allowed = allowed
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name that may be reached. Raises Refused where it has others only."""
        found = await self._look_up.resolve(host, port, family)
        good = [each for each in found if why_not(each["host"], self._allowed) is None]
        if found and not good:
            raise Refused(_told(found[0]["host"], self._allowed))
        return good

    async def close(self) -> None:
        """The one below is shared, and closed by whoever made it."""


class ThreadedResolver(AbstractResolver):
    """The system's resolver, in a pool of threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_LOOKUPS, "outgoing-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of a name."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port, family)
        return [_result(host, each) for each in found]

    async def close(self) -> None:
        """Leave look-ups that hang to themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_session(allowed: Sequence[Network], look_up: AbstractResolver) -> aiohttp.ClientSession:
    """A session that reaches public addresses and the allowed networks. One for each set of networks: a connection
    that is kept must not serve somebody who might not have made it."""

    def make_socket(info: Any) -> socket.socket:  # noqa: ANN401 -- as getaddrinfo gives it
        family, kind, protocol, _, address = info
        if why_not(str(address[0]), allowed) is not None:
            raise Refused(_told(str(address[0]), allowed))
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(allowed, look_up), use_dns_cache=False, limit=0, socket_factory=make_socket
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=READ_AHEAD,
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
    )


def _told(address: str, allowed: Sequence[Network]) -> str:
    return f"{address} is {why_not(address, allowed)}"


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)


def _result(host: str, info: Any) -> ResolveResult:  # noqa: ANN401 -- as getaddrinfo gives it
    family, _, protocol, _, address = info
    return ResolveResult(
        hostname=host,
        host=address[0],
        port=address[1],
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
