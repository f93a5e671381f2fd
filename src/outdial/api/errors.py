"""What every refusal and fault looks like on the wire: `{"message", "code"}`. The one place that knows statuses.

Refusals of the domain are mapped by base class; those of HTTP itself (no token, no such page) are told apart here.
"""

import json
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from outdial.domain import refusals as refused
from outdial.domain.refusals import Refusal, TooManyRequests, Unavailable


class Unauthenticated(Refusal):
    """No token, or one that is not, or no longer, any good."""

    text = "The access token is invalid or has expired"


class Forbidden(Refusal):
    """The token is good, but not for this. Does not tell whether what was asked for exists."""

    text = "The access token does not allow this request"


class NotFound(Refusal):
    """There is no such thing."""

    text = "The requested resource does not exist"


STATUS_OF: Mapping[type[Refusal], int] = {
    refused.BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    refused.Conflict: 409,
    refused.BodyTooLarge: 413,
    refused.UnsupportedMediaType: 415,
    refused.Unprocessable: 422,
    TooManyRequests: 429,
    Unavailable: 503,
}
JSON = "application/json"
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_METHOD_NOT_ALLOWED = ("The requested resource does not support http method '{}'.", "method-not-allowed")
_FAULT = ("Something went wrong on our side; the request was not carried out in full", "internal-error")


def status_of(refusal: Refusal) -> int:
    """The status of a refusal: that of its nearest base class."""
    return next(STATUS_OF[kind] for kind in type(refusal).__mro__ if kind in STATUS_OF)


def answer(refusal: Refusal, media_type: str = JSON) -> Response:
    """A refusal as a response."""
    return _body(status_of(refusal), refusal.message, refusal.code, headers_of(refusal), media_type)


def headers_of(refusal: Refusal) -> dict[str, str]:
    """What a refusal says beside its body. `RateLimit` is as draft-ietf-httpapi-ratelimit-headers has it."""
    match refusal:
        case TooManyRequests():
            wait = str(refusal.retry_after_seconds)
            if not refusal.limit:
                return {"Retry-After": wait}
            return {
                "Retry-After": wait,
                "RateLimit-Policy": f'"calls";q={refusal.limit}',
                "RateLimit": f'"calls";r={refusal.remaining};t={wait}',
            }
        case Unavailable():
            return {"Retry-After": str(refusal.retry_after_seconds)}
        case Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case _:
            return {}


def fault() -> Response:
    """What is told of a fault of ours: nothing of its cause."""
    return _body(500, *_FAULT, {})


def install(app: FastAPI) -> None:
    """Let an app answer in this form whatever is raised in it."""
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(HTTPException, _on_http)


def log_fault(method: str, path: str, error: BaseException) -> None:
    """A fault of ours, with its trace; the query is left out, as there might be a secret in it."""
    structlog.get_logger().error("request fault", method=method, path=path, exc_info=error)


def _body(status: int, message: str, code: str, headers: Mapping[str, str], media_type: str = JSON) -> Response:
    content = json.dumps({"message": message, "code": code}, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, headers, media_type)


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 -- registered for nothing else
    return answer(error)


async def _on_http(request: Request, error: Exception) -> Response:
    """What the framework itself turns down: no such page, or a method that a page does not have."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for nothing else
    if error.status_code == 404:
        return answer(NotFound())
    if error.status_code == 413:
        return answer(refused.BodyTooLarge())
    if error.status_code == 405:
        message, code = _METHOD_NOT_ALLOWED
        return _body(405, message.format(request.method), code, {"Allow": ", ".join(_methods_at(request))})
    return _body(error.status_code, str(error.detail), "http-error", error.headers or {})


def _methods_at(request: Request) -> list[str]:
    """Every method of a page, whose routes may be several and within routers: each method is tried."""
    scopes = [{**request.scope, "method": method} for method in _METHODS]
    routes = request.app.routes
    return [scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in routes)]
