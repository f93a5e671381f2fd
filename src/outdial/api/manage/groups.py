"""Groups and who is in them."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response

from outdial.api.errors import NotFound
from outdial.api.manage.agents import AgentInPath
from outdial.api.manage.answers import CREATED, EXISTS
from outdial.api.manage.group_models import GroupChange, GroupPage, GroupReply, MemberPage, NewGroup
from outdial.api.manage.here import Here, Within
from outdial.api.manage.kinds import is_id
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.route import ManageRoute
from outdial.domain.directory import Group

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/groups", tags=["Groups"])
GroupInPath = Annotated[str, Path(alias="groupId", description="The group's id; case matters.", examples=["030"])]


@router.get("", summary="List groups")
async def list_groups(here: Here, limit: Limit = 50, cursor: Cursor = None) -> GroupPage:
    """By id."""
    found = await here.administration.directory.groups(here.key)
    page, after = page_of(found, lambda group: group.id, cursor, limit)
    return GroupPage(items=[_told(group) for group in page], next=after)


@router.post("", summary="Add a group", status_code=201, responses=CREATED | EXISTS)
async def post_group(body: NewGroup, here: Here, response: Response) -> GroupReply:
    """Nobody is in it yet."""
    group = Group(here.key, body.id, body.name)
    await here.administration.directory.add_group(group)
    here.did("group added", group=group.id)
    here.created(response, "accounts", here.key, "groups", group.id)
    return _told(group)


@router.get("/{groupId}", summary="Read a group")
async def get_group(here: Here, group_id: GroupInPath) -> GroupReply:
    """Who is in it is a list of its own."""
    return _told(await _group(here, group_id))


@router.patch("/{groupId}", summary="Change a group")
async def patch_group(body: GroupChange, here: Here, group_id: GroupInPath) -> GroupReply:
    """Its name; an id never changes."""
    changes = body.model_dump(exclude_unset=True)
    async with here.turn():
        group = replace(await _group(here, group_id), **changes)
        await here.administration.directory.change_group(group)
    here.did("group changed", list(changes), group=group.id)
    return _told(group)


@router.delete("/{groupId}", summary="Remove a group", status_code=204)
async def delete_group(here: Here, group_id: GroupInPath) -> None:
    """Its members stay agents. Calls that were placed with it go on."""
    group = await _group(here, group_id)
    await here.administration.directory.remove_group(here.key, group.id)
    here.did("group removed", group=group.id)


@router.get("/{groupId}/members", summary="List a group's members")
async def list_members(here: Here, group_id: GroupInPath, limit: Limit = 50, cursor: Cursor = None) -> MemberPage:
    """Ids of agents, as text."""
    group = await _group(here, group_id)
    found = await here.administration.directory.members(here.key, group.id)
    page, after = page_of(found, str, cursor, limit)
    return MemberPage(items=list(page), next=after)


@router.put("/{groupId}/members/{agentId}", summary="Put an agent into a group", status_code=204)
async def put_member(here: Here, group_id: GroupInPath, agent_id: AgentInPath) -> None:
    """Doing so twice is no error."""
    group = await _group(here, group_id)
    if not agent_id.isalnum() or await here.administration.directory.agent(here.key, agent_id) is None:
        raise NotFound("The account has no such agent")
    await here.administration.directory.add_member(here.key, group.id, agent_id)
    here.did("group's member added", group=group.id, agent=agent_id)


@router.delete("/{groupId}/members/{agentId}", summary="Take an agent out of a group", status_code=204)
async def delete_member(here: Here, group_id: GroupInPath, agent_id: AgentInPath) -> None:
    """404 where the agent is not in it."""
    group = await _group(here, group_id)
    if agent_id not in await here.administration.directory.members(here.key, group.id):
        raise NotFound("The group has no such member")
    await here.administration.directory.remove_member(here.key, group.id, agent_id)
    here.did("group's member removed", group=group.id, agent=agent_id)


async def _group(here: Within, group_id: str) -> Group:
    group = await here.administration.directory.group(here.key, group_id) if is_id(group_id) else None
    if group is None:
        raise NotFound("The account has no such group")
    return group


def _told(group: Group) -> GroupReply:
    return GroupReply(id=group.id, name=group.name)
