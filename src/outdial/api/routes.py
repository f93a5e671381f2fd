"""Every URL of the API, in one list."""

from fastapi import FastAPI
from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from outdial.api import agents, calls, events, oauth, recording_control, recordings, status
from outdial.api.pages import Page
from outdial.api.reference import pages as reference


class _Version(Convertor[str]):
    """A version that exists; with any other number there is no such page."""

    regex = "[0-6]"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("version", _Version())
_ACCOUNT = "/v{version:version}/{account}"

ROUTES = [
    # The Calls API; these paths are in lower case and without a last slash, as `framing.plain_path` makes them.
    Page(POST=calls.place).at(_ACCOUNT + "/calls"),
    Page(GET=calls.read, POST=recording_control.control, DELETE=calls.hang_up).at(_ACCOUNT + "/calls/{call_id}"),
    Page(GET=agents.available).at(_ACCOUNT + "/agents"),
    Page(GET=agents.read).at(_ACCOUNT + "/agents/{agent_id}"),
    # Events.
    Page(GET=events.read).at(_ACCOUNT + "/events"),
    # Recordings.
    Page(GET=recordings.search).at(_ACCOUNT + "/recordings"),
    Page(GET=recordings.read).at(_ACCOUNT + "/recordings/{recording_id}"),
    Page(GET=recordings.audio).at(_ACCOUNT + "/recordings/{recording_id}/audio"),
    Page(POST=recordings.link).at(_ACCOUNT + "/recordings/{recording_id}/links"),
    Page(GET=recordings.peaks).at(_ACCOUNT + "/recordings/{recording_id}/peaks"),
    # Tokens.
    Page(POST=oauth.account_token).at("/v{version:version}/oauth2/token"),
    Page(POST=oauth.client_token).at("/auth/connect/token"),
    # The process.
    Route("/healthz", status.alive),
    Route("/readyz", status.ready),
    Route("/metrics", status.metrics),
    # What the API says of itself.
    Route("/event-types", events.types),
    Route("/", reference.home),
    Route("/openapi.json", reference.openapi),
    Route("/docs", reference.docs),
]


def add_routes(app: FastAPI) -> None:
    """Give an app every URL."""
    app.router.routes.extend(ROUTES)
