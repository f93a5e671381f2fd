"""Removes an agent and the phone on the switch; not while the agent is on a call."""

from outdial.calls.administration import Administration
from outdial.calls.directory import InUse
from outdial.domain.directory import Agent


async def remove_agent(administration: Administration, agent: Agent) -> None:
    """The agent is gone, and the phone can't register any more.

    Raises:
        InUse: the agent is on a call.
        Unknown: the agent is gone already.
    """
    if agent.call_id is not None:
        raise InUse(f"Agent {agent.id} is on a call")
    await administration.directory.remove_agent(agent.account, agent.id)
    await administration.phones.withdraw_agent(agent)
