"""Serves the OpenAPI document and the page made of it. Open to anybody: they hold no secret."""

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from outdial.api.reference.document import document
from outdial.api.reference.page import page

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


async def openapi(request: Request) -> Response:
    """GET /openapi.json"""
    return Response(json.dumps(document(request.app), ensure_ascii=False).encode(), media_type="application/json")


async def docs(request: Request) -> Response:
    """GET /docs"""
    return HTMLResponse(page(document(request.app)), headers={"Content-Security-Policy": _POLICY})
