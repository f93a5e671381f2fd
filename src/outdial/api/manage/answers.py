"""How single operations answer beyond what all of them do, for the OpenAPI document."""

from typing import Any

from outdial.api.manage.errors import Refused

Answers = dict[int | str, dict[str, Any]]


def _conflict(about: str) -> Answers:
    return {409: {"model": Refused, "description": about}}


EXISTS = _conflict("The id is taken.")
IN_USE = _conflict("Something depends on it, such as a live call.")

_LOCATION = {"schema": {"type": "string", "format": "uri"}, "description": "Where it is read."}
CREATED: Answers = {201: {"headers": {"Location": _LOCATION}}}
