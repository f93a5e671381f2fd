"""What has been kept for long enough goes, a little at a time; what lives stays."""

import pytest

from outdial.calls.directory import CallFilter, Claim
from outdial.storage.database import Database
from outdial.storage.idempotency import KEPT_MS, StoredIdempotency
from outdial.storage.outbox import StoredNotices
from outdial.storage.retention import forget_old
from support.stored import OURS, SWITCH, World, named

DAY = 24 * 3600 * 1000
LATER = 100 * DAY


async def ended_at(world: World, call_id: str, at: int, agent: str = "1") -> None:
    call = await world.place(call_id, named(call_id, agent), at, wrap_up_seconds=0)
    await world.end(call, now=at)


async def left(world: World) -> list[str]:
    return [call.id for call in await world.calls.search(OURS, CallFilter())]


async def test_calls_and_notices_older_than_so_many_days_go(world: World) -> None:
    await ended_at(world, "old", LATER - 30 * DAY - 1)
    first_kept = await StoredNotices(world.database).last(OURS) + 1
    await ended_at(world, "young", LATER - 30 * DAY)
    last = await StoredNotices(world.database).last(OURS)
    assert await forget_old(world.database, 30, LATER) > 0
    assert await left(world) == ["young"]
    kept = await StoredNotices(world.database).after(OURS, 0)
    assert [seq for seq, _ in kept] == list(range(first_kept, last + 1))
    assert {notice.call_id for _, notice in kept} == {"young", None}
    assert await forget_old(world.database, 30, LATER) == 0


async def test_numbers_go_on_where_they_were_when_every_notice_is_gone(world: World) -> None:
    await ended_at(world, "old", 1)
    last = await StoredNotices(world.database).last(OURS)
    await forget_old(world.database, 1, LATER)
    kept = await StoredNotices(world.database).kept(OURS)
    assert (kept.first, kept.last) == (last + 1, last)
    await ended_at(world, "new", LATER)
    assert (await StoredNotices(world.database).after(OURS, 0))[0][0] == last + 1


async def test_a_live_call_stays_however_old(world: World) -> None:
    call = await world.place("c1", named("c1"), 1)
    await forget_old(world.database, 1, LATER)
    assert await world.calls.live_calls(SWITCH) == [call]
    assert (await world.agent("1")).call_id == "c1"


async def test_a_call_counts_from_its_end(world: World) -> None:
    call = await world.place("c1", named("c1"), 1)
    await world.end(call, now=LATER)
    await forget_old(world.database, 1, LATER)
    assert await left(world) == ["c1"]


async def test_keys_go_after_a_day_whatever_is_kept_of_calls(world: World) -> None:
    keys = StoredIdempotency(world.database, "main")
    for key, at in (("old", LATER - KEPT_MS - 1), ("young", LATER - KEPT_MS)):
        claimed = await keys.claim(OURS, key, "body", at)
        await keys.settle(claimed.idempotency_id, {})
    assert await forget_old(world.database, 365, LATER) == 1
    assert (await keys.claim(OURS, "young", "body", LATER - 1)).claim is Claim.REPLAY


async def test_each_batch_is_a_commit_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await ended_at(world, f"c{number}", number)
    write, gone = world.database.write, list[int]()

    async def counted(self: Database, work: object, **how: object) -> object:
        gone.append(await write(work, **how))  # type: ignore[arg-type]
        return gone[-1]

    monkeypatch.setattr(Database, "write", counted)
    forgotten = await forget_old(world.database, 1, LATER, batch=2)
    assert gone[:4] == [2, 2, 1, 0]
    assert max(gone) <= 2
    assert forgotten == sum(gone)
