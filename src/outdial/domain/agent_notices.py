"""What other programs are told of an agent: one notice for each thing that became true between two of their records.

Pure. Whoever changes an agent adds these to the outbox in the same commit.
"""

from typing import Any

from outdial.domain.agents import state_of
from outdial.domain.directory import Agent
from outdial.domain.notices import Notice


def agent_notices(before: Agent, after: Agent, now: int) -> tuple[Notice, ...]:
    """The notices owed for a change of an agent's presence, phone or state, in this order."""
    types = []
    if after.presence is not before.presence:
        types.append("agent.presence.changed.v1")
    if after.phone_online is not before.phone_online and after.phone_online is not None:
        types.append("agent.phone.online.v1" if after.phone_online else "agent.phone.offline.v1")
    if _told(before, now) != _told(after, now):
        types.append("agent.state.changed.v1")
    if not types:
        return ()
    data = agent_data(after, now)
    return tuple(Notice(name, after.account, after.call_id, now, data) for name in types)


def wrap_up_ended(agent: Agent, now: int) -> Notice:
    """The notice that an agent has had their time to wrap up. The record was the same before: only time has passed."""
    return Notice("agent.state.changed.v1", agent.account, agent.call_id, now, agent_data(agent, now))


def agent_data(agent: Agent, now: int) -> dict[str, Any]:
    """What is told of an agent, whatever has just become of them."""
    state = state_of(agent, now)
    return {
        "agentId": agent.id,
        "name": agent.name,
        "presence": agent.presence.value,
        "state": state.word,
        "stateCode": state.value,
        "phoneOnline": agent.phone_online,
        "callId": agent.call_id,
        "wrapUpUntil": agent.wrap_up_until,
    }


def _told(agent: Agent, now: int) -> tuple[object, ...]:
    return state_of(agent, now), agent.call_id
