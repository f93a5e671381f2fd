"""What the management API turns down, and in which words: one sentence that names the member, in the API's one shape.

`{"message", "code"}` as everywhere, with `member` where one is at fault. Pydantic's own words never get out.
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from outdial.api.errors import NotFound, answer
from outdial.api.manage.kinds import WANTED, WANTED_CURSOR
from outdial.calls.directory import AlreadyExists, DirectoryError, InUse, Unknown
from outdial.domain.refusals import BadRequest, MalformedJson
from outdial.domain.setup import InvalidMember


class MissingMember(BadRequest):
    """A member that must be there is not."""

    def __init__(self, member: str) -> None:
        super().__init__(f"{member} is required", member=member)


class UnknownMember(BadRequest):
    """A member that this resource does not have; ignoring it would leave undone what was asked for."""

    def __init__(self, member: str, known: Sequence[str]) -> None:
        by_lower = {name.lower(): name for name in known}
        close = difflib.get_close_matches(member.lower(), by_lower, 1)
        meant = f"; did you mean {by_lower[close[0]]}?" if close else ""
        super().__init__(f"Unknown member {member}{meant}", member=member)


class Refused(BaseModel):
    """Why a request was turned down."""

    message: str = Field(description="One sentence for people.")
    code: str = Field(description="Stable, in kebab case, for programs.")
    member: str | None = Field(default=None, description="The member or parameter at fault, where there is one.")


_STATUS_AND_CODE: Mapping[type[DirectoryError], tuple[int, str]] = {
    AlreadyExists: (409, "already-exists"),
    InUse: (409, "in-use"),
    Unknown: (404, "not-found"),
}
_TYPES = {
    "string_type": "a string",
    "string_unicode": "text in Unicode",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of a sensible size",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
}


def install(app: FastAPI) -> None:
    """Let an app answer so."""
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(InvalidMember, _on_member)
    app.add_exception_handler(MissingMember, _on_member)
    app.add_exception_handler(UnknownMember, _on_member)
    app.add_exception_handler(DirectoryError, _on_directory)


def refusal_of(errors: Sequence[Mapping[str, Any]], known: Sequence[str] = ()) -> BadRequest | NotFound:
    """What to say of a model's errors: the first one, but a member that is unknown before one that is missing."""
    first = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    if first["type"] == "json_invalid":
        return MalformedJson()
    place, *steps = first["loc"]
    if place == "path":
        return NotFound()
    member = _written(steps)
    if first["type"] == "missing" and member:
        return MissingMember(member)
    if first["type"] == "extra_forbidden":
        return UnknownMember(member, known)
    wanted = WANTED_CURSOR if member == "cursor" else _wanted(first)
    return InvalidMember(member or "The request body", wanted)


def _written(steps: Sequence[object]) -> str:
    """A place in a body as people write it: `phone.address`, `scopes[0]`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _wanted(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "string_pattern_mismatch":
            return WANTED.get(context["pattern"], "of another form")
        case "literal_error":
            return f"one of {context['expected'].replace(' or ', ', ')}".replace("'", "")
        case "greater_than_equal":
            return f"at least {context['ge']}"
        case "less_than_equal":
            return f"at most {context['le']}"
        case "string_too_short" | "string_too_long":
            bound = "min_length" if kind == "string_too_short" else "max_length"
            return f"at {'least' if bound == 'min_length' else 'most'} {context[bound]} characters long"
        case "too_short" | "too_long":
            bound = "min_length" if kind == "too_short" else "max_length"
            return f"a list of at {'least' if bound == 'min_length' else 'most'} {context[bound]}"
        case "value_error":
            return str(context["error"])
        case "missing":
            return "sent"
    return _TYPES.get(kind, "something else")


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for nothing else
    errors = error.errors()
    refusal = refusal_of(errors, _members_of(request, errors[0]["loc"][0]))
    return answer(refusal) if refusal.member is None else _told(refusal)


def _members_of(request: Request, place: str) -> list[str]:
    """The members that the body, or the query, of this request could have had."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return []
    fields = route.dependant.query_params if place == "query" else filter(None, [route.body_field])
    names: list[str] = []
    for field in fields:
        model = field.field_info.annotation
        inner: Mapping[str, Any] = getattr(model, "model_fields", {})
        names += [member.alias or name for name, member in inner.items()] or [field.alias]
    return names


async def _on_member(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadRequest)  # noqa: S101 -- registered for nothing else
    return _told(error)


async def _on_directory(request: Request, error: Exception) -> Response:
    assert isinstance(error, DirectoryError)  # noqa: S101 -- registered for nothing else
    status, code = next(_STATUS_AND_CODE[kind] for kind in type(error).__mro__ if kind in _STATUS_AND_CODE)
    said = str(error) or NotFound.text
    return JSONResponse({"message": said[0].upper() + said[1:], "code": code}, status)


def _told(refusal: BadRequest | NotFound) -> Response:
    return JSONResponse({"message": refusal.message, "code": refusal.code, "member": refusal.member}, 400)
