"""Groups the writes that wait into one transaction, so that one flush to the disk makes many steps durable.

Knows no statement: a write is a function of a connection, and may be run again. What one refuses undoes that one alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from outdial.storage.outage import is_outage, was_rolled_back

Work = Callable[[Connection], Any]
MOST_TOGETHER = 128


@dataclass(frozen=True, slots=True)
class Write:
    """One write that waits."""

    work: Work
    account: str | None = None
    """Whose rows it changes. Writes for one account are made one after another, by whatever process."""
    undoable: bool = True
    """Whether it may refuse after it has written something. One that never does is cheaper."""
    quick: bool = False
    """Whether it touches no more than a few rows, found by their keys. SQLite makes such writes on the event loop."""
    rings: bool = False
    """Whether readers of the account's notices are to be woken once it is durable."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one write came to: a value, or what it raised."""

    value: Any = None
    error: Exception | None = None


Transact = Callable[[Sequence[Write]], Awaitable[list[Done]]]
Waiting = tuple[Write, "asyncio.Future[Any]"]


def run_all(connection: Connection, writes: Sequence[Write]) -> list[Done]:
    """Run writes in one transaction that is already begun. A single one needs no savepoint: it is the transaction."""
    if len(writes) == 1:
        return [Done(writes[0].work(connection))]
    return [_run_apart(connection, write.work) if write.undoable else Done(write.work(connection)) for write in writes]


def _run_apart(connection: Connection, work: Work) -> Done:
    connection.exec_driver_sql("SAVEPOINT step")
    try:
        done = Done(work(connection))
    except SQLAlchemyError:
        # The database's own trouble may have ended more than this step: the whole transaction goes.
        raise
    except Exception as error:  # noqa: BLE001 -- whatever it is goes to whoever asked for this write
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT step")
        done = Done(error=error)
    connection.exec_driver_sql("RELEASE SAVEPOINT step")
    return done


class Journal:
    """The one writer. Writes are made in the order in which they came."""

    def __init__(self, transact: Transact, committed: Callable[[Sequence[Write]], None]) -> None:
        self._transact = transact
        self._committed = committed
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def depth(self) -> int:
        """How many writes wait."""
        return len(self._waiting)

    async def write(self, write: Write) -> Any:  # noqa: ANN401 -- whatever the write returns
        """Have something written; it is durable when this returns. Raises what the write raises.

        Whoever is cancelled here can't know whether it was written.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, future))
        self._idle.clear()
        self._wake.set()
        return await future

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                # A write whose asker was cancelled before its turn is not made at all.
                batch = [entry for entry in batch if not entry[1].cancelled()]
                if batch:
                    await self._commit(batch)
            self._idle.set()

    async def drained(self) -> None:
        """Wait until nothing waits and nothing is being written."""
        await self._idle.wait()

    async def _commit(self, batch: list[Waiting]) -> None:
        writes = [write for write, _ in batch]
        try:
            outcomes = await self._attempt(writes)
        except Exception as error:  # noqa: BLE001 -- the transaction failed as a whole
            if len(batch) > 1 and not is_outage(error):
                # One bad apple, or a deadlock: each by itself.
                for entry in batch:
                    await self._commit([entry])
                return
            _answer(batch, [Done(error=error)] * len(batch))
        else:
            _answer(batch, outcomes)
            self._committed(writes)

    async def _attempt(self, writes: Sequence[Write]) -> list[Done]:
        """Once more where that may help: a connection that broke can be replaced, and a deadlock has passed."""
        try:
            return await self._transact(writes)
        except Exception as error:
            if not is_outage(error) and not was_rolled_back(error):
                raise
        return await self._transact(writes)


def _answer(batch: Sequence[Waiting], outcomes: Sequence[Done]) -> None:
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if outcome.error is None:
            future.set_result(outcome.value)
        else:
            future.set_exception(outcome.error)
