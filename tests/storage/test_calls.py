"""Calls as they are kept: placed all or nothing, saved step by step, never overwritten by a stale copy."""

import asyncio
from dataclasses import replace

import pytest

from outdial.calls.directory import CallFilter
from outdial.calls.ports import Reserved
from outdial.domain.call import Call, State, advance
from outdial.domain.events import LegAnswered, LegRinging
from outdial.domain.legs import Side
from outdial.domain.notices import notices
from outdial.domain.refusals import InvalidNumber
from outdial.storage.outbox import StoredNotices
from support.stored import BOTH_ANSWER, NOW, OURS, SWITCH, THEIRS, World, named, planner


async def test_a_placed_call_is_found_as_it_was_built(world: World) -> None:
    call = await world.place("c1", reference="ref-1")
    assert await world.calls.find(OURS, "c1") == call
    assert await world.calls.live_calls(SWITCH) == [call]
    assert (await world.agent("1")).call_id == "c1"


async def test_build_is_given_whatever_planning_needs(world: World) -> None:
    seen: list[Reserved] = []

    def build(reserved: Reserved) -> Call:
        seen.append(reserved)
        return planner(named("c1", "1", "2"))(reserved)

    await world.calls.place(named("c1", "1", "2"), build, NOW)
    reserved = seen[0]
    assert reserved.account == await world.directory.account(OURS)
    assert (reserved.agent.id, reserved.called and reserved.called.id) == ("1", "2")
    assert reserved.trunks == tuple(await world.directory.trunks(OURS))
    assert reserved.caller_ids == tuple(await world.directory.caller_ids(OURS))


async def test_what_build_refuses_leaves_nothing_behind(world: World) -> None:
    def build(reserved: Reserved) -> Call:
        raise InvalidNumber

    with pytest.raises(InvalidNumber):
        await world.calls.place(named("c1", "1", "2"), build, NOW)
    assert [(agent.id, agent.call_id) for agent in await world.directory.agents(OURS)] == [
        ("1", None),
        ("2", None),
        ("3", None),
    ]
    assert await world.calls.live_calls(SWITCH) == []
    assert await StoredNotices(world.database).after(OURS, 0) == []


async def test_a_refused_placement_does_not_spoil_those_committed_with_it(world: World) -> None:
    def refuses(reserved: Reserved) -> Call:
        raise InvalidNumber

    outcomes = await asyncio.gather(
        world.place("c1", named("c1", "1")),
        world.calls.place(named("c2", "2"), refuses, NOW),
        world.place("c3", named("c3", "3")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], InvalidNumber)
    assert {call.id for call in await world.calls.live_calls(SWITCH)} == {"c1", "c3"}
    assert (await world.agent("2")).call_id is None


async def test_every_step_is_kept(world: World) -> None:
    call = await world.place("c1")
    for event in BOTH_ANSWER:
        call = await world.tell(call, event)
        assert await world.calls.find(OURS, "c1") == call
    assert call.state is State.JOINED


async def test_a_stale_copy_changes_nothing(world: World) -> None:
    placed = await world.place("c1")
    answered = await world.tell(placed, LegAnswered(Side.AGENT))
    stale, _ = advance(placed, LegRinging(Side.AGENT), NOW)
    assert stale.revision == answered.revision
    before = await StoredNotices(world.database).after(OURS, 0)
    await world.calls.save(stale, notices(placed, stale, NOW))
    assert await world.calls.find(OURS, "c1") == answered
    assert await StoredNotices(world.database).after(OURS, 0) == before


async def test_a_revision_may_be_skipped_after_a_failed_commit(world: World) -> None:
    placed = await world.place("c1")
    ringing, _ = advance(placed, LegRinging(Side.AGENT), NOW)
    answered, _ = advance(ringing, LegAnswered(Side.AGENT), NOW)
    await world.calls.save(answered, notices(placed, answered, NOW))
    assert await world.calls.find(OURS, "c1") == answered


async def test_a_call_that_ended_frees_both_agents_at_once(world: World) -> None:
    call = await world.place("c1", named("c1", "1", "2"), wrap_up_seconds=30)
    joined = await world.tell(call, *BOTH_ANSWER)
    ended = await world.end(joined, now=NOW + 500)
    assert ended.state is State.ENDED
    for agent in ("1", "2"):
        freed = await world.agent(agent)
        assert (freed.call_id, freed.wrap_up_until, freed.idle_since) == (None, NOW + 30_500, NOW + 500)
    assert await world.calls.live_calls(SWITCH) == []
    assert await world.calls.find(OURS, "c1") == ended


async def test_who_never_answered_has_nothing_to_wrap_up_but_goes_to_the_end_of_the_row(world: World) -> None:
    call = await world.place("c1", wrap_up_seconds=30)
    await world.end(call, now=NOW + 500)
    freed = await world.agent("1")
    assert (freed.wrap_up_until, freed.idle_since) == (None, NOW + 500)


async def test_the_end_of_an_old_call_does_not_free_an_agent_who_is_on_the_next(world: World) -> None:
    first = await world.end(await world.place("c1", wrap_up_seconds=0))
    await world.place("c2")
    await world.calls.save(replace(first, revision=first.revision + 1), ())
    assert (await world.agent("1")).call_id == "c2"


async def test_live_calls_are_those_of_the_switch(world: World) -> None:
    call = await world.place("c1")
    assert await world.calls.live_calls("another") == []
    assert await world.calls.live_calls(SWITCH) == [call]


async def test_a_call_id_is_used_once(world: World) -> None:
    await world.place("c1", named("c1", "1"))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await world.place("c1", named("c1", "2"))
    assert (await world.agent("2")).call_id is None


async def found(world: World, account: str = OURS, **wanted: object) -> list[str]:
    return [call.id for call in await world.calls.search(account, CallFilter(**wanted))]  # type: ignore[arg-type]


async def test_calls_are_searched_newest_first_and_page_by_page(world: World) -> None:
    for number, agent in enumerate(("1", "2", "3", "1", "2")):
        # Two at the same moment: the cursor must lose none of them.
        at = NOW + number // 2
        await world.end(await world.place(f"c{number}", named(f"c{number}", agent), at, wrap_up_seconds=0), now=at)
    assert await found(world) == ["c4", "c3", "c2", "c1", "c0"]
    assert await found(world, limit=2) == ["c4", "c3"]
    assert await found(world, limit=2, before="c3") == ["c2", "c1"]
    assert await found(world, limit=2, before="c1") == ["c0"]
    assert await found(world, before="c0") == []
    assert await found(world, before="no such call") == []


async def test_calls_are_searched_by_every_member_that_is_set(world: World) -> None:
    ended = await world.place("c1", named("c1", "1"), NOW, reference="a", wrap_up_seconds=0)
    await world.end(ended)
    await world.place("c2", named("c2", "2", "3"), NOW + 10, reference="b")
    await world.place("c3", named("c3", "1"), NOW + 20, number="+442079460001", reference="a")
    assert await found(world, agent_id="1") == ["c3", "c1"]
    assert await found(world, agent_id="3") == ["c2"], "the called agent's calls are theirs too"
    assert await found(world, reference="a") == ["c3", "c1"]
    assert await found(world, number="+442079460001") == ["c3"]
    assert await found(world, live=True) == ["c3", "c2"]
    assert await found(world, live=False) == ["c1"]
    assert await found(world, created_from=NOW + 10) == ["c3", "c2"]
    assert await found(world, created_to=NOW + 10) == ["c1"]
    assert await found(world, reference="a", live=True, agent_id="1") == ["c3"]
    assert await found(world, reference="a", live=True, agent_id="2") == []


async def test_no_method_shows_another_accounts_call(world: World) -> None:
    call = await world.place("c1", named("c1", "1", account=THEIRS), reference="a")
    assert await world.calls.find(OURS, "c1") is None
    assert await found(world) == []
    assert await found(world, reference="a", agent_id="1") == []
    await world.place("c2")
    assert await found(world, before="c1") == [], "a cursor of another account leads nowhere"
    moved = replace(call, account=OURS, revision=9)
    await world.calls.save(moved, notices(None, moved, NOW))
    assert await world.calls.find(THEIRS, "c1") == call
    assert {each.call_id for _, each in await StoredNotices(world.database).after(OURS, 0)} == {"c2"}
