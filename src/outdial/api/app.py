"""Makes the HTTP application out of its parts. Must not open or start anything."""

from importlib.metadata import version

from fastapi import FastAPI

from outdial.api import errors
from outdial.api.attempts import Attempts
from outdial.api.event_stream import Streams
from outdial.api.framing import Framing
from outdial.api.manage import routes as manage
from outdial.api.parts import Parts
from outdial.api.routes import add_routes


def make_app(parts: Parts) -> FastAPI:
    """The API, served from its parts."""
    app = FastAPI(
        title="Outdial",
        version=version("outdial"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts = parts
    app.state.attempts = Attempts(parts.clock)
    app.state.streams = Streams(parts.observe_lag)
    errors.install(app)
    app.add_middleware(Framing)
    add_routes(app)
    manage.install(app, parts)
    return app
