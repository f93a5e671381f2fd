"""The recordings API: found, read, heard and drawn. Reads requests and writes replies; decides nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from outdial.api import ranges, tickets
from outdial.api.auth import RECORDINGS_LISTEN, RECORDINGS_READ, caller_of, claims_of
from outdial.api.errors import NotFound, Unauthenticated, answer
from outdial.api.manage.times import moment_of
from outdial.api.pages import account_url, enter_as, reply, version_of
from outdial.api.parts import Parts, parts_of
from outdial.api.recording_bodies import detailed, listed
from outdial.calls.recording_library import Audio, Form, Hearing
from outdial.calls.recording_store import RecordingFilter
from outdial.calls.recordings import Damaged, NothingToRead, RecordDamaged, RecordingError
from outdial.domain.moments import told
from outdial.domain.recordings import KeptRecording, UnreadableRecord
from outdial.domain.refusals import BadRequest, Unavailable, WrongType
from outdial.domain.setup import number_of

MOST_ON_A_PAGE = 200
ON_A_PAGE = 50
PEAKS_A_SECOND = 10
MOST_PEAKS_A_SECOND = 100
LONGEST_TEXT = 2_000
LINK_LIFETIME_MS = 3_600_000
PARAMETERS = ("callId", "agent", "group", "number", "reference", "from", "to", "deleted", "limit", "cursor")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
Word = TypeVar("Word", bound=StrEnum)


class RecordingNotFound(NotFound):
    """The account has no such recording."""

    text = "Recording not found"


class LegNotRecorded(NotFound):
    """What is to be heard was not recorded, or is deleted."""


class RecordingUnreadable(Unavailable):
    """The audio can't be read: it is away, or damaged. What is wrong in particular is for the log and the operator."""

    text = "The recording's audio can't be read at present"


class RecordUnreadable(Unavailable):
    """Nothing is known of the recording: its record was damaged. Again, in particular, for the operator."""

    text = "The recording's record can't be read at present"


class UnknownParameter(BadRequest):
    """A search by what can't be searched by would find too much."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown parameter {name[:100]}; there are {', '.join(PARAMETERS)}", member=name[:100])


async def search(request: Request) -> Response:
    """GET …/recordings"""
    parts, account, caller = await enter_as(request, RECORDINGS_READ)
    url, version = account_url(request, parts, account), version_of(request)
    wanted, limit = await _wanted(request, parts, account)
    found = await parts.recordings.search(account, wanted, caller.name)
    page = found[:limit]
    after = page[-1].id if len(found) > limit else None
    readable = [listed(kept, url) for kept in page if isinstance(kept, KeptRecording)]
    unreadable = [each.id for each in page if isinstance(each, UnreadableRecord)]
    # Only where there is one, which should never be.
    named = {"unreadable": unreadable} if unreadable else {}
    return reply(200, {"recordings": readable, "next": after, **named}, version)


async def read(request: Request) -> Response:
    """GET …/recordings/{id}"""
    parts, account, caller = await enter_as(request, RECORDINGS_READ)
    url, version = account_url(request, parts, account), version_of(request)
    kept = await _found(parts, account, _id(request), caller.name)
    return reply(200, detailed(kept, url), version)


async def audio(request: Request) -> Response:
    """GET …/recordings/{id}/audio: all of it, or a stretch."""
    parts, account, who = await _listener(request)
    query = request.query_params
    hearing, form = _word(query.get("leg"), "leg", Hearing), _word(query.get("format"), "format", Form) or Form.WAV
    asked = "HEAD" if request.method == "HEAD" else request.headers.get("range", "all")[:100]
    try:
        found = await parts.recordings.audio(account, _id(request), hearing, form, who, asked)
    except RecordingError as error:
        raise refusal_of(error) from error
    if found is None:
        raise RecordingNotFound
    return await _file(request, found)


async def link(request: Request) -> Response:
    """POST …/recordings/{id}/links: an address for a player that can't send a token."""
    parts, account, caller = await enter_as(request, RECORDINGS_LISTEN)
    url, version, recording_id = account_url(request, parts, account), version_of(request), _id(request)
    await _found(parts, account, recording_id, caller.name)
    claims = claims_of(parts, request.headers.get("authorization"))
    expires_at = parts.clock.now() + LINK_LIFETIME_MS
    ticket = tickets.issue(parts.token_key, claims, f"{account}/{recording_id}", expires_at)
    href = f"{url}/recordings/{recording_id}/audio?ticket={ticket}"
    return reply(201, {"href": href, "expiresAt": told(expires_at)}, version, PRIVATE)


async def peaks(request: Request) -> Response:
    """GET …/recordings/{id}/peaks"""
    parts, account, caller = await enter_as(request, RECORDINGS_LISTEN)
    version, hearing = version_of(request), _word(request.query_params.get("leg"), "leg", Hearing)
    per_second = _number(request, "perSecond", PEAKS_A_SECOND, MOST_PEAKS_A_SECOND)
    try:
        found = await parts.recordings.peaks(account, _id(request), hearing, per_second, caller.name)
    except RecordingError as error:
        raise refusal_of(error) from error
    if found is None:
        raise RecordingNotFound
    return await asyncio.to_thread(reply, 200, found, version, PRIVATE)


async def _found(parts: Parts, account: str, recording_id: str, who: str) -> KeptRecording:
    try:
        kept = await parts.recordings.find(account, recording_id, who)
    except RecordingError as error:
        raise refusal_of(error) from error
    if kept is None:
        raise RecordingNotFound
    return kept


async def _listener(request: Request) -> tuple[Parts, str, str]:
    """Who wants to listen: whoever has a token, or a ticket for this one recording.

    Raises:
        Unauthenticated, Forbidden, NotFound: as `enter`.
    """
    ticket = request.query_params.get("ticket")
    if ticket is None:
        parts, account, caller = await enter_as(request, RECORDINGS_LISTEN)
        return parts, account, caller.name
    parts, account = parts_of(request), str(request.path_params["account"])
    try:
        claims = tickets.read(parts.token_key, ticket, f"{account}/{_id(request)}", parts.clock.now())
    except tickets.InvalidTicket:
        raise Unauthenticated from None
    caller = await caller_of(parts, claims)
    caller.check(RECORDINGS_LISTEN, account)
    return parts, account, f"{caller.name}, by a link"


async def _file(request: Request, audio: Audio) -> Response:
    etag = f'"{audio.etag}"'
    try:
        stretch = ranges.asked(request.headers, audio.size, etag)
    except ranges.NotSatisfiable:
        refusal = answer(BadRequest("The range lies beyond the end of the file"))
        headers = {"Content-Range": f"bytes */{audio.size}", "Accept-Ranges": "bytes"}
        return Response(refusal.body, 416, headers, refusal.media_type)
    whole = ranges.Stretch(0, audio.size, audio.size)
    part = stretch or whole
    disposition = "attachment" if request.query_params.get("download") in ("true", "1") else "inline"
    headers = {
        **PRIVATE,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Length": str(part.stop - part.start),
        "Content-Disposition": f'{disposition}; filename="{audio.file_name}"',
    }
    if stretch is not None:
        headers["Content-Range"] = stretch.content_range
    status = 200 if stretch is None else 206
    if request.method == "HEAD":
        return Response(None, status, headers, audio.media_type)
    return StreamingResponse(await begun(audio.read(part.start, part.stop)), status, headers, audio.media_type)


async def begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first one read already: what can't be read is refused before an answer has begun."""
    try:
        first = await anext(pieces, b"")
    except RecordingError as error:
        raise refusal_of(error) from error

    async def all_of_it() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_it()


def refusal_of(error: RecordingError) -> LegNotRecorded | RecordingUnreadable | RecordUnreadable:
    """What is said of audio that can't be read, to whoever asked; the rest is for the log."""
    if isinstance(error, NothingToRead):
        said = str(error)
        return LegNotRecorded(said[0].upper() + said[1:])
    structlog.get_logger().error("recording unreadable", damaged=isinstance(error, Damaged), error=str(error))
    return RecordUnreadable() if isinstance(error, RecordDamaged) else RecordingUnreadable()


async def _wanted(request: Request, parts: Parts, account: str) -> tuple[RecordingFilter, int]:
    """What a search asks for; one more than the page, to know whether there is another."""
    query = request.query_params
    for name in query:
        if name not in PARAMETERS:
            raise UnknownParameter(name)
    texts = {name: _text(query.get(name), name) for name in PARAMETERS[:5]}
    limit = _number(request, "limit", ON_A_PAGE, MOST_ON_A_PAGE)
    wanted = RecordingFilter(
        call_id=texts["callId"],
        agent_id=texts["agent"],
        group_id=texts["group"],
        number=await _e164(texts["number"], parts, account),
        reference=texts["reference"],
        started_from=_moment(query.get("from"), "from"),
        started_to=_moment(query.get("to"), "to"),
        deleted=_truth(query.get("deleted"), "deleted"),
        before=_cursor(query.get("cursor")),
        limit=limit + 1,
    )
    return wanted, limit


async def _e164(number: str | None, parts: Parts, account: str) -> str | None:
    if number is None:
        return None
    found = await parts.directory.account(account)
    return number_of(number, found.home_country if found else "", "number")


def _id(request: Request) -> str:
    """The id in the path; what can't be one is not looked for."""
    recording_id: str = request.path_params["recording_id"]
    if not _UUID.fullmatch(recording_id):
        raise RecordingNotFound
    return recording_id


def _word(text: str | None, member: str, words: type[Word]) -> Word | None:
    if text is None:
        return None
    if text not in set(words):
        raise WrongType(member, f"one of {', '.join(words)}")
    return words(text)


def _text(text: str | None, member: str) -> str | None:
    if text is not None and (not text or len(text) > LONGEST_TEXT or not text.isprintable()):
        raise WrongType(member, f"1 to {LONGEST_TEXT} characters")
    return text


def _moment(text: str | None, member: str) -> int | None:
    return None if text is None else moment_of(text, member)


def _truth(text: str | None, member: str) -> bool:
    if text not in (None, "true", "false"):
        raise WrongType(member, "true or false")
    return text == "true"


def _cursor(text: str | None) -> str | None:
    if text is not None and not _UUID.fullmatch(text):
        raise WrongType("cursor", "the next of an earlier page")
    return text


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise WrongType(name, f"a whole number from 1 to {most}")
    return int(text)
