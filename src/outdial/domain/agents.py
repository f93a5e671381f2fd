"""What state an agent is in, whether they can be called, and who is called first.

The store chooses and reserves in one statement; this is the rule it must agree with.
"""

from enum import IntEnum

from outdial.domain.directory import Agent
from outdial.domain.presence import Presence


class AgentState(IntEnum):
    """States by the numbers other programs know them by."""

    LOGGED_OUT = -16
    WRAPUP = 0
    WRAPUP_TRANSFERRED = 1
    READY = 16
    BUSY_INCOMING = 32
    BUSY_OUTGOING = 33
    BUSY_TRANSFER_IN = 36
    BUSY_INTERNAL = 37
    BUSY_CALLBACK = 41
    AWAY = 48
    BREAK = 49
    COMFORT_BREAK = 50
    EXTENDED_AWAY = 64

    @property
    def word(self) -> str:
        """The state's name as other programs know it."""
        return "XAway" if self is AgentState.EXTENDED_AWAY else self.name.title().replace("_", "")


_BY_PRESENCE = {
    Presence.LOGGED_OUT: AgentState.LOGGED_OUT,
    Presence.READY: AgentState.READY,
    Presence.AWAY: AgentState.AWAY,
    Presence.BREAK: AgentState.BREAK,
    Presence.COMFORT_BREAK: AgentState.COMFORT_BREAK,
    Presence.EXTENDED_AWAY: AgentState.EXTENDED_AWAY,
}


def state_of(agent: Agent, now: int) -> AgentState:
    """An agent's state: a call comes before wrap-up, and wrap-up before what they say of themselves."""
    if agent.call_id is not None:
        return AgentState.BUSY_OUTGOING
    if agent.presence is Presence.READY and wraps_up(agent, now):
        return AgentState.WRAPUP
    return _BY_PRESENCE[agent.presence]


def wraps_up(agent: Agent, now: int) -> bool:
    """Whether the agent still has time to finish the last call."""
    return agent.wrap_up_until is not None and now < agent.wrap_up_until


def is_free(agent: Agent, now: int) -> bool:
    """Whether a call that names the agent may have them: ready, on no call, not wrapping up."""
    return state_of(agent, now) is AgentState.READY


def is_available(agent: Agent, now: int) -> bool:
    """Whether a group may choose the agent: free, and with a phone not known to be away.

    The rule in words of ours. Storage chooses by one statement, which the tests compare with this, and with `rank`.
    """
    return is_free(agent, now) and agent.phone_online is not False


def rank(agent: Agent) -> tuple[int, str]:
    """Who is called first: the longest idle; among equals the smaller id, as text."""
    return agent.idle_since, agent.id
