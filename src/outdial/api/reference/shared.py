"""What the operations of the OpenAPI document share: parameters, headers, and the answers to what is turned down."""

from typing import Any

from outdial.api.reference.examples import ACCOUNT, CALL_ID
from outdial.api.reference.schemas import Schema, ref
from outdial.domain import refusals as refused
from outdial.domain.refusals import BadRequest, SwitchUnreachable, TooManyRequests

JSON = "application/json"
Operation = dict[str, Any]

PARAMETERS: dict[str, Schema] = {
    "Version": {
        "name": "n",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 0, "maximum": 6},
        "description": "The version a request is served in, unless `Accept` or `Content-Type` names one.",
        "example": 0,
    },
    "AccountKey": {
        "name": "accountKey",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z]{1,64}$"},
        "description": "The account's key; upper and lower case are the same.",
        "example": ACCOUNT,
    },
    "CallId": {
        "name": "callGuid",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
        "description": "The call's `id`.",
        "example": CALL_ID,
    },
    "Accept": {
        "name": "Accept",
        "in": "header",
        "schema": {"type": "string"},
        "description": "`application/json; version=6` asks for version 6, whatever the path says.",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "description": (
            "A key of your own for this call. Sent again with the same body within 24 hours it gets the first answer "
            "again, refusals included, with `Idempotent-Replayed: true`, and nobody is called twice. Only 429 and 503 "
            "free the key."
        ),
    },
}
HEADERS: dict[str, Schema] = {
    "Location": {"schema": {"type": "string", "format": "uri"}, "description": "Where the call is read."},
    "Idempotent-Replayed": {
        "schema": {"const": "true"},
        "description": "Only on the answer to a request that was answered before.",
    },
    "Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds to wait."},
    "RateLimit": {
        "schema": {"type": "string"},
        "description": 'The limit that was met, as `"calls";r=0;t=1`: calls remaining, and seconds until there are '
        "more (draft-ietf-httpapi-ratelimit-headers).",
    },
    "RateLimit-Policy": {
        "schema": {"type": "string"},
        "description": 'The limit itself, as `"calls";q=10`: calls in a second, or at a time.',
    },
    "WWW-Authenticate": {"schema": {"type": "string"}, "description": "How to prove who you are.", "required": True},
    "Allow": {"schema": {"type": "string"}, "description": "The methods that this page has."},
}


def header(name: str) -> Schema:
    """A pointer to a header."""
    return {"$ref": f"#/components/headers/{name}"}


def parameters(*names: str) -> list[Schema]:
    """Pointers to parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def content(schema: str, examples: dict[str, Any] | None = None, media_type: str = JSON) -> Schema:
    """A body of a schema."""
    shown = {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}
    return {media_type: {"schema": ref(schema), **shown}}


def _refusal(about: str, message: str, code: str, *headers: str) -> Schema:
    said = {"description": about, "content": content("Error", {code: {"message": message, "code": code}})}
    return {**said, "headers": {name: header(name) for name in headers}} if headers else said


RESPONSES: dict[str, Schema] = {
    "400": _refusal(
        "A rule is broken, or what is asked for can't be done; the first of the rules, in the order given above.",
        "Unable to place call - Agent number busy",
        "agent-busy",
    ),
    "401": _refusal(
        "There is no good access token.",
        "The access token is invalid or has expired",
        "unauthenticated",
        "WWW-Authenticate",
    ),
    "403": _refusal(
        "The token is for another account, or lacks the scope.",
        "The access token does not allow this request",
        "forbidden",
    ),
    "404": _refusal("There is no such thing.", "The requested resource does not exist", "not-found"),
    "405": _refusal(
        "The page does not have this method.",
        "The requested resource does not support http method 'PUT'.",
        "method-not-allowed",
        "Allow",
    ),
    "409": _refusal(
        "The first request with this key is under way.",
        "A request with this Idempotency-Key is under way",
        "idempotency-key-in-use",
    ),
    "413": _refusal("The body is over 100 KB.", "The request body is too large", "body-too-large"),
    "415": _refusal(
        "The body is not JSON.",
        "The requested resource does not support content type 'multipart/form-data'.",
        "unsupported-media-type",
    ),
    "422": _refusal(
        "The key was used for another body.",
        "This Idempotency-Key was used with a different request body",
        "idempotency-key-reused",
    ),
    "429": _refusal(
        "Too many calls in this second, or at a time.",
        TooManyRequests.text,
        "too-many-requests",
        "Retry-After",
        "RateLimit",
        "RateLimit-Policy",
    ),
    "503": _refusal(
        "No switch can be reached, or the database does not answer.",
        SwitchUnreachable.text,
        "switch-unreachable",
        "Retry-After",
    ),
}


def messages() -> dict[str, Any]:
    """Every 400 of placing a call whose text is always the same, by code, in the order of the checks."""
    kinds = [kind for kind in BadRequest.__subclasses__() if kind.__module__ == refused.__name__]
    texts = [kind() for kind in kinds if "text" in vars(kind)]
    return {refusal.code: {"message": refusal.message, "code": refusal.code} for refusal in texts}


NAMES = {
    "400": "BadRequest",
    "401": "Unauthenticated",
    "403": "Forbidden",
    "404": "NotFound",
    "405": "MethodNotAllowed",
    "409": "KeyInUse",
    "413": "TooLarge",
    "415": "NotJson",
    "422": "KeyReused",
    "429": "TooMany",
    "503": "Unavailable",
}


def refusals(statuses: str) -> dict[str, Schema]:
    """Pointers to what is told with these statuses."""
    return {status: {"$ref": f"#/components/responses/{NAMES[status]}"} for status in statuses.split()}
