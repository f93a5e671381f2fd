"""Makes the HTTP application out of its parts. Must not open or start anything."""

from importlib.metadata import version

from fastapi import FastAPI

from outdial.api import errors
from outdial.api.admission import Admission
from outdial.api.attempts import Attempts
from outdial.api.event_stream import Streams
from outdial.api.framing import Framing
from outdial.api.manage import routes as manage
from outdial.api.parts import Parts
from outdial.api.routes import add_routes

MOST_WAITING = 5_000


def make_app(parts: Parts, *, most_waiting: int = MOST_WAITING) -> FastAPI:
    """The API, served from its parts, to so many requests at a time."""
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
    app.add_middleware(Admission, most=most_waiting)
    add_routes(app)
    manage.install(app, parts)
    return app
