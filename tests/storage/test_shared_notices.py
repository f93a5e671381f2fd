"""One reading serves everybody who asks for the same; nobody is handed what is older than what woke them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from outdial.calls.event_log import Kept
from outdial.domain.notices import Notice
from outdial.domain.refusals import StoreUnavailable
from outdial.storage.bell import Bell
from outdial.storage.shared_notices import SharedNotices


class Slow:
    """A log that answers when a test says so, with how many readings there have been."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.readings: list[asyncio.Future[None]] = []

    async def after(self, account: str, seq: int, limit: int) -> list[tuple[int, Notice]]:
        self.readings.append(asyncio.get_running_loop().create_future())
        number = len(self.readings)
        await self.readings[-1]
        return [(number, Notice("call.placed.v1", account, "c", 0, {}))]

    async def kept(self, account: str) -> Kept:
        return Kept(1, 7)

    @contextmanager
    def listening(self, account: str) -> Iterator[asyncio.Event]:
        with self.bell.listening(account) as rung:
            yield rung


async def begun(shared: SharedNotices, account: str = "acc", seq: int = 0) -> asyncio.Task[int]:
    async def first() -> int:
        return (await shared.after(account, seq, 100))[0][0]

    task = asyncio.create_task(first())
    await asyncio.sleep(0)
    return task


async def test_whoever_asks_for_the_same_meanwhile_shares_it() -> None:
    log = Slow()
    shared = SharedNotices(log)
    tasks = [await begun(shared) for _ in range(50)]
    assert len(log.readings) == 1
    log.readings[0].set_result(None)
    assert await asyncio.gather(*tasks) == [1] * 50
    again = await begun(shared)
    log.readings[1].set_result(None)
    assert await again == 2, "nothing is kept"
    assert await shared.kept("acc") == Kept(1, 7)


async def test_another_place_or_account_is_another_reading() -> None:
    log = Slow()
    shared = SharedNotices(log)
    tasks = [await begun(shared), await begun(shared, seq=1), await begun(shared, "other")]
    assert len(log.readings) == 3
    for reading in log.readings:
        reading.set_result(None)
    assert await asyncio.gather(*tasks) == [1, 2, 3]


async def test_whoever_asks_after_a_ring_is_not_handed_what_was_begun_before_it() -> None:
    log = Slow()
    shared = SharedNotices(log)
    before = await begun(shared)
    log.bell.ring("acc")
    after, beside = await begun(shared), await begun(shared)
    assert len(log.readings) == 2
    for reading in log.readings:
        reading.set_result(None)
    assert await asyncio.gather(before, after, beside) == [1, 2, 2]


async def test_where_the_reader_fails_or_leaves_the_others_read_for_themselves() -> None:
    log = Slow()
    shared = SharedNotices(log)
    failing, second, third = [await begun(shared) for _ in range(3)]
    log.readings[0].set_exception(StoreUnavailable())
    with pytest.raises(StoreUnavailable):
        await failing
    await asyncio.sleep(0)
    assert len(log.readings) == 2, "one of them, for both"
    second.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(log.readings) == 3, "the one that is left, for itself"
    log.readings[2].set_result(None)
    assert await third == 3
    assert shared._under_way == {}


async def test_whoever_waits_may_leave() -> None:
    log = Slow()
    shared = SharedNotices(log)
    reader, waiter = await begun(shared), await begun(shared)
    waiter.cancel()
    log.readings[0].set_result(None)
    assert await reader == 1
    with pytest.raises(asyncio.CancelledError):
        await waiter
