"""The journal by itself: what waits goes together, one bad apple spoils nothing, and nobody is left waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

from outdial.domain.refusals import AgentBusy
from outdial.storage.database import Database, open_database
from outdial.storage.journal import MOST_TOGETHER, Done, Journal, Work, Write
from outdial.storage.outage import is_outage


class Ledger:
    """A transaction of a test's own: runs the works on nothing, and fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.batches: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()

    async def transact(self, writes: Sequence[Write]) -> list[Done]:
        self.batches.append(len(writes))
        self.entered.set()
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        return [Done(write.work(None)) for write in writes]  # type: ignore[arg-type]


@asynccontextmanager
async def journal_on(
    ledger: Ledger, committed: Callable[[Sequence[Write]], None] | None = None
) -> AsyncIterator[Journal]:
    journal = Journal(ledger.transact, committed or (lambda _: None))
    writer = asyncio.create_task(journal.run())
    yield journal
    await journal.drained()
    writer.cancel()
    await asyncio.wait([writer])


def says(value: object) -> Write:
    return Write(lambda _: value)


async def test_whatever_waits_while_one_commit_is_under_way_goes_into_the_next() -> None:
    ledger, commits = Ledger(), list[int]()
    async with journal_on(ledger, lambda writes: commits.append(len(writes))) as journal:
        ledger.open.clear()
        first = asyncio.create_task(journal.write(says(0)))
        await ledger.entered.wait()
        rest = [asyncio.create_task(journal.write(says(number))) for number in range(1, 6)]
        await asyncio.sleep(0)
        assert journal.depth == 5
        ledger.open.set()
        assert await asyncio.gather(first, *rest) == [0, 1, 2, 3, 4, 5]
    assert ledger.batches == commits == [1, 5]


async def test_a_commit_is_bounded() -> None:
    ledger = Ledger()
    async with journal_on(ledger) as journal:
        await asyncio.gather(*(journal.write(says(number)) for number in range(MOST_TOGETHER + 1)))
    assert ledger.batches == [MOST_TOGETHER, 1]


async def test_an_outage_is_tried_once_more_and_then_told_to_all() -> None:
    ledger = Ledger(ConnectionResetError(), ConnectionResetError())
    async with journal_on(ledger) as journal:
        outcomes = await asyncio.gather(*(journal.write(says(n)) for n in range(3)), return_exceptions=True)
        assert [type(each) for each in outcomes] == [ConnectionResetError] * 3
        assert await journal.write(says("after it")) == "after it"
    assert ledger.batches == [3, 3, 1]


async def test_a_connection_that_broke_is_replaced_unnoticed() -> None:
    ledger = Ledger(ConnectionResetError())
    async with journal_on(ledger) as journal:
        assert await asyncio.gather(*(journal.write(says(number)) for number in range(3))) == [0, 1, 2]
    assert ledger.batches == [3, 3]


async def test_where_a_transaction_fails_for_one_of_them_each_is_made_alone() -> None:
    ledger = Ledger(IntegrityError("", {}, Exception()))
    async with journal_on(ledger) as journal:
        assert await asyncio.gather(*(journal.write(says(number)) for number in range(3))) == [0, 1, 2]
    assert ledger.batches == [3, 1, 1, 1]


async def test_a_write_whose_asker_went_away_before_its_turn_is_not_made() -> None:
    ledger, made = Ledger(), list[str]()

    def note(name: str) -> Write:
        return Write(lambda _: made.append(name))

    async with journal_on(ledger) as journal:
        ledger.open.clear()
        first = asyncio.create_task(journal.write(note("first")))
        await ledger.entered.wait()
        gone = asyncio.create_task(journal.write(note("gone")))
        last = asyncio.create_task(journal.write(note("last")))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        ledger.open.set()
        await asyncio.gather(first, last)
    assert made == ["first", "last"]


async def test_an_asker_who_goes_away_during_the_commit_disturbs_nobody() -> None:
    ledger = Ledger()
    async with journal_on(ledger) as journal:
        ledger.open.clear()
        both = [asyncio.create_task(journal.write(says(number))) for number in range(2)]
        await ledger.entered.wait()
        both[0].cancel()
        await asyncio.wait(both[:1])
        ledger.open.set()
        assert await both[1] == 1
        assert await journal.write(says(2)) == 2


# On the databases.


@pytest.fixture
async def lines(database: Database) -> Database:
    """A table of one column, in which no two are equal."""
    await database.write(lambda connection: connection.execute(text("CREATE TABLE lines (line TEXT PRIMARY KEY)")))
    return database


def add(line: str) -> Work:
    return lambda connection: connection.execute(text("INSERT INTO lines VALUES (:line)"), {"line": line}).rowcount


def add_and_refuse(line: str) -> Work:
    def work(connection: Connection) -> None:
        add(line)(connection)
        raise AgentBusy

    return work


async def kept(database: Database) -> list[str]:
    return await database.read(
        lambda connection: list(connection.execute(text("SELECT line FROM lines ORDER BY line")).scalars())
    )


async def together(database: Database, *works: Work, **how: Any) -> list[Any]:
    return await asyncio.gather(*(database.write(work, **how) for work in works), return_exceptions=True)


async def test_what_one_refuses_undoes_that_one_alone(lines: Database) -> None:
    outcomes = await together(lines, add("a"), add_and_refuse("b"), add("c"))
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (1, AgentBusy, 1)
    assert await kept(lines) == ["a", "c"]


async def test_a_refusal_does_not_have_the_others_made_again(lines: Database) -> None:
    """What is run again would count a call twice against its limits."""
    made: list[str] = []

    def counted(line: str) -> Work:
        def work(connection: Connection) -> None:
            made.append(line)
            add(line)(connection)

        return work

    await together(lines, counted("a"), add_and_refuse("b"), counted("c"))
    assert made == ["a", "c"]


async def test_a_refusal_alone_undoes_what_it_wrote(lines: Database) -> None:
    with pytest.raises(AgentBusy) as refused:
        await lines.write(add_and_refuse("a"))
    assert refused.value.__cause__ is None
    assert await kept(lines) == []


@pytest.mark.parametrize("undoable", [True, False])
async def test_one_the_database_refuses_spoils_nothing(lines: Database, undoable: bool) -> None:
    outcomes = await together(lines, add("a"), add("a"), add("b"), undoable=undoable)
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (1, IntegrityError, 1)
    assert await kept(lines) == ["a", "b"]


async def test_a_fault_of_ours_is_told_to_whoever_asked_and_nobody_else(lines: Database) -> None:
    outcomes = await together(lines, add("a"), lambda _: 1 // 0, add("b"))
    assert isinstance(outcomes[1], ZeroDivisionError)
    assert await kept(lines) == ["a", "b"]


async def test_writes_are_made_in_the_order_in_which_they_were_asked_for(lines: Database) -> None:
    made: list[int] = []
    works: list[Work] = [lambda _, number=number: made.append(number) for number in range(300)]  # type: ignore[misc]
    await together(lines, *works)
    assert made == list(range(300))


async def test_leaving_waits_until_everything_asked_for_is_written(url: str) -> None:
    async with open_database(url) as database:
        await database.write(lambda connection: connection.execute(text("CREATE TABLE lines (line TEXT)")))
        tasks = [asyncio.create_task(database.write(add(str(number)))) for number in range(5)]
        await asyncio.sleep(0)
    assert all(task.done() for task in tasks)
    async with open_database(url) as database:
        assert len(await kept(database)) == 5


async def test_what_is_raised_inside_comes_out_as_it_is(url: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_database(url):
            raise ZeroDivisionError


async def test_how_much_each_commit_took_is_told(url: str) -> None:
    commits: list[int] = []
    async with open_database(url, commits.append) as database:
        await together(database, *(lambda _: None for _ in range(4)))
        assert database.waiting == 0
    assert sum(commits) == 4


def test_an_error_the_disk_makes_is_an_outage() -> None:
    assert is_outage(OperationalError("", {}, Exception("database or disk is full")))
    assert not is_outage(IntegrityError("", {}, Exception()))
    assert not is_outage(ValueError())
