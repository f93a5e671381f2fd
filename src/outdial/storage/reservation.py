"""Reserves agents for a call, each by one statement that nobody can come between, and frees them again.

Which refusal is due is found out only after a reservation has failed. The rule itself is `domain.agents`.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, bindparam, exists, or_, select, true, update

from outdial.calls.ports import Wanted
from outdial.domain import refusals as refused
from outdial.domain.agent_notices import agent_notices
from outdial.domain.call import Call
from outdial.domain.directory import Agent
from outdial.domain.notices import Notice
from outdial.domain.presence import Presence
from outdial.storage.prepared import Prepared
from outdial.storage.records import agent_of
from outdial.storage.tables import agents, groups, members


def free_now(table: FromClause = agents) -> ColumnElement[bool]:
    """`domain.agents.is_free` as a condition, at the parameter `now`."""
    column = table.c
    return and_(
        column.call_id.is_(None),
        column.presence == Presence.READY.value,
        or_(column.wrap_up_until.is_(None), column.wrap_up_until <= bindparam("now")),
    )


def available_now(table: FromClause = agents) -> ColumnElement[bool]:
    """`domain.agents.is_available` as a condition, at the parameter `now`."""
    return and_(free_now(table), or_(table.c.phone_online.is_(None), table.c.phone_online == true()))


def in_groups(table: FromClause = agents) -> ColumnElement[bool]:
    """Whether an agent is in any of the parameter `groups`."""
    return exists().where(
        members.c.account == table.c.account,
        members.c.agent_id == table.c.id,
        members.c.group_id.in_(bindparam("groups", expanding=True)),
    )


_NAMED = Prepared(
    update(agents)
    .where(agents.c.account == bindparam("of"), agents.c.id == bindparam("agent"), free_now())
    .values(call_id=bindparam("call"))
    .returning(agents)
)

_other = agents.alias("candidates")
# The longest idle of all the groups together. Whoever is being reserved by somebody else is passed over, not waited
# for (PostgreSQL; SQLite has one writer): so a choice waits for nobody, and can be part of no deadlock.
_CHOSEN = (
    select(_other.c.id)
    .where(
        _other.c.account == bindparam("of"),
        available_now(_other),
        in_groups(_other),
        _other.c.id.not_in(bindparam("excluded", expanding=True)),
    )
    .order_by(_other.c.idle_since, _other.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_ONE_OF = (
    update(agents)
    .where(agents.c.account == bindparam("of"), agents.c.id == _CHOSEN, agents.c.call_id.is_(None))
    .values(call_id=bindparam("call"))
    .returning(agents)
)

_KNOWN_AGENTS = select(agents.c.id).where(
    agents.c.account == bindparam("of"), agents.c.id.in_(bindparam("asked", expanding=True))
)
_KNOWN_GROUPS = select(groups.c.id).where(
    groups.c.account == bindparam("of"), groups.c.id.in_(bindparam("asked", expanding=True))
)
_FREE = Prepared(
    update(agents)
    .where(
        agents.c.account == bindparam("of"), agents.c.id == bindparam("agent"), agents.c.call_id == bindparam("call")
    )
    # Whoever did not answer goes to the end of the row too: the next caller should reach somebody else.
    .values(call_id=None, wrap_up_until=bindparam("until"), idle_since=bindparam("ended"))
    .returning(agents)
)


def reserve(connection: Connection, wanted: Wanted, now: int) -> tuple[Agent, Agent | None]:
    """The calling and the called agent, both reserved for the call.

    Raises:
        Refusal: one is unknown, or none is free; whatever was reserved goes with the transaction.
    """
    named = [agent for agent in (wanted.agent_id, wanted.called_agent_id) if agent is not None]
    # In order: when A calls B while B calls A, one of the two waits, and holds nothing meanwhile.
    rows = {agent: _reserve_named(connection, wanted, agent, now) for agent in sorted(named)}
    called = rows.get(wanted.called_agent_id or "")
    if wanted.agent_id is not None:
        caller = rows[wanted.agent_id]
    else:
        _check_known(connection, wanted)
        caller = _reserve_one_of(connection, wanted, now)
    if caller is None or (wanted.called_agent_id is not None and called is None):
        _check_known(connection, wanted)
        raise _not_free(wanted, caller)
    return agent_of(caller), agent_of(called) if called else None


def reserved_notices(agent: Agent, called: Agent | None, now: int) -> list[Notice]:
    """What is owed for a reservation that was just made."""
    both = (agent,) if called is None else (agent, called)
    return [notice for each in both for notice in agent_notices(replace(each, call_id=None), each, now)]


def free(connection: Connection, call: Call) -> list[Notice]:
    """End the reservation of everybody in a call that has ended, in whatever wrap-up it leaves them.

    The notices owed for it.
    """
    owed: list[Notice] = []
    ended = call.ended_at or 0
    wrap_up = call.plan.wrap_up_seconds * 1000
    for agent_id, leg in ((call.plan.agent_id, call.agent), (call.plan.called_agent_id, call.party)):
        if agent_id is not None:
            until = ended + wrap_up if leg.answered_at is not None and wrap_up else None
            values = {"of": call.account, "agent": agent_id, "call": call.id, "until": until, "ended": ended}
            for row in _FREE.rows(connection, values):
                after = agent_of(row)
                owed += agent_notices(replace(after, call_id=call.id), after, ended)
    return owed


def _reserve_named(connection: Connection, wanted: Wanted, agent: str, now: int) -> Row[Any] | None:
    values = {"of": wanted.account, "agent": agent, "call": wanted.call_id, "now": now}
    found = _NAMED.rows(connection, values)
    return found[0] if found else None


def _reserve_one_of(connection: Connection, wanted: Wanted, now: int) -> Row[Any] | None:
    excluded = list(wanted.excluded)
    if wanted.called_agent_id is not None:
        excluded.append(wanted.called_agent_id)
    values = {
        "of": wanted.account,
        "call": wanted.call_id,
        "now": now,
        "groups": list(wanted.groups),
        "excluded": excluded,
    }
    return connection.execute(_ONE_OF, values).one_or_none()


def _check_known(connection: Connection, wanted: Wanted) -> None:
    """Refuse in the contract's order: the calling agent, the called agent, the groups."""
    named = [agent for agent in (wanted.agent_id, wanted.called_agent_id) if agent is not None]
    known = _known(connection, _KNOWN_AGENTS, wanted, named) if named else set()
    if wanted.agent_id is not None and wanted.agent_id not in known:
        raise refused.UnknownAgent(member="from.agentId")
    if wanted.called_agent_id is not None and wanted.called_agent_id not in known:
        raise refused.UnknownCalledAgent(member="to.agentId")
    if wanted.agent_id is None and _known(connection, _KNOWN_GROUPS, wanted, wanted.groups) != set(wanted.groups):
        raise refused.UnknownGroup(member="from.groups")


def _known(connection: Connection, statement: Any, wanted: Wanted, asked: Any) -> set[str]:  # noqa: ANN401
    return set(connection.execute(statement, {"of": wanted.account, "asked": list(asked)}).scalars())


def _not_free(wanted: Wanted, caller: Row[Any] | None) -> refused.Refusal:
    if caller is not None:
        return refused.CalledAgentBusy(member="to.agentId")
    if wanted.agent_id is not None:
        return refused.AgentBusy(member="from.agentId")
    return refused.NoAgentAvailable(member="from.groups")
