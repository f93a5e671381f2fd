"""Changes to one account take turns; those to different ones don't wait."""

import asyncio

from outdial.calls.administration import Turns


async def test_one_change_at_a_time_in_an_account() -> None:
    turns, told = Turns(), []
    first_may_end = asyncio.Event()

    async def first() -> None:
        async with turns.of("acme"):
            told.append("first begins")
            await first_may_end.wait()
            told.append("first ends")

    async def second() -> None:
        async with turns.of("ACME"):
            told.append("second")

    async def elsewhere() -> None:
        async with turns.of("other"):
            told.append("elsewhere")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await asyncio.sleep(0)
        tasks.create_task(second())
        await tasks.create_task(elsewhere())
        first_may_end.set()
    assert told == ["first begins", "elsewhere", "first ends", "second"]


async def test_nothing_is_kept_of_accounts_that_nobody_changes() -> None:
    turns = Turns()
    for number in range(100):
        async with turns.of(f"account{number}"):
            pass
    assert len(turns._locks) == 0
