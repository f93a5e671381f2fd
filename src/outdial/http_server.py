"""Serves an ASGI application on one address for as long as it is wanted. Must not know what the application is."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from outdial.http_protocol import BoundedHttp

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75
"""Longer than proxies and clients keep an idle connection. Were we the first to close it, a POST that is just being
sent would fail, and nobody could know whether it may be repeated."""


class ListenError(Exception):
    """The address can't be listened on. One line for people, which names the setting."""


class _Server(uvicorn.Server):
    """Leaves signals to whoever started the process: there is more to stop than this."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take an address, before anything is built that would have to be undone; a port of 0 is any free one.

    Whoever connects before the application answers waits. It has to be listened on at once: of two processes that have
    only bound a port, each believes that it has it.

    Raises:
        ListenError: it is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only on a socket that says it is TCP: else each answer would wait 40 ms, for
    # the acknowledgement of its head.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise ListenError(f"http_port {port}: {error.strerror} (on {host})") from None
        raise ListenError(f"http_host {host}: {error.strerror or error}") from None
    taken.set_inheritable(False)
    return taken


def url_of(taken: socket.socket) -> str:
    """How an address that was taken is reached from this machine."""
    host, port = taken.getsockname()[:2]
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- told apart, not listened on
    host = anywhere.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(
    app: Any,  # noqa: ANN401 -- any ASGI application
    taken: socket.socket,
    *,
    proxies: tuple[str, ...],
    grace_seconds: int,
) -> AsyncIterator[None]:
    """The application answers inside. On leaving, requests under way are given their time."""
    config = uvicorn.Config(
        app,
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(proxies),
        lifespan="off",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,
        ws="none",
        http=BoundedHttp,
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[taken]))
        try:
            await server.up.wait()
            yield
        finally:
            server.should_exit = True
