"""Agents, their phones and what they say of themselves. The switch is told of each phone at once."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response

from outdial.api.errors import NotFound
from outdial.api.manage.agent_models import (
    AgentChange,
    AgentPage,
    AgentReply,
    AgentWithPassword,
    NewAgent,
    PasswordBody,
    PhonePassword,
    PresenceBody,
)
from outdial.api.manage.answers import CREATED, EXISTS, IN_USE
from outdial.api.manage.here import Here, Within
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.route import ManageRoute
from outdial.calls.add_agent import add_agent
from outdial.calls.change_agent import change_agent
from outdial.calls.remove_agent import remove_agent
from outdial.calls.renew_phone_password import renew_phone_password
from outdial.domain.directory import Agent
from outdial.domain.phones import REALM
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.presence import Presence
from outdial.domain.setup import WantedPhone

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/agents", tags=["Agents"])
AgentInPath = Annotated[str, Path(alias="agentId", description="The agent's id.", examples=["1234"])]
_NO_PHONE = Phone(PhoneKind.SIP, "")


@router.get("", summary="List agents")
async def list_agents(here: Here, limit: Limit = 50, cursor: Cursor = None) -> AgentPage:
    """By id, as text, each with their present state."""
    found = await here.administration.directory.agents(here.key)
    page, after = page_of(found, lambda agent: agent.id, cursor, limit)
    return AgentPage(items=[_told(agent, here) for agent in page], next=after)


@router.post("", summary="Add an agent", status_code=201, responses=CREATED | EXISTS)
async def post_agent(body: NewAgent, here: Here, response: Response) -> AgentWithPassword:
    """The reply holds the phone's password, which is not shown again."""
    wanted = body.phone.wanted() if "phone" in body.model_fields_set else WantedPhone(PhoneKind.SIP)
    agent = Agent(here.key, body.id, body.name, _NO_PHONE, caller_id=body.caller_id, presence=Presence(body.presence))
    async with here.turn() as account:
        agent, password = await add_agent(here.administration, account, agent, wanted)
    here.did("agent added", agent=agent.id)
    here.created(response, "accounts", here.key, "agents", agent.id)
    return _told_with_password(agent, here, password)


@router.get("/{agentId}", summary="Read an agent")
async def get_agent(here: Here, agent_id: AgentInPath) -> AgentReply:
    """With their present state, by number and by word."""
    return _told(await _agent(here, agent_id), here)


@router.patch("/{agentId}", summary="Change an agent")
async def patch_agent(body: AgentChange, here: Here, agent_id: AgentInPath) -> AgentWithPassword:
    """Members that are sent change, the others stay; a phone is replaced as a whole. A call that is under way keeps
    the phone it began on."""
    async with here.turn() as account:
        before = await _agent(here, agent_id)
        wanted = body.phone.wanted() if "phone" in body.model_fields_set else None
        changed = replace(before, **body.changes())
        after, password = await change_agent(here.administration, account, before, changed, wanted)
        after = await _agent(here, agent_id)
    here.did("agent changed", list(body.model_fields_set), agent=agent_id)
    return _told_with_password(after, here, password)


@router.delete("/{agentId}", summary="Remove an agent", status_code=204, responses=IN_USE)
async def delete_agent(here: Here, agent_id: AgentInPath) -> None:
    """Not while the agent is on a call."""
    async with here.turn():
        await remove_agent(here.administration, await _agent(here, agent_id))
    here.did("agent removed", agent=agent_id)


@router.put("/{agentId}/presence", summary="Say whether an agent is there")
async def put_presence(body: PresenceBody, here: Here, agent_id: AgentInPath) -> AgentReply:
    """Only agents who are `Ready` are called. Going ready ends a wrap-up."""
    agent = await _agent(here, agent_id)
    await here.administration.directory.set_presence(here.key, agent.id, Presence(body.presence), here.now)
    here.did("agent's presence set", agent=agent.id, presence=body.presence)
    return _told(await _agent(here, agent_id), here)


@router.post("/{agentId}/phone-password", summary="Replace a phone's password", status_code=201)
async def post_password(body: PasswordBody, here: Here, agent_id: AgentInPath) -> PhonePassword:
    """The phone can't register with the old one any more. The new one is not shown again."""
    async with here.turn():
        agent = await _agent(here, agent_id)
        password = await renew_phone_password(here.administration, agent, body.password)
    here.did("agent's phone secret replaced", agent=agent.id)
    return PhonePassword(user=agent.sip_user or "", realm=REALM, password=password)


async def _agent(here: Within, agent_id: str) -> Agent:
    known = agent_id.isascii() and agent_id.isdigit() and len(agent_id) <= 11
    agent = await here.administration.directory.agent(here.key, agent_id) if known else None
    if agent is None:
        raise NotFound("The account has no such agent")
    return agent


def _told(agent: Agent, here: Within) -> AgentReply:
    return AgentReply.of(agent, here.now, here.parts.phones.registrar)


def _told_with_password(agent: Agent, here: Within, password: str | None) -> AgentWithPassword:
    return AgentWithPassword.of(agent, here.now, here.parts.phones.registrar, phone_password=password)
