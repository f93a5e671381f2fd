"""Trunks: the carriers that calls go out through. The switch is told of each change at once."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response

from outdial.api.errors import NotFound
from outdial.api.manage.answers import CREATED, EXISTS, IN_USE
from outdial.api.manage.here import Here, Within
from outdial.api.manage.kinds import is_id
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.route import ManageRoute
from outdial.api.manage.trunk_models import NewTrunk, TrunkChange, TrunkPage, TrunkReply, trunk_reply
from outdial.calls.change_trunk import add_trunk, change_trunk
from outdial.calls.remove_trunk import remove_trunk
from outdial.domain.directory import Trunk

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/trunks", tags=["Trunks"])
PLAIN_PREFIXES = ("+", "", "00", "011")
"""They only say that a country code follows. Any other could make another number of it, past the guard against toll
fraud, so that an operator must vouch for it."""
TrunkInPath = Annotated[str, Path(alias="trunkId", description="The trunk's id; case matters.", examples=["carrier"])]


@router.get("", summary="List trunks")
async def list_trunks(here: Here, limit: Limit = 50, cursor: Cursor = None) -> TrunkPage:
    """By id; which of them is tried first, `priority` says."""
    found = await here.administration.directory.trunks(here.key)
    page, after = page_of(found, lambda trunk: trunk.id, cursor, limit)
    return TrunkPage(items=[_told(here, trunk) for trunk in page], next=after)


@router.post("", summary="Add a trunk", status_code=201, responses=CREATED | EXISTS)
async def post_trunk(body: NewTrunk, here: Here, response: Response) -> TrunkReply:
    """It can carry calls from now on. Only an operator gives it a `numberPrefix` but `+`, `00`, `011` or none."""
    plain = Trunk(here.key, body.id, body.host)
    trunk = replace(plain, **body.changes())
    _check_prefix(here, plain, trunk)
    async with here.turn():
        await add_trunk(here.administration, trunk)
    here.did("trunk added", trunk=trunk.id)
    here.created(response, "accounts", here.key, "trunks", trunk.id)
    return _told(here, trunk)


@router.get("/{trunkId}", summary="Read a trunk")
async def get_trunk(here: Here, trunk_id: TrunkInPath) -> TrunkReply:
    """Its password is never shown."""
    return _told(here, await _trunk(here, trunk_id))


@router.patch("/{trunkId}", summary="Change a trunk")
async def patch_trunk(body: TrunkChange, here: Here, trunk_id: TrunkInPath) -> TrunkReply:
    """Members that are sent change, the others stay. Live calls keep the channels they have. Only an operator gives it
    a `numberPrefix` other than `+`, `00`, `011` or none."""
    async with here.turn():
        before = await _trunk(here, trunk_id)
        after = replace(before, **body.changes())
        _check_prefix(here, before, after)
        await change_trunk(here.administration, before, after)
    here.did("trunk changed", list(body.model_fields_set), trunk=trunk_id)
    return _told(here, after)


@router.delete("/{trunkId}", summary="Remove a trunk", status_code=204, responses=IN_USE)
async def delete_trunk(here: Here, trunk_id: TrunkInPath) -> None:
    """Not while it carries live calls."""
    async with here.turn():
        await remove_trunk(here.administration, await _trunk(here, trunk_id))
    here.did("trunk removed", trunk=trunk_id)


def _check_prefix(here: Within, before: Trunk, after: Trunk) -> None:
    if after.number_prefix not in (before.number_prefix, *PLAIN_PREFIXES):
        here.must_be_operator("give a trunk a number prefix of its own")


def _told(here: Within, trunk: Trunk) -> TrunkReply:
    return trunk_reply(trunk, here.administration.phones.reach(trunk.account, trunk.id))


async def _trunk(here: Within, trunk_id: str) -> Trunk:
    trunk = await here.administration.directory.trunk(here.key, trunk_id) if is_id(trunk_id) else None
    if trunk is None:
        raise NotFound("The account has no such trunk")
    return trunk
