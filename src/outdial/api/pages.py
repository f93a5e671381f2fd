"""A page of the Calls API: its methods in one place, refusals answered, and what its requests have in common.

Plain Starlette rather than FastAPI's dependency injection, as a call should cost little before it rings anybody.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from outdial.api.auth import Caller, authenticate
from outdial.api.errors import JSON, NotFound, answer
from outdial.api.parts import Parts, parts_of
from outdial.domain.refusals import BadRequest, Refusal, UnsupportedMediaType
from outdial.domain.versions import effective_version

Handler = Callable[[Request], Awaitable[ASGIApp]]
_KEY = re.compile(r"[0-9a-z]{1,64}")
_HOST = re.compile(r"([0-9A-Za-z][0-9A-Za-z._-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json", re.IGNORECASE)


class HostInvalid(BadRequest):
    """The address a request was sent to could not be told back in a link."""

    text = "The Host header is missing or invalid"


class Page:
    """One URL and its methods."""

    def __init__(self, **handlers: Handler) -> None:
        self._handlers: Mapping[str, Handler] = handlers

    def at(self, path: str) -> Route:
        """The page as a route."""
        return Route(path, self, methods=list(self._handlers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        try:
            response: ASGIApp = await self._handlers[method](request)
        except Refusal as refusal:
            response = answer(refusal)
        await response(scope, receive, send)


async def enter(request: Request, scope: str) -> tuple[Parts, str]:
    """Let a request into the account in its path, or not; the parts and the account's key.

    Raises:
        Unauthenticated, Forbidden: in this order.
        NotFound: there is no such account. Only an operator is told so.
    """
    parts, account, _ = await enter_as(request, scope)
    return parts, account


async def enter_as(request: Request, scope: str) -> tuple[Parts, str, Caller]:
    """The same, and who it is. Raises as `enter`."""
    parts = parts_of(request)
    account: str = request.path_params["account"]
    caller = await authenticate(parts, request.headers.get("authorization"))
    caller.check(scope, account)
    if caller.is_operator and (not _KEY.fullmatch(account) or await parts.directory.account(account) is None):
        raise NotFound
    return parts, account, caller


def account_url(request: Request, parts: Parts, account: str) -> str:
    """How links into an account begin. Raises HostInvalid."""
    return f"{base_url(request, parts)}/v{request.path_params['version']}/{account}"


def base_url(request: Request, parts: Parts) -> str:
    """How every link begins: as clients are told to address us, else as this request was addressed.

    Raises:
        HostInvalid: the request does not say how it was addressed.
    """
    if parts.public_url is not None:
        return parts.public_url.rstrip("/")
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise HostInvalid
    return f"{request.url.scheme}://{host}"


def version_of(request: Request) -> int:
    """The version a request is served in. Raises UnsupportedVersion."""
    accept = request.headers.getlist("accept")
    return effective_version(
        ", ".join(accept) if accept else None, request.headers.get("content-type"), int(request.path_params["version"])
    )


async def json_body(request: Request) -> bytes:
    """The body of a request whose body must be JSON; that it is JSON remains to be seen.

    Raises:
        UnsupportedMediaType: it does not say that it is.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if not _JSON_TYPE.fullmatch(media_type):
        raise UnsupportedMediaType(media_type)
    return await request.body()


def versioned(version: int) -> str:
    """The content type of a reply, which says in which version it is."""
    return f"{JSON}; version={version}"


def reply(status: int, content: Mapping[str, Any], version: int, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON reply."""
    body = to_json(content)
    return Response(body, status, headers, versioned(version))
