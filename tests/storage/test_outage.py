"""The database goes away and comes back: who asked is told, nothing that was promised is lost, and nobody is held."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from outdial.domain.call import Call, State
from outdial.domain.refusals import AgentBusy, StoreUnavailable
from outdial.storage import engines
from outdial.storage.calls import FORSAKEN
from outdial.storage.database import Database, open_database
from outdial.storage.journal import Done, Write
from outdial.storage.outbox import StoredNotices
from support.postgres import Postgres
from support.stored import BOTH_ANSWER, NOW, OURS, SWITCH, World, furnished, named, planner


@asynccontextmanager
async def on_postgres(postgres: Postgres) -> AsyncIterator[World]:
    with postgres.fresh() as url:
        async with open_database(url) as database:
            yield await furnished(database)


async def test_connections_that_break_are_replaced_unnoticed(postgres: Postgres) -> None:
    async with on_postgres(postgres) as world:
        call = await world.place("c1")
        for event in BOTH_ANSWER:
            await asyncio.to_thread(postgres.break_connections)
            call = await world.tell(call, event)
            await asyncio.to_thread(postgres.break_connections)
            assert await world.calls.find(OURS, "c1") == call


async def test_a_stopped_server_is_told_as_unavailable_and_back_when_it_is(postgres: Postgres) -> None:
    async with on_postgres(postgres) as world:
        call = await world.place("c1")
        await asyncio.to_thread(postgres.stop)
        try:
            assert not await world.database.answers()
            with pytest.raises(StoreUnavailable):
                await world.calls.find(OURS, "c1")
            with pytest.raises(StoreUnavailable):
                await world.place("c2", named("c2", "2"))
            outcomes = await asyncio.gather(
                *(world.calls.save(call, ()) for _ in range(20)), world.directory.accounts(), return_exceptions=True
            )
            assert {type(each) for each in outcomes} == {StoreUnavailable}
        finally:
            await asyncio.to_thread(postgres.start)
        assert await world.database.answers()
        assert await world.calls.live_calls(SWITCH) == [call]
        joined = await world.tell(call, *BOTH_ANSWER)
        assert await world.calls.find(OURS, "c1") == joined
        assert (await world.place("c3", named("c3", "2"))).plan.agent_id == "2"


async def test_a_server_that_can_be_read_only_is_unavailable_until_it_can_be_written(postgres: Postgres) -> None:
    with postgres.fresh() as url:
        async with open_database(url) as database:
            world = await furnished(database)
            await asyncio.to_thread(postgres.allow_writing, url, False)
            with pytest.raises(StoreUnavailable):
                await world.place("c1")
            assert not await database.answers(), "what can be read only is of no use"
            await asyncio.to_thread(postgres.allow_writing, url, True)
            assert await database.answers()
            await world.place("c1")


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://outdial:wrong@127.0.0.1:{port}/postgres",
        "postgresql://outdial:wrong@127.0.0.1:1/postgres",
        "postgresql://outdial:wrong@name.invalid/postgres",
        "postgresql://outdial:wrong@127.0.0.1:{port}/postgres?sslmode=verify-full",
    ],
)
async def test_a_server_that_will_not_have_us_is_unavailable(postgres: Postgres, wrong: str) -> None:
    async with open_database(wrong.format(port=postgres.port)) as database:
        assert not await database.answers()
        with pytest.raises(StoreUnavailable):
            await database.write(lambda connection: None)


async def test_a_database_that_is_not_there_is_unavailable(postgres: Postgres) -> None:
    async with open_database(postgres.url("nothing_of_that_name")) as database:
        assert not await database.answers()


async def test_a_file_that_can_not_be_had_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader, this is no database. " * 100, encoding="ascii")
    for name in ("nowhere/at.db", "letter.txt"):
        async with open_database(f"sqlite:///{tmp_path / name}") as database:
            assert not await database.answers()
            with pytest.raises(StoreUnavailable):
                await database.write(lambda connection: None)


@asynccontextmanager
async def on_file(tmp_path: Path, template: Path) -> AsyncIterator[World]:
    file = tmp_path / "test.db"
    file.write_bytes(template.read_bytes())
    async with open_database(f"sqlite:///{file}") as database:
        yield await furnished(database)


async def test_a_full_disk_is_told_and_passes(tmp_path: Path, sqlite_template: Path) -> None:
    async with on_file(tmp_path, sqlite_template) as world:
        call = await world.place("c1", named("c1"))
        room = "PRAGMA max_page_count = {}"
        await world.database.write(lambda c: c.exec_driver_sql(room.format(1)))
        with pytest.raises(StoreUnavailable):
            await world.place("c2", named("c2", "2"), reference="x" * 200_000)
        assert await world.calls.find(OURS, "c1") == call, "reading goes on"
        await world.database.write(lambda c: c.exec_driver_sql(room.format(1_000_000)))
        await world.tell(call, *BOTH_ANSWER)
        await world.place("c3", named("c3", "2"))
        assert await world.calls.find(OURS, "c2") is None


async def test_a_file_that_somebody_else_keeps_locked_is_unavailable_until_they_let_go(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 20)
    async with on_file(tmp_path, sqlite_template) as world:
        other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as caught:
            await world.place("c1")
        assert str(caught.value.__cause__) == "database is locked"
        assert not await world.database.answers(), "what can be read only is of no use"
        other.close()
        assert await world.database.answers()
        await world.place("c1")


# Answers that are lost.


class Wire:
    """Commits reach the database, and their answers are lost as often as a test says; or they wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.losses = 0
        self.committed = asyncio.Event()
        self.through = asyncio.Event()
        self.through.set()
        for kind in (engines.SqliteFile, engines.PostgreSql):
            monkeypatch.setattr(kind, "transact", self._through(kind.transact))

    def _through(self, transact: object) -> object:
        async def lossy(engine: engines.DatabaseEngine, writes: Sequence[Write]) -> list[Done]:
            done: list[Done] = await transact(engine, writes)  # type: ignore[operator]
            self.committed.set()
            await self.through.wait()
            if self.losses:
                self.losses -= 1
                raise ConnectionResetError
            return done

        return lossy


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


@pytest.fixture
async def distant(wire: Wire, url: str) -> AsyncIterator[World]:
    """A world at the far end of the wire."""
    async with open_database(url) as database:
        yield await furnished(database)


async def placed_once(world: World) -> bool:
    types = [notice.type for _, notice in await StoredNotices(world.database).after(OURS, 0)]
    return types.count("call.placed.v1") == 1


async def test_a_placement_whose_answer_is_lost_once_is_made_once(wire: Wire, distant: World) -> None:
    wire.losses = 1
    call = await distant.place("c1")
    assert await distant.calls.live_calls(SWITCH) == [call]
    assert await placed_once(distant)


async def test_a_save_whose_answer_is_lost_once_is_noted_once(wire: Wire, distant: World) -> None:
    call = await distant.place("c1")
    wire.losses = 1
    joined = await distant.tell(call, *BOTH_ANSWER)
    assert await distant.calls.find(OURS, "c1") == joined
    types = [notice.type for _, notice in await StoredNotices(distant.database).after(OURS, 0)]
    assert types.count("call.originator.answered.v1") == 1


async def ended_as_forsaken(world: World, call_id: str) -> bool:
    call = await world.calls.find(OURS, call_id)
    return call is not None and call.state is State.ENDED and (call.result and call.result.detail) == FORSAKEN


async def test_a_placement_nobody_heard_of_holds_its_agent_no_longer_than_until_the_next(
    wire: Wire, distant: World
) -> None:
    wire.losses = 2
    with pytest.raises(StoreUnavailable):
        await distant.place("c1", named("c1", "1", "2"))
    assert (await distant.agent("1")).call_id == "c1", "it had been stored: else this proves nothing"
    second = await distant.place("c2", named("c2", "1", "2"), NOW + 1)
    assert await ended_as_forsaken(distant, "c1")
    assert await distant.calls.live_calls(SWITCH) == [second]


async def test_a_placement_whose_asker_went_away_holds_its_agent_no_longer_than_until_the_next(
    wire: Wire, distant: World
) -> None:
    wire.committed.clear()
    wire.through.clear()
    placing = asyncio.create_task(distant.place("c1"))
    await wire.committed.wait()
    placing.cancel()
    await asyncio.wait([placing])
    wire.through.set()
    await distant.place("c2")
    assert await ended_as_forsaken(distant, "c1")
    assert (await distant.agent("1")).call_id == "c2"


async def test_a_call_that_was_started_is_never_taken_for_forsaken(wire: Wire, distant: World) -> None:
    first = await distant.place("c1")
    wire.losses = 2
    with pytest.raises(StoreUnavailable):
        await distant.place("c2", named("c2", "2"))
    with pytest.raises(AgentBusy):
        await distant.place("c3")
    assert await distant.calls.find(OURS, "c1") == first
    assert await ended_as_forsaken(distant, "c2")


async def test_reading_never_waits_for_a_commit(wire: Wire, distant: World) -> None:
    call = await distant.place("c1")
    wire.through.clear()
    wire.committed.clear()
    saving = asyncio.create_task(distant.tell(call, *BOTH_ANSWER[:1]))
    await wire.committed.wait()
    assert await distant.calls.find(OURS, "c1") is not None
    assert await distant.database.answers()
    wire.through.set()
    await saving


async def test_build_may_run_again_and_gives_the_same_call(wire: Wire, distant: World) -> None:
    """The transaction failed before it was committed: nothing is there yet, and all of it is made anew."""
    built: list[Call] = []
    broke: list[bool] = []

    def build(reserved: object) -> Call:
        built.append(planner(named("c1"))(reserved))  # type: ignore[arg-type]
        if not broke:
            broke.append(True)
            raise ConnectionResetError
        return built[-1]

    call = await distant.calls.place(named("c1"), build, NOW)
    assert built == [call, call]
    assert await distant.calls.live_calls(SWITCH) == [call]
    assert await placed_once(distant)


async def test_a_statement_that_is_wrong_is_a_fault_and_no_outage(database: Database) -> None:
    for asks in (database.read, database.write):
        with pytest.raises(Exception, match="no_such_table") as raised:
            await asks(lambda connection: connection.execute(text("SELECT * FROM no_such_table")))
        assert not isinstance(raised.value, StoreUnavailable)
