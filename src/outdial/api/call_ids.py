"""The call that a path of the Calls API names."""

import re

from starlette.requests import Request

from outdial.api.errors import NotFound

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CallNotFound(NotFound):
    """The account has no such call."""

    text = "Call not found"


def call_id_in(request: Request) -> str:
    """The id in the path. Raises CallNotFound for what can't be one: it is not looked for."""
    call_id: str = request.path_params["call_id"]
    if not _UUID.fullmatch(call_id):
        raise CallNotFound
    return call_id
