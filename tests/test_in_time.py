"""What is played again, and what counts at once: a test that could not fail any more would be worse than a late one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from support import in_time as module
from support.in_time import ATTEMPTS, NOTICEABLE_MS, Forbidden, Lateness, in_time, must

Play = Callable[[Exception, float], "Played"]


class Played:
    """A test that always fails with the same error, on a machine whose timers are late by as much."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.times = 0

    async def play(self) -> None:
        @in_time
        async def fails() -> None:
            self.times += 1
            raise self.error

        with pytest.raises(type(self.error)):
            await fails()


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Play:
    def prepare(error: Exception, late_ms: float) -> Played:
        @asynccontextmanager
        async def late() -> AsyncIterator[Lateness]:
            yield Lateness(late_ms)

        monkeypatch.setattr(module, "lateness", late)
        return Played(error)

    return prepare


@pytest.mark.parametrize("error", [AssertionError(), TimeoutError(), ExceptionGroup("", [AssertionError()])], ids=repr)
async def test_what_may_be_late_is_played_again_where_the_machine_stood_still_and_then_counts(
    played: Play, error: Exception
) -> None:
    test = played(error, NOTICEABLE_MS)
    await test.play()
    assert test.times == ATTEMPTS


async def test_on_a_machine_that_keeps_time_it_counts_at_once(played: Play) -> None:
    test = played(AssertionError(), NOTICEABLE_MS - 1)
    await test.play()
    assert test.times == 1


@pytest.mark.parametrize(
    "error", [Forbidden(), KeyError(), ExceptionGroup("", [AssertionError(), KeyError()])], ids=repr
)
async def test_what_no_machine_makes_so_counts_at_once(played: Play, error: Exception) -> None:
    test = played(error, 10 * NOTICEABLE_MS)
    await test.play()
    assert test.times == 1


def test_what_must_be_is_no_assertion_that_may_be_late() -> None:
    must(True, "it holds")
    with pytest.raises(Forbidden, match="recorded"):
        must(False, "recorded")


async def test_a_machine_that_stands_still_is_noticed() -> None:
    async with module.lateness() as late:
        await asyncio.sleep(0)
        time.sleep(2 * NOTICEABLE_MS / 1000)  # noqa: ASYNC251 -- just what is to be noticed
        await asyncio.sleep(2 * module.LOOK_SECONDS)
    assert late.most_ms > NOTICEABLE_MS
