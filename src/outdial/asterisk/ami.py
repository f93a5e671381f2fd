"""Asterisk's manager interface (AMI), as far as recordings need it: actions over one loopback connection, no events.

Must not know the domain. Connects with the first action, and again whenever the connection has been lost.

AmiError
├── AmiRefused       the switch answered, and said no
├── AmiUncertain     sent, but no answer came: it may have been done
└── AmiUnreachable   never sent: it was not done
"""

import asyncio
import itertools
from types import TracebackType
from typing import Self, cast

ANSWER_SECONDS = 5
"""How long an action may go unanswered."""
LARGEST_ANSWER = 64 * 1024
_END = b"\r\n\r\n"

Answer = dict[str, str]


class AmiError(Exception):
    """An action did not go through."""


class AmiRefused(AmiError):
    """The switch said no."""


class AmiUncertain(AmiError):
    """Nobody knows whether it was done."""


class AmiUnreachable(AmiError):
    """It was not done: the switch can't be reached."""


class Ami:
    """Actions on one switch. Use it as an async context manager, which ends the connection."""

    def __init__(self, port: int, user: str, password: str, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._user, self._password = user, password
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    async def act(self, action: str, **headers: str) -> Answer:
        """Have something done; what the switch answers, its names in small letters.

        Raises:
            AmiRefused, AmiUncertain, AmiUnreachable: see above.
            ValueError: a header could end its line.
        """
        message = _message({"Action": action, **headers})
        connection = await self._connected()
        answer = await connection.ask(message)
        if answer.get("response") != "Success":
            raise AmiRefused(f"{action}: {answer.get('message', 'refused')}")
        return answer

    async def _connected(self) -> "_Connection":
        async with self._connecting:
            if self._connection is None or self._connection.lost:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                _, connection = await loop.create_connection(_Connection, *self._address)
        except (OSError, TimeoutError) as error:
            raise AmiUnreachable(f"the switch's manager can't be reached: {error}") from None
        login = {"Action": "Login", "Username": self._user, "Secret": self._password, "Events": "off"}
        try:
            answer = await connection.ask(_message(login))
        except AmiError as error:
            connection.close()
            raise AmiUnreachable(str(error)) from None
        if answer.get("response") != "Success":
            connection.close()
            raise AmiUnreachable(f"the switch's manager let nobody in: {answer.get('message')}")
        return connection


class _Connection(asyncio.Protocol):
    """One connection. Each action has an id of its own, so that an answer finds whoever waits for it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._ids = itertools.count(1)
        self.lost = False

    async def ask(self, message: str) -> Answer:
        """Send an action, and wait for its answer."""
        if self._transport is None or self.lost:
            raise AmiUnreachable("the connection to the switch's manager is lost")
        action_id = str(next(self._ids))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[action_id] = answer
        self._transport.write(f"ActionID: {action_id}\r\n{message}\r\n".encode())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            raise AmiUncertain("the switch's manager does not answer") from None
        finally:
            del self._waiting[action_id]

    def close(self) -> None:
        """End it."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        # uvloop's is of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop: answers are headers, each message ended by an empty line."""
        self._received += data
        while (end := self._received.find(_END)) >= 0:
            self._answered(bytes(self._received[:end]).decode(errors="replace"))
            del self._received[: end + len(_END)]
        if len(self._received) > LARGEST_ANSWER:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self.lost = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(AmiUncertain("the connection to the switch's manager was lost"))

    def _answered(self, text: str) -> None:
        # The first message follows the greeting, a line without a colon and space.
        pairs = (line.partition(": ") for line in text.split("\r\n"))
        headers = {name.lower(): value for name, colon, value in pairs if colon}
        answer = self._waiting.get(headers.get("actionid", ""))
        if answer is not None and not answer.done() and "response" in headers:
            answer.set_result(headers)


def _message(headers: dict[str, str]) -> str:
    if any(set(text) & set("\r\n\0") for text in headers.values()):
        raise ValueError("a header of an AMI action holds the end of a line")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
