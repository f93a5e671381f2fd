"""The end of wrap-ups is looked for again and again, whatever the store says."""

import asyncio

import pytest

from outdial.calls import end_wrap_ups as module
from outdial.calls.end_wrap_ups import end_wrap_ups
from outdial.domain.refusals import StoreUnavailable
from support.pages import StoppedTime


class Looks:
    """Counts how often it is looked; away the first time."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.enough = asyncio.Event()

    async def end_wrap_ups(self, now: int) -> int:
        self.times.append(now)
        if len(self.times) == 1:
            raise StoreUnavailable
        self.enough.set()
        return 0


async def test_it_looks_again_after_the_store_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.0)
    looks = Looks()
    task = asyncio.create_task(end_wrap_ups(looks, StoppedTime()))  # type: ignore[arg-type]
    await looks.enough.wait()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
