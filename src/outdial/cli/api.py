"""The API over HTTP, as the commands use it: paths and members in, members out, and one line for whatever fails."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote

import aiohttp

from outdial.cli.connection import Connection
from outdial.cli.errors import CommandError

_PATIENCE = aiohttp.ClientTimeout(total=60, connect=10)
_STREAM = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)
_PIECES = aiohttp.ClientTimeout(total=None, connect=10, sock_read=600)
"""A large file may be verified for minutes before there is a word to say of it."""
_PAGE = 200
_Answer = tuple[int, dict[str, Any], str | None]
"""Status, members, and the id of what its `Link` calls related."""


class Refused(CommandError):
    """The API turned a request down. `related` is the id of what it names beside its message, such as a call."""

    def __init__(self, message: str, status: int, related: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.related = related


class Api:
    """One command's session with the API."""

    def __init__(self, session: aiohttp.ClientSession, where: Connection) -> None:
        self._session = session
        self._where = where
        self.quiet = False
        """Whether standard output is for machines: no progress, no questions."""

    async def sign_in(self) -> None:
        """Get a token, which every request bears from now on."""
        form = {"grant_type": "client_credentials"}
        login = b64encode(f"{quote(self._where.client_id)}:{quote(self._where.client_secret)}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        status, said, _ = await self._send("POST", "/Auth/connect/token", data=form, headers=headers)
        if status != 200:
            why = said.get("error_description") or said.get("error") or said.get("message") or f"HTTP {status}"
            raise Refused(f"{self._where.url} does not accept client {self._where.client_id}: {why}", status)
        self._session.headers["Authorization"] = f"Bearer {said['access_token']}"

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 -- JSON
        """What the API answers.

        Raises:
            Refused: it turned the request down.
            CommandError: it can't be reached, or what answers is not the API.
        """
        words = {name: _written(value) for name, value in (query or {}).items() if value is not None}
        return await self._answered(method, path, json=body, params=words, headers=headers or {})

    async def send(self, method: str, path: str, file: bytes) -> Any:  # noqa: ANN401 -- JSON
        """What the API answers to a file. Raises as `ask`."""
        return await self._answered(method, path, data=file, headers={"Content-Type": "application/octet-stream"})

    async def every(self, path: str, query: Mapping[str, object] | None = None, most: int | None = None) -> list[Any]:
        """The items of a list, over all its pages, or so many of them."""
        items: list[Any] = []
        cursor = (query or {}).get("cursor")
        while most is None or len(items) < most:
            limit = _PAGE if most is None else min(_PAGE, most - len(items))
            page = await self.ask("GET", path, query={**(query or {}), "limit": limit, "cursor": cursor})
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        return items

    async def account(self, given: str | None) -> str:
        """The account that is meant: the one that was named, else the only one there is.

        Raises:
            CommandError: there is none, or there are several.
        """
        if given is not None:
            return given
        found = [each["key"] for each in (await self.ask("GET", "/manage/accounts", query={"limit": 10}))["items"]]
        if not found:
            raise CommandError("there is no account yet; `outdial account add` makes one")
        if len(found) > 1:
            raise CommandError(f"say which account with --account: {', '.join(found)}")
        return str(found[0])

    async def blocks(
        self, path: str, query: Mapping[str, object], last_event_id: str | None = None
    ) -> AsyncIterator[dict[str, str]]:
        """The blocks of a stream of server-sent events, until it ends.

        Raises:
            Refused: the API turned the request down.
            CommandError: it can't be reached, or went away.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        words, url = {name: _written(value) for name, value in query.items()}, self._where.url + path
        try:
            async with self._session.get(url, params=words, headers=headers, timeout=_STREAM) as reply:
                if reply.status != 200:
                    said = await reply.json(content_type=None)
                    raise Refused(str(said.get("message")), reply.status)
                while raw := await reply.content.readuntil(b"\n\n"):
                    yield _block(raw.decode())
        except TimeoutError:
            raise CommandError(f"{url} has gone silent") from None
        except (aiohttp.ClientError, asyncio.IncompleteReadError, ValueError) as error:
            raise CommandError(f"{url}: {error or type(error).__name__}") from None

    async def pieces(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> AsyncIterator[bytes]:
        """An answer that is no JSON document, piece by piece: audio, or lines that come as they are known.

        Raises:
            Refused: the API turned the request down.
            CommandError: it can't be reached, or went away in the middle.
        """
        words = {name: _written(value) for name, value in (query or {}).items() if value is not None}
        url = self._where.url + path
        try:
            async with self._session.request(method, url, json=body, params=words, timeout=_PIECES) as reply:
                if reply.status >= 300:
                    said = await reply.json(content_type=None)
                    raise Refused(str(said.get("message")), reply.status)
                async for piece in reply.content.iter_any():
                    yield piece
        except TimeoutError:
            raise CommandError(f"{url} has gone silent") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise CommandError(f"{url}: {error or type(error).__name__}") from None

    async def _answered(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401
        status, said, related = await self._send(method, path, **more)
        if status >= 300:
            message = said.get("message") or f"{self._where.url}{path} answered with HTTP {status}"
            raise Refused(str(message), status, related)
        return said

    async def _send(self, method: str, path: str, **more: Any) -> _Answer:  # noqa: ANN401
        url = self._where.url + path
        try:
            async with self._session.request(method, url, **more) as reply:
                if reply.status == 204:
                    return 204, {}, None
                said = await reply.json(content_type=None)
                if not isinstance(said, dict):
                    raise CommandError(f"{url} answered with HTTP {reply.status} and no JSON object: is it the API?")
                related = reply.links.get("related")
                return reply.status, said, str(related["url"]).rpartition("/")[2] if related else None
        except TimeoutError:
            raise CommandError(f"{url} does not answer in time") from None
        except aiohttp.ClientConnectorError as error:
            why = error.strerror or error.os_error or error
            raise CommandError(f"{self._where.url} can't be reached: {why}; is `outdial serve` running?") from None
        except aiohttp.ClientError as error:
            raise CommandError(f"{url}: {error or type(error).__name__}") from None
        except ValueError:
            raise CommandError(f"{url} answered with HTTP {reply.status} and no JSON: is it the API?") from None


@asynccontextmanager
async def signed_in(where: Connection) -> AsyncIterator[Api]:
    """A session with a token."""
    async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
        api = Api(session, where)
        await api.sign_in()
        yield api


@contextmanager
def as_typed(options: Mapping[str, str]) -> Iterator[None]:
    """Where the API turns down a parameter by its name, name the option that was typed for it instead."""
    try:
        yield
    except Refused as error:
        name, _, rest = str(error).partition(" ")
        if name not in options:
            raise
        raise Refused(f"{options[name]} {rest}", error.status) from None


def at(*steps: str) -> str:
    """A path of the management API; what people type can't lead elsewhere."""
    return "/manage/" + "/".join(quote(step, safe="") for step in steps)


def _block(text: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in text.strip().split("\n"))
    return {name: value for name, _, value in lines if name}


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
