"""Notices: in the commit of what they tell, numbered without gaps, and heard of as soon as they are durable."""

import asyncio

from outdial.calls.event_log import Kept
from outdial.domain.call import advance
from outdial.domain.events import LegAnswered
from outdial.domain.legs import Side
from outdial.domain.notices import Notice, notices
from outdial.domain.presence import Presence
from outdial.storage.outbox import StoredNotices
from support.stored import BOTH_ANSWER, NOW, OURS, THEIRS, World, named


def stored(world: World) -> StoredNotices:
    return StoredNotices(world.database)


async def test_a_calls_notices_are_kept_in_their_order_as_they_were(world: World) -> None:
    placed = await world.place("c1")
    ended = await world.end(await world.tell(placed, *BOTH_ANSWER))
    kept = await stored(world).after(OURS, 0)
    of_calls = [notice for _, notice in kept if notice.type.startswith("call.")]
    types = [notice.type for notice in of_calls]
    assert types == [
        "call.placed.v1",
        "call.originator.dialled.v1",
        "call.originator.answered.v1",
        "call.destination.dialled.v1",
        "call.destination.answered.v1",
        "call.joined.v1",
        "call.originator.ended.v1",
        "call.destination.ended.v1",
        "call.ended.v1",
    ]
    assert of_calls[0] == notices(None, placed, NOW)[0]
    assert of_calls[-1].data["revision"] == ended.revision


async def test_each_account_has_numbers_of_its_own_without_gaps(world: World) -> None:
    calls = [
        world.place(f"{account}-{agent}", named(f"{account}-{agent}", agent, account=account))
        for account in (OURS, THEIRS)
        for agent in ("1", "2", "3")
    ]
    placed = await asyncio.gather(*calls)
    await asyncio.gather(*(world.end(call) for call in placed))
    for account in (OURS, THEIRS):
        numbered = await stored(world).after(account, 0)
        assert [seq for seq, _ in numbered] == list(range(1, len(numbered) + 1))
        assert {notice.account for _, notice in numbered} == {account}
        assert await stored(world).last(account) == len(numbered)
        assert await stored(world).kept(account) == Kept(1, len(numbered))


async def test_a_refused_placement_takes_no_number(world: World) -> None:
    await world.place("c1")
    last = await stored(world).last(OURS)
    await asyncio.gather(*(world.place(f"r{n}") for n in range(3)), return_exceptions=True)
    await world.place("c2", named("c2", "2"))
    numbers = [seq for seq, _ in await stored(world).after(OURS, last)]
    assert numbers[0] == last + 1


async def test_notices_are_paged(world: World) -> None:
    await world.end(await world.place("c1"))
    whole = await stored(world).after(OURS, 0)
    paged: list[tuple[int, Notice]] = []
    while page := await stored(world).after(OURS, paged[-1][0] if paged else 0, limit=2):
        assert len(page) <= 2
        paged += page
    assert paged == whole
    assert await stored(world).after("nobody", 0) == []
    assert (await stored(world).last("nobody"), await stored(world).kept("nobody")) == (0, Kept(1, 0))


async def follow(world: World, seq: int, until: str) -> list[str]:
    """As a stream reads: clear, look, and wait where there is nothing new."""
    types: list[str] = []
    with stored(world).listening(OURS) as rung:
        while until not in types:
            rung.clear()
            page = await stored(world).after(OURS, seq)
            types += [notice.type for _, notice in page]
            if page:
                seq = page[-1][0]
            else:
                await rung.wait()
    return types


async def test_a_follower_hears_what_was_and_then_what_comes_each_once(world: World) -> None:
    call = await world.place("c1")
    following = asyncio.create_task(follow(world, 0, "call.ended.v1"))
    await world.end(await world.tell(call, *BOTH_ANSWER))
    assert await following == [notice.type for _, notice in await stored(world).after(OURS, 0)]


async def test_a_follower_is_not_woken_by_another_account_nor_by_what_was_refused(world: World) -> None:
    bell = world.database.bell
    with bell.listening(OURS) as ours, bell.listening() as any_account:
        await world.place("c1", named("c1", account=THEIRS))
        assert any_account.is_set()
        assert not ours.is_set()
        await world.place("c2")
        assert ours.is_set()
    with bell.listening(OURS) as ours:
        await world.directory.set_presence(OURS, "3", Presence.AWAY, NOW)
        assert ours.is_set()


async def test_when_the_bell_rings_the_notice_is_there(world: World) -> None:
    """Whoever reads at once after the ring reads what rang it."""
    with world.database.bell.listening(OURS) as rung:
        placing = asyncio.create_task(world.place("c1"))
        await rung.wait()
        assert await stored(world).last(OURS) > 0
        await placing


async def test_a_listener_that_left_is_forgotten(world: World) -> None:
    bell = world.database.bell
    with bell.listening(OURS) as left:
        pass
    bell.ring(OURS)
    assert not left.is_set()
    with bell.listening(OURS) as one, bell.listening(OURS) as two:
        bell.ring(OURS)
        assert one.is_set()
        assert two.is_set()


async def test_a_stale_save_notes_nothing(world: World) -> None:
    placed = await world.place("c1")
    after, _ = advance(placed, LegAnswered(Side.AGENT), NOW)
    for _ in range(2):
        await world.calls.save(after, notices(placed, after, NOW))
    types = [notice.type for _, notice in await stored(world).after(OURS, 0)]
    assert types.count("call.originator.answered.v1") == 1
