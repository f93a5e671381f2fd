"""Finding calls by what is known of them. Placing and hanging up is the Calls API's."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from outdial.api.errors import NotFound
from outdial.api.manage.call_models import CallDetail, CallPage, CallReply
from outdial.api.manage.here import Here, Within
from outdial.api.manage.kinds import WANTED, WANTED_CURSOR
from outdial.api.manage.paging import MOST
from outdial.api.manage.route import ManageRoute
from outdial.api.manage.times import moment_of
from outdial.calls.directory import CallFilter
from outdial.domain.call import Call
from outdial.domain.setup import InvalidMember, number_of

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/calls", tags=["Call log"])
_AGENT, _TEXT, _CURSOR = "^[0-9]{1,11}$", "^[!-~]{1,2000}$", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
WANTED |= {_AGENT: "1 to 11 digits", _TEXT: "1 to 2000 printable ASCII characters without blanks"}

CallInPath = Annotated[str, Path(alias="callId", description="The call's id.")]
_MOMENT: dict[str, JsonValue] = {"format": "date-time"}


class CallQuery(BaseModel):
    """What is known of the calls that are looked for; whatever is given must match."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    agent_id: str | None = Field(default=None, pattern=_AGENT, description="An agent on either side.")
    reference: str | None = Field(default=None, pattern=_TEXT, description="What it was placed with, exactly.")
    number: str | None = Field(
        default=None, max_length=30, description="The number dialled, as people write it in the account's country."
    )
    live: bool | None = Field(default=None, description="Only calls that live, or only calls that have ended.")
    since: str | None = Field(
        default=None, alias="from", max_length=40, description="Placed then or later.", json_schema_extra=_MOMENT
    )
    to: str | None = Field(default=None, max_length=40, description="Placed before then.", json_schema_extra=_MOMENT)
    limit: int = Field(default=50, ge=1, le=MOST, description="How many at most.")
    cursor: str | None = Field(
        default=None, pattern=_CURSOR, description="`next` of the page before; without it, the first page."
    )


@router.get("", summary="Find calls")
async def list_calls(here: Here, query: Annotated[CallQuery, Query()]) -> CallPage:
    """Newest first."""
    if query.cursor is not None and await here.parts.call_log.find(here.key, query.cursor) is None:
        raise InvalidMember("cursor", WANTED_CURSOR)
    found = await here.parts.call_log.search(here.key, _filter(query, here.account.home_country))
    page = found[: query.limit]
    after = page[-1].id if len(found) > query.limit else None
    return CallPage(items=[CallReply.of(call) for call in page], next=after)


@router.get("/{callId}", summary="Read a call with everything")
async def get_call(here: Here, call_id: CallInPath) -> CallDetail:
    """Both legs, and why everything was decided as it was."""
    return CallDetail.told(await _call(here, call_id))


def _filter(query: CallQuery, country: str) -> CallFilter:
    """One more than the page is asked for, to know whether there is another."""
    return CallFilter(
        agent_id=query.agent_id,
        reference=query.reference,
        number=None if query.number is None else number_of(query.number, country, "number"),
        live=query.live,
        created_from=None if query.since is None else moment_of(query.since, "from"),
        created_to=None if query.to is None else moment_of(query.to, "to"),
        before=query.cursor,
        limit=query.limit + 1,
    )


async def _call(here: Within, call_id: str) -> Call:
    known = call_id.isascii() and call_id.isprintable() and len(call_id) <= 64
    call = await here.parts.call_log.find(here.key, call_id) if known else None
    if call is None:
        raise NotFound("The account has no such call")
    return call
