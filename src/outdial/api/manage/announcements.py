"""Announcements: the sounds that ask an account's other sides for consent to be recorded."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from outdial.api.errors import NotFound
from outdial.api.framing import LONGEST_SOUND
from outdial.api.manage.answers import IN_USE, Answers
from outdial.api.manage.errors import Refused
from outdial.api.manage.here import Here
from outdial.api.manage.kinds import WANTED, Reply
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.recording_settings import ANNOUNCEMENT
from outdial.api.manage.route import ManageRoute
from outdial.calls.administration import AnnouncementError
from outdial.calls.remove_announcement import remove_announcement
from outdial.domain.refusals import BadRequest
from outdial.domain.setup import InvalidMember

WAV = "audio/wav"
router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/announcements", tags=["Announcements"])
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary", "maxLength": LONGEST_SOUND}}
_SOUND: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A sound file: WAV, FLAC, Ogg or MP3, of at most a minute and 2 MB, of whatever content type.",
        "content": {"application/octet-stream": _BINARY},
    }
}
_HEARD: Answers = {
    200: {"description": "A WAV file, as it is played.", "content": {WAV: {"schema": {"type": "string"}}}}
}
_TOO_LARGE: Answers = {413: {"model": Refused, "description": "The sound is over 2 MB."}}
NameInPath = Annotated[
    str, Path(description="Small letters, digits and dashes. `default` stands before the one that is built in.")
]


class SoundUnusable(BadRequest):
    """What was sent can't be an announcement; the message says why."""


class AnnouncementReply(Reply):
    """An announcement."""

    name: str
    own: bool = Field(description="Whether it is the account's own, rather than built in.")


class AnnouncementPut(AnnouncementReply):
    """An announcement that has just been made of a sound."""

    seconds: float


class AnnouncementPage(Reply):
    """A page of announcements."""

    items: list[AnnouncementReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


@router.get("", summary="List announcements")
async def list_announcements(here: Here, limit: Limit = 50, cursor: Cursor = None) -> AnnouncementPage:
    """Every one that the account can play, by name."""
    found = await asyncio.to_thread(here.administration.announcements.names, here.key)
    page, after = page_of([*found], str, cursor, limit)
    return AnnouncementPage(items=[AnnouncementReply(name=name, own=found[name]) for name in page], next=after)


@router.get("/{name}", summary="Hear an announcement", response_class=Response, responses=_HEARD)
async def get_announcement(here: Here, name: NameInPath) -> Response:
    """As the other side hears it."""
    sound = await asyncio.to_thread(here.administration.announcements.read, here.key, name)
    if sound is None:
        raise NotFound("The account has no such announcement")
    return Response(sound, media_type=WAV)


@router.put("/{name}", summary="Set an announcement", responses=_TOO_LARGE, openapi_extra=_SOUND)
async def put_announcement(request: Request, here: Here, name: NameInPath) -> AnnouncementPut:
    """In place of one of that name. It should say that 1 agrees to being recorded, and 2 refuses. Which one is played,
    the account's recording settings say."""
    if not ANNOUNCEMENT.fullmatch(name):
        raise InvalidMember("name", WANTED[ANNOUNCEMENT.pattern])
    administration = here.administration
    async with administration.uploads.of(here.key):
        sound = await request.body()
        try:
            async with administration.decoding, here.turn():
                seconds = await asyncio.to_thread(administration.announcements.put, here.key, name, sound)
        except AnnouncementError as error:
            said = str(error)
            raise SoundUnusable(said[0].upper() + said[1:]) from None
    here.did("announcement set", name=name)
    return AnnouncementPut(name=name, own=True, seconds=round(seconds, 3))


@router.delete("/{name}", summary="Remove an announcement", status_code=204, responses=IN_USE)
async def delete_announcement(here: Here, name: NameInPath) -> None:
    """One of the account's own; not while its recording settings name it and none that is built in stands behind it."""
    async with here.turn() as account:
        await remove_announcement(here.administration, account, name)
    here.did("announcement removed", name=name)
