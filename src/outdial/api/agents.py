"""Reading agents: one with the call they are in, and who is available for a call."""

from starlette.requests import Request
from starlette.responses import Response

from outdial.api.auth import AGENTS_READ
from outdial.api.bodies import listed_agent, told_agent
from outdial.api.errors import NotFound
from outdial.api.pages import account_url, enter, reply, version_of
from outdial.domain.refusals import GroupIdInvalid, TooManyGroups, WrongType
from outdial.domain.request import GROUP_ID, MOST_GROUPS

AVAILABLE = "readyForPhoneCall"
COUNT = "count"


class AgentNotFound(NotFound):
    """The account has no such agent."""

    text = "Agent not found"


async def read(request: Request) -> Response:
    """GET …/agents/{agentId}"""
    parts, account = await enter(request, AGENTS_READ)
    url, version = account_url(request, parts, account), version_of(request)
    agent_id: str = request.path_params["agent_id"]
    known = agent_id.isascii() and agent_id.isdigit() and len(agent_id) <= 11
    agent = await parts.directory.agent(account, agent_id) if known else None
    if agent is None:
        raise AgentNotFound
    return reply(200, told_agent(agent, url), version)


async def available(request: Request) -> Response:
    """GET …/agents/?availability=readyForPhoneCall&groups=…&fields=count"""
    parts, account = await enter(request, AGENTS_READ)
    url, version = account_url(request, parts, account), version_of(request)
    query = request.query_params
    if query.getlist("availability") != [AVAILABLE]:
        raise WrongType("availability", AVAILABLE)
    if any(field != COUNT for field in query.getlist("fields")):
        raise WrongType("fields", COUNT)
    groups = _groups(query.getlist("groups"))
    agents = await parts.directory.available_agents(account, groups, parts.clock.now())
    return reply(200, {"count": len(agents), "agents": [listed_agent(agent, url) for agent in agents]}, version)


def _groups(lists: list[str]) -> list[str]:
    named = [group.strip() for several in lists for group in several.split(",")]
    groups = list(dict.fromkeys(group for group in named if group))
    if len(groups) > MOST_GROUPS:
        raise TooManyGroups(member="groups")
    if not all(GROUP_ID.fullmatch(group) for group in groups):
        raise GroupIdInvalid(member="groups")
    return groups
