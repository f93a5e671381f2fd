"""Caller ids: the numbers an account may present. Whose a number is, an operator has checked who adds it."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from outdial.api.errors import NotFound
from outdial.api.manage.answers import CREATED, EXISTS, IN_USE
from outdial.api.manage.here import Here, Within
from outdial.api.manage.kinds import Body, Name, Number, Reply
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.route import ManageRoute
from outdial.calls.remove_caller_id import remove_caller_id
from outdial.domain.directory import CallerIdNumber
from outdial.domain.setup import InvalidMember, number_of

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/caller-ids", tags=["Caller ids"])
NumberInPath = Annotated[str, Path(description="The number, in E.164.", examples=["+442079460100"])]


class CallerIdChange(Body):
    """What may be changed of a caller id."""

    name: Annotated[Name | None, Field(description="Shown with the number, where carriers pass it on.")] = None


class NewCallerId(CallerIdChange):
    """A number that an account may present from now on."""

    number: Number


class CallerIdReply(Reply):
    """A number that an account may present."""

    number: str = Field(description="In E.164.")
    name: str | None


class CallerIdPage(Reply):
    """A page of caller ids."""

    items: list[CallerIdReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


@router.get("", summary="List caller ids")
async def list_caller_ids(here: Here, limit: Limit = 50, cursor: Cursor = None) -> CallerIdPage:
    """By number."""
    found = await here.administration.directory.caller_ids(here.key)
    page, after = page_of(found, lambda caller_id: caller_id.number, cursor, limit)
    return CallerIdPage(items=[_told(caller_id) for caller_id in page], next=after)


@router.post("", summary="Add a caller id", status_code=201, responses=CREATED | EXISTS)
async def post_caller_id(body: NewCallerId, here: Here, response: Response) -> CallerIdReply:
    """Whoever adds a number says that it is the account's to present: an operator, unless the account may present
    any number anyway."""
    _must_vouch(here)
    number = number_of(body.number, here.account.home_country, "number")
    caller_id = CallerIdNumber(here.key, number, body.name)
    await here.administration.directory.add_caller_id(caller_id)
    here.did("caller id added", number=number)
    here.created(response, "accounts", here.key, "caller-ids", number)
    return _told(caller_id)


@router.get("/{number}", summary="Read a caller id")
async def get_caller_id(here: Here, number: NumberInPath) -> CallerIdReply:
    """The number and the name shown with it."""
    return _told(await _caller_id(here, number))


@router.patch("/{number}", summary="Change a caller id")
async def patch_caller_id(body: CallerIdChange, here: Here, number: NumberInPath) -> CallerIdReply:
    """The name shown with it. By whoever may add one."""
    async with here.turn():
        caller_id = await _caller_id(here, number)
        _must_vouch(here)
        if "name" in body.model_fields_set:
            caller_id = CallerIdNumber(here.key, caller_id.number, body.name)
            await here.administration.directory.change_caller_id(caller_id)
    here.did("caller id changed", list(body.model_fields_set), number=caller_id.number)
    return _told(caller_id)


@router.delete("/{number}", summary="Remove a caller id", status_code=204, responses=IN_USE)
async def delete_caller_id(here: Here, number: NumberInPath) -> None:
    """Not while the account or an agent presents it by default."""
    async with here.turn() as account:
        found = await _caller_id(here, number)
        await remove_caller_id(here.administration, account, found.number)
    here.did("caller id removed", number=found.number)


async def _caller_id(here: Within, number: str) -> CallerIdNumber:
    try:
        wanted = number_of(number, here.account.home_country, "number")
    except InvalidMember:
        wanted = None
    for caller_id in await here.administration.directory.caller_ids(here.key):
        if caller_id.number == wanted:
            return caller_id
    raise NotFound("The account has no such caller id")


def _must_vouch(here: Within) -> None:
    if not here.account.any_caller_id:
        here.must_be_operator("say which numbers are the account's")


def _told(caller_id: CallerIdNumber) -> CallerIdReply:
    return CallerIdReply(number=caller_id.number, name=caller_id.name)
