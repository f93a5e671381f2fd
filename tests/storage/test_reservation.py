"""Who is reserved: the same rule as the domain's, in the contract's order, and fair over all groups."""

import asyncio
from dataclasses import replace
from itertools import product

from sqlalchemy.ext.asyncio import create_async_engine

from outdial.calls.ports import Wanted
from outdial.domain import refusals as refused
from outdial.domain.agents import is_available, is_free, rank
from outdial.domain.directory import Agent
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.presence import Presence
from outdial.domain.refusals import Refusal
from outdial.storage.database import open_database
from outdial.storage.reservation import reserve
from support.postgres import Postgres
from support.stored import NOW, OURS, THEIRS, World, chosen, furnished, named, planner


async def refusal_of(world: World, wanted: Wanted) -> type[Refusal] | None:
    try:
        await world.place(wanted.call_id, wanted)
    except Refusal as refusal:
        return type(refusal)
    return None


async def busy(world: World) -> list[str]:
    return [agent.id for agent in await world.directory.agents(OURS) if agent.call_id is not None]


async def test_the_longest_idle_of_a_group_is_taken(world: World) -> None:
    assert (await world.place("c1", chosen("c1", "030"))).plan.agent_id == "1"
    assert (await world.place("c2", chosen("c2", "030"))).plan.agent_id == "2"
    assert await refusal_of(world, chosen("c3", "030")) is refused.NoAgentAvailable


async def test_the_longest_idle_of_the_union_is_taken_whatever_the_order_of_the_groups(world: World) -> None:
    taken = [(await world.place(f"c{turn}", chosen(f"c{turn}", "200", "030"))).plan.agent_id for turn in range(3)]
    assert taken == ["1", "2", "3"]


async def test_agents_take_turns(world: World) -> None:
    order = []
    for turn in range(6):
        call = await world.place(f"c{turn}", chosen(f"c{turn}", "030", "200"), wrap_up_seconds=0)
        order.append(call.plan.agent_id)
        await world.end(call, now=NOW + turn)
    assert order == ["1", "2", "3"] * 2


async def test_among_equals_the_smaller_id_as_text_is_taken(world: World) -> None:
    await world.directory.add_agent(
        Agent(OURS, "10", "Ten", Phone(PhoneKind.SIP, "ten"), idle_since=2, groups=("200",))
    )
    assert (await world.place("c1", chosen("c1", "200"))).plan.agent_id == "10"


async def test_excluded_agents_and_the_called_one_are_passed_over(world: World) -> None:
    wanted = chosen("c1", "030", "200", called="1", excluded=frozenset({"2"}))
    call = await world.place("c1", wanted)
    assert (call.plan.agent_id, call.plan.called_agent_id) == ("3", "1")


async def test_both_agents_of_a_call_are_reserved_or_neither(world: World) -> None:
    await world.place("c1", named("c1", "2"))
    assert await refusal_of(world, named("c2", "1", "2")) is refused.CalledAgentBusy
    assert await busy(world) == ["2"]
    await world.place("c3", named("c3", "3", "1"))
    assert await busy(world) == ["1", "2", "3"]


async def test_refusals_come_in_the_contracts_order(world: World) -> None:
    """Each line breaks one rule fewer than the one before it."""
    ours = await world.directory.account(OURS)
    assert ours is not None
    await world.place("b2", named("b2", "2"))
    await world.place("b3", named("b3", "3"))
    await world.directory.change_account(replace(ours, outbound_enabled=False))
    assert await refusal_of(world, named("c", "8", "9")) is refused.AccountDisabled
    assert await refusal_of(world, chosen("c", "030", "nobody")) is refused.AccountDisabled
    await world.directory.change_account(ours)
    assert await refusal_of(world, named("c", "8", "9")) is refused.UnknownAgent
    assert await refusal_of(world, named("c", "2", "9")) is refused.UnknownCalledAgent
    assert await refusal_of(world, named("c", "2", "3")) is refused.AgentBusy
    assert await refusal_of(world, named("c", "1", "3")) is refused.CalledAgentBusy
    assert await refusal_of(world, chosen("c", "nobody", called="9")) is refused.UnknownCalledAgent
    assert await refusal_of(world, chosen("c", "200", "nobody", called="2")) is refused.UnknownGroup
    assert await refusal_of(world, chosen("c", "030", "nobody")) is refused.UnknownGroup, "though one is free"
    assert await refusal_of(world, chosen("c", "200", called="2")) is refused.NoAgentAvailable
    assert await refusal_of(world, chosen("c", "030", called="2")) is refused.CalledAgentBusy
    assert await busy(world) == ["2", "3"]
    assert await refusal_of(world, chosen("c", "030")) is None


async def test_an_unknown_account_is_switched_off(world: World) -> None:
    assert await refusal_of(world, named("c", account="nobody")) is refused.AccountDisabled


async def test_nobody_is_reserved_from_another_account(world: World) -> None:
    await world.directory.add_agent(Agent(THEIRS, "77", "Theirs", Phone(PhoneKind.SIP, "x"), groups=("030",)))
    assert await refusal_of(world, named("c", "77")) is refused.UnknownAgent
    assert await refusal_of(world, named("c", "1", "77")) is refused.UnknownCalledAgent
    taken = {(await world.place(f"c{n}", chosen(f"c{n}", "030", "200"))).plan.agent_id for n in range(3)}
    assert taken == {"1", "2", "3"}
    assert await refusal_of(world, chosen("c4", "030", "200")) is refused.NoAgentAvailable


async def test_another_accounts_group_of_the_same_id_makes_nobody_available(world: World) -> None:
    """Both accounts have agents and groups of the same ids; agent 3 is in theirs, and not in ours."""
    await world.directory.add_member(THEIRS, "030", "3")
    for agent in ("1", "2"):
        await world.place(f"b{agent}", named(f"b{agent}", agent))

    assert await world.directory.available_agents(OURS, ("030",), NOW) == []
    assert await refusal_of(world, chosen("c1", "030")) is refused.NoAgentAvailable

    await world.directory.remove_member(OURS, "200", "3")
    assert await world.directory.available_agents(OURS, (), NOW) == [], "in no group of ours"


RECORDS = [
    Agent(OURS, "5", "Five", Phone(PhoneKind.SIP, "five"), presence=presence, wrap_up_until=until, phone_online=online)
    for presence, until, online in product(Presence, (None, NOW - 1, NOW, NOW + 1), (None, False, True))
]


async def test_the_statements_agree_with_the_domains_rule_on_every_kind_of_agent(world: World) -> None:
    for number, agent in enumerate(RECORDS):
        await world.directory.add_agent(agent)
        await world.directory.add_member(OURS, "030", "5")
        available = [each.id for each in await world.directory.available_agents(OURS, ("030",), NOW)]
        assert ("5" in available) is is_available(agent, NOW), agent
        for wanted, may in (
            (named(f"n{number}", "5"), is_free(agent, NOW)),
            (named(f"k{number}", "3", "5"), is_free(agent, NOW)),
            (chosen(f"g{number}", "030", excluded=frozenset({"1", "2"})), is_available(agent, NOW)),
        ):
            assert (await refusal_of(world, wanted) is None) is may, (agent, wanted)
            call = await world.calls.find(OURS, wanted.call_id)
            if call is not None:
                await world.end(call, now=NOW)
                # As it was before the call.
                await world.directory.remove_agent(OURS, "5")
                await world.directory.add_agent(agent)
                await world.directory.add_member(OURS, "030", "5")
        await world.directory.remove_agent(OURS, "5")


async def test_who_is_available_comes_in_the_order_in_which_they_are_chosen(world: World) -> None:
    agents = await world.directory.available_agents(OURS, (), NOW)
    assert [agent.id for agent in agents] == [agent.id for agent in sorted(agents, key=rank)] == ["1", "2", "3"]
    assert [agent.id for agent in await world.directory.available_agents(OURS, ("200",), NOW)] == ["2", "3"]
    assert await world.directory.available_agents(OURS, ("nobody",), NOW) == []
    await world.place("c1")
    assert [agent.id for agent in await world.directory.available_agents(OURS, ("030",), NOW)] == ["2"]
    await world.directory.remove_member(OURS, "200", "3")
    assert [agent.id for agent in await world.directory.available_agents(OURS, (), NOW)] == ["2"]


async def test_who_is_available_is_one_statement_however_many_there_are(
    world: World, asked: list[tuple[str, object]]
) -> None:
    asked.clear()
    assert len(await world.directory.available_agents(OURS, (), NOW)) == 3
    assert len([statement for statement, _ in asked if statement.startswith("SELECT")]) == 1


async def test_two_who_call_each_other_from_two_processes_never_wait_for_each_other(url: str) -> None:
    """Each side as often as the other is refused or succeeds, and neither statement is ever given up for a deadlock."""
    async with open_database(url) as first, open_database(url) as second:
        here = await furnished(first)
        there = World(second, type(here.calls)(second), here.directory)
        for turn in range(50):
            a, b = named(f"a{turn}", "1", "2"), named(f"b{turn}", "2", "1")
            outcomes = await asyncio.gather(
                here.calls.place(a, planner(a, wrap_up_seconds=0), NOW),
                there.calls.place(b, planner(b, wrap_up_seconds=0), NOW),
                return_exceptions=True,
            )
            placed = [each for each in outcomes if not isinstance(each, BaseException)]
            others = [each for each in outcomes if isinstance(each, BaseException)]
            assert [type(each) for each in others] == [refused.AgentBusy]
            await here.end(placed[0])


async def test_a_choice_passes_over_whoever_is_just_being_reserved(postgres: Postgres) -> None:
    """Without the journal's turns: two transactions at once, on PostgreSQL. SQLite has one writer."""
    with postgres.fresh() as url:
        async with open_database(url) as database:
            await furnished(database)
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as first, engine.connect() as second:
            agent, _ = await first.run_sync(reserve, chosen("c1", "030"), NOW)
            other, _ = await second.run_sync(reserve, chosen("c2", "030"), NOW)
            assert (agent.id, other.id) == ("1", "2")
        await engine.dispose()
