"""Serves the OpenAPI document and the page made of it. Open to anybody: they hold no secret.

Both are made once. Only the address in them is the request's own, or what clients are told to address us by.
"""

import json
from functools import lru_cache
from html import escape

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from outdial.api.pages import base_url
from outdial.api.parts import parts_of
from outdial.api.reference.document import document
from outdial.api.reference.examples import BASE
from outdial.api.reference.page import POLICY, page


async def openapi(request: Request) -> Response:
    """GET /openapi.json. Raises HostInvalid."""
    base = json.dumps(base_url(request, parts_of(request)))[1:-1]
    return Response(_json(request.app).replace(BASE, base), media_type="application/json")


async def docs(request: Request) -> Response:
    """GET /docs. Raises HostInvalid."""
    base = escape(base_url(request, parts_of(request)))
    return HTMLResponse(_html(request.app).replace(BASE, base), headers={"Content-Security-Policy": POLICY})


async def home(request: Request) -> Response:
    """GET /: whoever only knows where we are is shown what can be asked. Relative, as we may be behind a prefix."""
    return RedirectResponse("docs", 302)


@lru_cache(maxsize=1)
def _json(app: FastAPI) -> str:
    return json.dumps(document(app), ensure_ascii=False)


@lru_cache(maxsize=1)
def _html(app: FastAPI) -> str:
    return page(document(app))
