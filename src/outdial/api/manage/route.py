"""A route of the management API: what is said of its requests' bodies before FastAPI reads them.

In the API's order: token, content type, JSON, and only then the members. The same refusals as on the Calls API.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from outdial.api.auth import authenticate
from outdial.api.pages import json_body
from outdial.api.parts import parts_of
from outdial.domain.refusals import Refusal
from outdial.domain.request import decode


class ManageRoute(APIRoute):
    """Refuses what is no JSON object, in the API's words; an unknown caller learns nothing of that."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind our checks."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def checked(request: Request) -> Response:
            try:
                decode(await json_body(request))
            except (Refusal, HTTPException):
                await authenticate(parts_of(request), request.headers.get("authorization"))
                raise
            return await handle(request)

        return checked
