"""Where commits are made: on the event loop as long as the disk is quick, in a thread when it is not."""

import threading
from pathlib import Path

import pytest

from outdial.storage import engines
from outdial.storage.database import open_database
from outdial.storage.engines import TRUSTED_AFTER, Disk
from support.stored import furnished, named


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def commit(self, milliseconds: float) -> None:
        self.seconds += milliseconds / 1000


def test_a_disk_is_quick_once_it_has_been_for_a_while_and_no_longer_than_that() -> None:
    clock = Clock()
    disk = Disk(clock)
    for _ in range(TRUSTED_AFTER):
        assert not disk.is_quick
        disk.timed(lambda: clock.commit(0.2))
    assert disk.is_quick
    disk.timed(lambda: clock.commit(2.5))
    assert not disk.is_quick


def test_a_commit_that_fails_says_nothing_of_the_disk() -> None:
    def fail() -> None:
        raise OSError("disk full")

    clock = Clock()
    disk = Disk(clock)
    for _ in range(TRUSTED_AFTER):
        disk.timed(lambda: clock.commit(0.2))
    with pytest.raises(OSError, match="full"):
        disk.timed(fail)
    assert disk.is_quick


@pytest.mark.parametrize(("quick", "where"), [(True, "MainThread"), (False, "database-writer_0")])
async def test_a_slow_disk_is_waited_for_elsewhere(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, quick: bool, where: str
) -> None:
    threads: list[str] = []
    timed = Disk.timed

    def noted(disk: Disk, commit: object) -> None:
        threads.append(threading.current_thread().name)
        timed(disk, commit)  # type: ignore[arg-type]

    monkeypatch.setattr(engines, "QUICK_SECONDS", 60 if quick else 0)
    monkeypatch.setattr(engines, "TRUSTED_AFTER", 1)
    monkeypatch.setattr(Disk, "timed", noted)
    (tmp_path / "test.db").write_bytes(sqlite_template.read_bytes())
    async with open_database(f"sqlite:///{tmp_path / 'test.db'}") as database:
        world = await furnished(database)
        await world.place("c1", named("c1", "1"))
        await world.place("c2", named("c2", "2"))
        assert len(await world.calls.live_calls("main")) == 2
    assert threads[-1] == where
