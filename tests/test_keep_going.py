"""Background work that fails is begun again, and is cancelled with whoever keeps it."""

import asyncio

import pytest

from outdial import keep_going


async def test_a_fault_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_going, "PAUSE_SECONDS", 0)
    begun, third = 0, asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise RuntimeError("a fault of ours")
        third.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(keep_going.keep_going("test", work))
    await third.wait()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun == 3
