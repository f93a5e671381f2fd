"""An address is taken by one process, from the very beginning."""

import asyncio
import socket

import pytest

from outdial.http_server import ListenError, listen, url_of


def test_an_address_is_taken_at_once_and_by_one_alone() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"^http_port {port}: Address already in use \(on 127\.0\.0\.1\)$"):
            listen("127.0.0.1", port)


def test_it_can_be_taken_again_at_once() -> None:
    with listen("127.0.0.1", 0) as taken:
        address = taken.getsockname()
        with socket.create_connection(address) as client, taken.accept()[0]:
            client.sendall(b"x")
        # We were the first to close: the connection lingers on in the kernel.
    with listen(*address) as again:
        assert url_of(again) == f"http://127.0.0.1:{address[1]}"


def test_an_address_that_is_not_ours_is_told_in_one_line() -> None:
    with pytest.raises(ListenError, match=r"^http_host 203\.0\.113\.77: Cannot assign requested address$"):
        listen("203.0.113.77", 8080)


async def test_no_half_of_an_answer_waits_for_an_acknowledgement() -> None:
    made: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    class Peer(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            connection = transport.get_extra_info("socket")
            made.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
            transport.close()

    server = await asyncio.get_running_loop().create_server(Peer, sock=listen("127.0.0.1", 0))
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await made
        writer.close()
