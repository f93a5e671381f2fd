"""Agents in the database, with the groups they are in. Functions of a connection.

Reservation is elsewhere; nothing here may touch it.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, case, exists, select, update

from outdial.calls.directory import InUse
from outdial.domain.agent_notices import agent_notices, wrap_up_ended
from outdial.domain.agents import AgentState, state_of
from outdial.domain.directory import Agent
from outdial.domain.presence import Presence
from outdial.storage import rows
from outdial.storage.outbox import add_notices
from outdial.storage.records import agent_of, agent_values
from outdial.storage.reservation import available_now, in_groups
from outdial.storage.tables import agents, members

_OWN_STATEMENTS = ("account", "id", "presence", "call_id", "wrap_up_until", "phone_online", "idle_since")
"""What `change` leaves alone."""
_IN_ANY_GROUP = exists().where(members.c.account == agents.c.account, members.c.agent_id == agents.c.id)
_AVAILABLE = (
    select(agents)
    .where(agents.c.account == bindparam("of"), available_now())
    .order_by(agents.c.idle_since, agents.c.id)
)
_READY = Presence.READY.value


def every(connection: Connection, account: str | None) -> list[Agent]:
    """An account's agents, or those of all accounts."""
    where = {} if account is None else {"account": account}
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows.all_of(connection, members, **where):
        groups.setdefault((row.account, row.agent_id), []).append(row.group_id)
    found = rows.all_of(connection, agents, **where)
    return [agent_of(row, tuple(groups.get((row.account, row.id), ()))) for row in found]


def find(connection: Connection, account: str, agent_id: str) -> Agent | None:
    """One agent."""
    row = rows.one_of(connection, agents, account=account, id=agent_id)
    return None if row is None else agent_of(row, _groups_of(connection, account, agent_id))


def available(connection: Connection, account: str, groups: Sequence[str], now: int) -> list[Agent]:
    """Who could be chosen now, longest idle first, from the groups, or from any where none is named.

    Without the groups they are in: nobody asks for them here, and there may be thousands of agents.
    """
    values = {"of": account, "now": now, **({"groups": list(groups)} if groups else {})}
    found = connection.execute(_AVAILABLE.where(in_groups() if groups else _IN_ANY_GROUP), values).all()
    return [agent_of(row) for row in found]


def add(connection: Connection, agent: Agent) -> None:
    """Add an agent, a member of its groups at once."""
    rows.add(connection, agents, agent_values(agent), f"agent {agent.id}")
    for group in agent.groups:
        join(connection, agent.account, group, agent.id)


def change(connection: Connection, agent: Agent) -> None:
    """Change whatever has no statement of its own."""
    values = {name: value for name, value in agent_values(agent).items() if name not in _OWN_STATEMENTS}
    # What is known of a phone says nothing of another one that takes its place.
    same_phone = agents.c.sip_user.is_not_distinct_from(agent.sip_user)
    values["phone_online"] = case((same_phone, agents.c.phone_online), else_=None)
    rows.change(connection, agents, values, f"agent {agent.id}", account=agent.account, id=agent.id)


def remove(connection: Connection, account: str, agent_id: str) -> None:
    """Remove an agent who is on no call."""
    busy = select(agents.c.call_id).where(agents.c.account == account, agents.c.id == agent_id)
    if connection.execute(busy).scalar() is not None:
        raise InUse(f"agent {agent_id} is on a call")
    rows.remove(connection, agents, f"agent {agent_id}", account=account, id=agent_id)


def set_presence(connection: Connection, account: str, agent_id: str, presence: Presence, now: int) -> None:
    """Going ready ends a wrap-up; the idle time starts anew only for who was not ready before. Noted."""
    before = rows.one_of(connection, agents, account=account, id=agent_id)
    values: dict[str, object] = {"presence": presence.value}
    if presence is Presence.READY:
        values["wrap_up_until"] = None
        values["idle_since"] = case((agents.c.presence == _READY, agents.c.idle_since), else_=now)
    rows.change(connection, agents, values, f"agent {agent_id}", account=account, id=agent_id)
    after = rows.one_of(connection, agents, account=account, id=agent_id)
    add_notices(connection, agent_notices(agent_of(before), agent_of(after), now))


def account_of_phone(connection: Connection, sip_user: str) -> str | None:
    """Whose phone registers under a name; none where it is nobody's."""
    found: str | None = connection.execute(select(agents.c.account).where(agents.c.sip_user == sip_user)).scalar()
    return found


def set_phone_online(connection: Connection, sip_user: str, online: bool, now: int) -> None:
    """Whether the phone that registers under a name is there. Noted where it is new; quiet where it is nobody's."""
    row = rows.one_of(connection, agents, sip_user=sip_user)
    if row is None or row.phone_online is online:
        return
    connection.execute(update(agents).where(agents.c.sip_user == sip_user).values(phone_online=online))
    agent = agent_of(row)
    add_notices(connection, agent_notices(agent, replace(agent, phone_online=online), now))


def wrapped_up(connection: Connection, now: int, limit: int) -> list[tuple[str, str]]:
    """Agents whose time to wrap up is over, by account and id."""
    found = select(agents.c.account, agents.c.id).where(agents.c.wrap_up_until <= now)
    return [(row.account, row.id) for row in connection.execute(found.order_by(agents.c.wrap_up_until).limit(limit))]


def end_wrap_up(connection: Connection, account: str, agent_id: str, now: int) -> None:
    """End a wrap-up whose time is over. Noted where that makes the agent ready."""
    over = (agents.c.account == account) & (agents.c.id == agent_id) & (agents.c.wrap_up_until <= now)
    row = connection.execute(update(agents).where(over).values(wrap_up_until=None).returning(agents)).one_or_none()
    if row is not None and state_of(agent := agent_of(row), now) is AgentState.READY:
        add_notices(connection, [wrap_up_ended(agent, now)])


def join(connection: Connection, account: str, group_id: str, agent_id: str) -> None:
    """Make an agent a member of a group, unless they are one."""
    row = {"account": account, "group_id": group_id, "agent_id": agent_id}
    if rows.one_of(connection, members, **row) is None:
        rows.add(connection, members, row, f"agent {agent_id} in group {group_id}")


def _groups_of(connection: Connection, account: str, agent_id: str) -> tuple[str, ...]:
    found = select(members.c.group_id).where(members.c.account == account, members.c.agent_id == agent_id)
    return tuple(connection.execute(found.order_by(members.c.group_id)).scalars())
