"""Reading events: GET …/events as a stream or in pages, both from any number that is still kept."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from outdial.api.auth import EVENTS_READ, authenticate
from outdial.api.errors import JSON
from outdial.api.event_query import Asked, EventsNotKept, asked, check_kept
from outdial.api.event_stream import EventStream, Streams
from outdial.api.pages import enter, reply, version_of
from outdial.api.parts import Parts
from outdial.domain.cloud_events import cloud_event
from outdial.domain.notice_types import TYPES

STREAM = "text/event-stream"
MOST_SCANNED = 5_000
"""Events that one page looks through: a filter that matches little gets pages that are not full."""
_BATCH = 500


async def read(request: Request) -> Response | ASGIApp:
    """GET …/events"""
    parts, account = await enter(request, EVENTS_READ)
    version, wish = version_of(request), asked(request, account)
    kept = await parts.events.kept(wish.account)
    try:
        if wish.after is not None:
            check_kept(wish.after, kept)
        if request.method == "HEAD" or STREAM not in request.headers.get("accept", "").lower():
            return reply(200, await _page(parts, wish, kept.first - 1), version)
    except EventsNotKept as refusal:
        return _gone(refusal)
    start = kept.last if wish.after is None else wish.after
    streams: Streams = request.app.state.streams

    async def still_good() -> None:
        caller = await authenticate(parts, request.headers.get("authorization"))
        caller.check(EVENTS_READ, account)

    return EventStream(parts, streams, wish, start, still_good)


async def types(request: Request) -> Response:
    """GET /event-types: the catalogue, with a JSON schema for each type's data."""
    told = [{"type": each.name, "about": each.about, "schema": each.schema()} for each in TYPES.values()]
    return Response(json.dumps({"types": told}, ensure_ascii=False), media_type=JSON)


async def _page(parts: Parts, wish: Asked, first: int) -> dict[str, Any]:
    """Events from a place on, and where the next page begins. `more` tells whether there is one already."""
    cursor = first if wish.after is None else wish.after
    wanted, found = await wish.filter_now(parts), list[dict[str, Any]]()
    more, scanned = True, 0
    while more and len(found) < wish.limit and scanned < MOST_SCANNED:
        batch = await parts.events.after(wish.account, cursor, _BATCH)
        more, scanned = len(batch) == _BATCH, scanned + len(batch)
        if batch and batch[0][0] > cursor + 1:
            raise EventsNotKept(cursor, await parts.events.kept(wish.account))
        for seq, notice in batch:
            if len(found) == wish.limit:
                more = True
                break
            cursor = seq
            if wanted.wants(notice):
                found.append(cloud_event(seq, notice))
    return {"events": found, "next": str(cursor), "more": more}


def _gone(refusal: EventsNotKept) -> Response:
    told = {"message": refusal.message, "code": refusal.code, "resumeAfter": str(refusal.resume_after)}
    return Response(json.dumps(told), 410, media_type=JSON)
