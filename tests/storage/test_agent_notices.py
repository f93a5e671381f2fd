"""What becomes of an agent is noted in the commit that makes it so."""

from outdial.domain.presence import Presence
from outdial.storage.outbox import StoredNotices
from support.stored import BOTH_ANSWER, NOW, OURS, THEIRS, World, named


async def told(world: World, account: str = OURS) -> list[tuple[str, str, str]]:
    """Type, agent and state of every notice of agents."""
    found = await StoredNotices(world.database).after(account, 0)
    return [
        (notice.type, notice.data["agentId"], notice.data["state"])
        for _, notice in found
        if notice.type.startswith("agent.")
    ]


async def test_a_call_makes_both_agents_busy_and_leaves_who_answered_wrapping_up(world: World) -> None:
    call = await world.place("c1", named("c1", "1", called="2"))
    assert await told(world) == [
        ("agent.state.changed.v1", "1", "BusyOutgoing"),
        ("agent.state.changed.v1", "2", "BusyOutgoing"),
    ]
    await world.end(await world.tell(call, BOTH_ANSWER[0]))
    assert (await told(world))[2:] == [
        ("agent.state.changed.v1", "1", "Wrapup"),
        ("agent.state.changed.v1", "2", "Ready"),
    ]


async def test_the_numbers_of_calls_and_agents_have_no_gap_between_them(world: World) -> None:
    await world.end(await world.tell(await world.place("c1"), *BOTH_ANSWER))
    found = await StoredNotices(world.database).after(OURS, 0)
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    assert [notice.type for _, notice in found][-2:] == ["call.ended.v1", "agent.state.changed.v1"]


async def test_presence_is_noted_with_the_state_that_follows_and_only_where_it_is_new(world: World) -> None:
    await world.directory.set_presence(OURS, "1", Presence.BREAK, NOW)
    await world.directory.set_presence(OURS, "1", Presence.BREAK, NOW)
    assert await told(world) == [
        ("agent.presence.changed.v1", "1", "Break"),
        ("agent.state.changed.v1", "1", "Break"),
    ]
    assert await told(world, THEIRS) == []


async def test_a_phone_that_comes_and_goes_is_noted_once_each(world: World) -> None:
    for online in (True, True, False, True):
        await world.directory.set_phone_online(f"{OURS}-1", online, NOW)
    await world.directory.set_phone_online("nobody", True, NOW)
    kinds = [kind for kind, _, _ in await told(world)]
    assert kinds == ["agent.phone.online.v1", "agent.phone.offline.v1", "agent.phone.online.v1"]


async def test_the_end_of_a_wrap_up_is_noted_once_though_nobody_does_anything(world: World) -> None:
    await world.end(await world.tell(await world.place("c1"), *BOTH_ANSWER))
    over = NOW + 180_000
    assert await world.directory.end_wrap_ups(over - 1) == 0
    assert await world.directory.end_wrap_ups(over) == 1
    assert await world.directory.end_wrap_ups(over) == 0
    assert (await told(world))[-1] == ("agent.state.changed.v1", "1", "Ready")
    assert (await world.agent("1")).wrap_up_until is None


async def test_a_wrap_up_that_ends_during_a_break_or_the_next_call_makes_nobody_ready(world: World) -> None:
    await world.end(await world.tell(await world.place("c1"), *BOTH_ANSWER))
    await world.directory.set_presence(OURS, "1", Presence.AWAY, NOW)
    before = await told(world)
    assert await world.directory.end_wrap_ups(NOW + 180_000) == 1
    assert await told(world) == before
