"""Every URL of the API, in one list."""

from fastapi import FastAPI
from starlette.routing import Route

from outdial.api import status

ROUTES = [
    Route("/healthz", status.alive),
    Route("/readyz", status.ready),
    Route("/metrics", status.metrics),
]


def add_routes(app: FastAPI) -> None:
    """Give an app every URL."""
    app.router.routes.extend(ROUTES)
