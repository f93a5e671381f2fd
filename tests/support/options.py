"""A far end that only notes what it is asked, and answers OPTIONS where it is to: is a carrier there or not?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

COPIED = ("via", "from", "to", "call-id", "cseq")


def method_of(message: bytes) -> str:
    """What a request asks for; of a response, its version."""
    return message.split(b" ", 1)[0].decode("ascii", "replace")


def answer(request: bytes) -> bytes:
    """All is well."""
    lines = request.decode("utf-8", "replace").split("\r\n\r\n")[0].split("\r\n")[1:]
    copied = [line for line in lines if line.partition(":")[0].strip().lower() in COPIED]
    tagged = [f"{line};tag=1" if line.lower().startswith("to:") else line for line in copied]
    return "\r\n".join(["SIP/2.0 200 OK", *tagged, "Content-Length: 0", "", ""]).encode()


class Asked(asyncio.DatagramProtocol):
    """Who is asked; `requests` is every one of them, those that were sent again as well."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.port = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.requests.append(data)
        if self.answers and method_of(data) == "OPTIONS":
            self._transport.sendto(answer(data), addr)

    def heads(self, method: str) -> set[bytes]:
        """The different requests of a kind, by their first Via: sent again, one is the same."""
        return {data.split(b"\r\n", 2)[1] for data in self.requests if method_of(data) == method}


@asynccontextmanager
async def asked(*, answers: bool) -> AsyncIterator[Asked]:
    """It is there inside."""
    loop = asyncio.get_running_loop()
    transport, far_end = await loop.create_datagram_endpoint(lambda: Asked(answers=answers), ("127.0.0.1", 0))
    try:
        yield far_end
    finally:
        transport.close()
