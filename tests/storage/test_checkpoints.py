"""SQLite's log is taken over into its file beside the commits, and begun anew when it is long."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from outdial.storage import checkpoints as module
from outdial.storage.checkpoints import Checkpoints


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def writer(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE written (what)")
    yield connection
    connection.close()


@pytest.fixture
def engine(file: Path) -> Engine:
    return create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False, "timeout": 0})


def write(writer: sqlite3.Connection, checkpoints: Checkpoints, times: int) -> None:
    for _ in range(times):
        writer.execute("INSERT INTO written VALUES (zeroblob(5000))")
        checkpoints.committed()


def test_the_log_is_taken_over_after_so_many_commits(
    file: Path, writer: sqlite3.Connection, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY_COMMITS", 10)
    checkpoints = Checkpoints(engine)
    before = file.stat().st_size
    write(writer, checkpoints, 9)
    assert file.stat().st_size == before
    write(writer, checkpoints, 1)
    checkpoints.close()
    assert file.stat().st_size >= before + 10 * 5000


@pytest.mark.parametrize(("longest", "begun_anew"), [(5, True), (8_000, False)])
def test_a_log_that_is_long_is_begun_anew_even_while_it_is_written(
    writer: sqlite3.Connection, engine: Engine, monkeypatch: pytest.MonkeyPatch, longest: int, begun_anew: bool
) -> None:
    monkeypatch.setattr(module, "EVERY_COMMITS", 10)
    monkeypatch.setattr(module, "LONG_LOG", longest)
    asked: list[str] = []

    @event.listens_for(engine, "connect")
    def watch(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(asked.append)

    checkpoints = Checkpoints(engine)
    write(writer, checkpoints, 10)
    checkpoints.close()
    assert ("PRAGMA wal_checkpoint(RESTART)" in asked) is begun_anew


def test_a_reader_who_stays_holds_nobody_up(
    file: Path, writer: sqlite3.Connection, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY_COMMITS", 10)
    monkeypatch.setattr(module, "LONG_LOG", 5)
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN").execute("SELECT count(*) FROM written").fetchall()
    before = file.stat().st_size
    checkpoints = Checkpoints(engine)
    write(writer, checkpoints, 10)
    checkpoints.close()
    assert file.stat().st_size == before
    assert writer.execute("SELECT count(*) FROM written").fetchone() == (10,)
    reader.close()


def test_the_log_is_emptied_as_soon_as_nobody_reads_from_it(
    file: Path, writer: sqlite3.Connection, engine: Engine
) -> None:
    log = file.with_name("test.db-wal")
    reader = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN").execute("SELECT count(*) FROM written").fetchall()
    checkpoints = Checkpoints(engine)
    write(writer, checkpoints, 10)
    tried = threading.Event()
    empty = checkpoints._empty

    def watched() -> bool:
        done = empty()
        tried.set()
        return done

    checkpoints._empty = watched  # type: ignore[method-assign]
    checkpoints.empty_soon()
    tried.wait()
    assert log.stat().st_size > 0
    reader.close()
    assert checkpoints._under_way is not None
    checkpoints._under_way.result()
    assert log.stat().st_size == 0
    checkpoints.close()


def test_a_file_that_is_gone_is_for_the_commits_to_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_COMMITS", 1)
    checkpoints = Checkpoints(create_engine(f"sqlite:///{tmp_path / 'no' / 'test.db'}"))
    checkpoints.committed()
    checkpoints.close()
