"""Recordings in the database: found by everything they may be searched by, in their own account only."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest

from outdial.calls.directory import InUse
from outdial.calls.recording_store import AccountKey, Change, RecordingFilter
from outdial.domain.ledger import Kind, Record
from outdial.domain.legs import Side
from outdial.domain.notice_types import TYPES
from outdial.domain.notices import call_data
from outdial.domain.recordings import DAY_MS, CallRecording, Foreseen, Hold, KeptFile, KeptRecording, SpoolFile, State
from outdial.storage.database import Database, open_database
from outdial.storage.ledger import StoredLedger
from outdial.storage.outbox import StoredNotices
from outdial.storage.recordings import StoredRecordings
from support.stored import OURS, THEIRS, World


def recording(call_id: str, account: str = "ours", **changes: object) -> CallRecording:
    whole = CallRecording(
        call_id, account, "1", 1_000, (SpoolFile(Side.AGENT, 1_000),), groups=("030", "200"), ended_at=9_000
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def ids(found: object) -> list[str]:
    return [kept.id for kept in found]  # type: ignore[attr-defined]


@pytest.fixture
def store(database: Database) -> StoredRecordings:
    return StoredRecordings(database)


SEARCHES = {
    "call": (RecordingFilter(call_id="c2"), ["c2"]),
    "agent": (RecordingFilter(agent_id="2"), ["c2"]),
    "called agent": (RecordingFilter(agent_id="7"), ["c3"]),
    "group": (RecordingFilter(group_id="400"), ["c3"]),
    "number": (RecordingFilter(number="+442079460123"), ["c1"]),
    "reference": (RecordingFilter(reference="case 5"), ["c2"]),
    "from": (RecordingFilter(started_from=2_000), ["c3", "c2"]),
    "to": (RecordingFilter(started_to=2_000), ["c1"]),
    "after": (RecordingFilter(before="c3"), ["c2", "c1"]),
    "limit": (RecordingFilter(limit=1), ["c3"]),
    "nothing": (RecordingFilter(agent_id="2", group_id="400"), []),
    "an unknown cursor": (RecordingFilter(before="c9"), []),
}


@pytest.mark.parametrize(("wanted", "expected"), SEARCHES.values(), ids=SEARCHES)
async def test_a_search_finds_what_matches_newest_first(
    store: StoredRecordings, wanted: RecordingFilter, expected: list[str]
) -> None:
    await store.add(recording("c1", number="+442079460123"))
    await store.add(recording("c2", agent_id="2", reference="case 5", started_at=2_000))
    await store.add(recording("c3", called_agent_id="7", groups=("400",), started_at=3_000))

    assert ids(await store.search("ours", wanted)) == expected


async def test_no_account_sees_another(store: StoredRecordings) -> None:
    await store.add(recording("c1"))
    await store.add(recording("c1", account="theirs", agent_id="9"))

    assert [kept.recording.agent_id for kept in await store.search("ours", RecordingFilter())] == ["1"]
    assert await store.find("nobody", "c1") is None
    assert await store.change("nobody", "c1", lambda kept: (kept, ())) is None
    assert ids(await store.of_account("theirs", "", 10)) == ["c1"]
    found = await store.search("theirs", RecordingFilter(group_id="030"))
    assert [kept.recording.account for kept in found] == ["theirs"]


async def test_adding_twice_changes_nothing(store: StoredRecordings) -> None:
    await store.add(recording("c1"))
    await store.change("ours", "c1", lambda kept: (replace(kept, state=State.KEPT), ()))

    again = await store.add(recording("c1", agent_id="2"))

    assert (again.state, again.recording.agent_id, again.revision) == (State.KEPT, "1", 1)


async def test_what_is_foreseen_is_done_once_with_the_recordings_arrival(
    store: StoredRecordings, database: Database
) -> None:
    def foresee(seen: Foreseen) -> tuple[Foreseen, list[Record]] | None:
        if seen.holds:
            return None
        return replace(seen, holds=(Hold("case 7", 5),)), [Record(Kind.HELD, "ours", 5, "c1")]

    def arrive(kept: KeptRecording, seen: Foreseen) -> tuple[KeptRecording, list[Record]]:
        return replace(kept, holds=seen.holds), [Record(Kind.RELEASED, "ours", 6, "c1")]

    for _ in range(2):
        seen = await store.change_or_foresee("ours", "c1", lambda kept: (kept, ()), foresee)
        assert seen == Foreseen("ours", "c1", (Hold("case 7", 5),))
    assert isinstance(await store.change_or_foresee("theirs", "c1", lambda _: None, lambda _: None), Foreseen)

    for _ in range(2):
        assert (await store.add(recording("c1"), arrive)).holds == (Hold("case 7", 5),)
    assert (await store.add(recording("c1", account="theirs"), arrive)).holds == ()
    assert [entry.kind for entry in await StoredLedger(database).entries("ours", 0, 9)] == [Kind.HELD, Kind.RELEASED]
    assert isinstance(await store.change_or_foresee("ours", "c1", lambda _: None, foresee), KeptRecording)


async def test_what_would_be_found_by_something_else_is_named(store: StoredRecordings, database: Database) -> None:
    for call in ("c1", "c2", "c3"):
        await store.add(recording(call, number="+442079460123"))
    await store.change("ours", "c2", lambda kept: (replace(kept, state=State.KEPT), ()))
    assert await store.misfiled("ours", "", 9) == [("c1", None), ("c2", None), ("c3", None)]
    for statement in (
        "UPDATE recordings SET number = '1', held = true WHERE id = 'c1'",
        "DELETE FROM recording_groups WHERE recording_id = 'c2' AND group_id = '030'",
    ):
        await database.write(lambda c, statement=statement: c.exec_driver_sql(statement))  # type: ignore[misc]

    assert await store.misfiled("ours", "", 2) == [("c1", "held, number"), ("c2", "groups")]
    assert await store.misfiled("ours", "c2", 2) == [("c3", None)]
    assert await store.misfiled("theirs", "", 2) == []


async def test_a_change_and_its_entries_are_one_commit(store: StoredRecordings, database: Database) -> None:
    def refuse(kept: KeptRecording) -> tuple[KeptRecording, list[Record]]:
        return replace(kept, state=State.KEPT), [Record(Kind.KEPT, "theirs", 1), Record(Kind.KEPT, "ours", 1)]

    await store.add(recording("c1"))
    with pytest.raises(ValueError, match="one account"):
        await store.change("ours", "c1", refuse)
    assert await store.find("ours", "c1") == await store.change("ours", "c1", lambda _: None)

    await store.change("ours", "c1", lambda kept: (replace(kept, state=State.KEPT), [Record(Kind.KEPT, "ours", 1)]))

    found = await store.find("ours", "c1")
    assert found is not None
    assert found.state is State.KEPT
    assert [entry.kind for entry in await StoredLedger(database).entries("ours", 0, 9)] == ["file.kept"]


async def test_retention_applies_to_what_is_there_and_what_comes(store: StoredRecordings) -> None:
    await store.add(recording("c1"))
    await store.set_retention("ours", 2, [])
    await store.add(recording("c2", ended_at=20_000))
    await store.add(recording("c3", account="theirs"))
    states = [State.SPOOLED]

    assert await store.retention_days("ours") == 2
    assert await store.expired(states, 2 * DAY_MS, "", 9) == []
    assert ids(await store.expired(states, 2 * DAY_MS + 9_000, "", 9)) == ["c1"]
    assert ids(await store.expired(states, 2 * DAY_MS + 20_000, "", 9)) == ["c1", "c2"]
    await store.set_retention("ours", 0, [])
    assert await store.expired(states, 10**15, "", 9) == [], "0 days: for ever"


async def test_a_retention_is_set_for_any_number_of_recordings_without_touching_one(
    store: StoredRecordings, database: Database
) -> None:
    """Writing to each of a hundred thousand took seconds, in which nobody else's call could be stored."""
    for call in ("c1", "c2"):
        await store.add(recording(call))
    stored = "SELECT * FROM recordings ORDER BY id"
    before = await database.read(lambda c: c.exec_driver_sql(stored).all())

    await store.set_retention("ours", 7, [])

    assert await database.read(lambda c: c.exec_driver_sql(stored).all()) == before
    found = await store.search("ours", RecordingFilter())
    assert [kept.retain_until for kept in found] == [7 * DAY_MS + 9_000] * 2


async def test_what_is_being_deleted_was_to_be_kept_until_when_it_was(store: StoredRecordings) -> None:
    await store.add(recording("c1"))
    await store.set_retention("ours", 7, [])
    await store.change("ours", "c1", lambda kept: (replace(kept, state=State.DELETING), ()))

    await store.set_retention("ours", 30, [])

    (found,) = await store.of_account("ours", "", 9)
    assert found.retain_until == 7 * DAY_MS + 9_000


async def test_what_expires_comes_page_by_page_whatever_its_account_keeps(database: Database) -> None:
    store = StoredRecordings(database, 3)
    await store.set_retention("ours", 2, [])
    await store.set_retention("theirs", 1, [])
    for account in ("ours", "theirs", "others"):
        await store.add(recording(account, account))
        await store.add(recording(f"{account} cut short", account, started_at=500, ended_at=None))
    before = await store.expired([State.SPOOLED], DAY_MS + 8_999, "", 9)
    assert ids(before) == ["theirs cut short"]

    first = ids(await store.expired([State.SPOOLED], 10 * DAY_MS, "", 4))
    assert first == ["others", "others cut short", "ours", "ours cut short"]
    assert ids(await store.expired([State.SPOOLED], 10 * DAY_MS, first[-1], 4)) == ["theirs", "theirs cut short"]


async def test_an_accounts_retention_changes_no_other_accounts_recordings(store: StoredRecordings) -> None:
    await store.add(recording("c1"))
    await store.add(recording("c1", account="theirs"))

    await store.set_retention("ours", 1, [])

    expired = await store.expired([State.SPOOLED], 10**15, "", 9)
    assert [kept.recording.account for kept in expired] == ["ours"]
    assert await store.retention_days("theirs") == 0


async def test_a_default_retention_is_for_accounts_without_their_own(database: Database) -> None:
    store = StoredRecordings(database, 1)
    await store.set_retention("ours", 0, [])
    await store.add(recording("c1"))
    await store.add(recording("c2", account="theirs"))

    assert ids(await store.expired([State.SPOOLED], 10**15, "", 9)) == ["c2"]
    assert await store.retention_days("theirs") == 1


async def test_what_is_held_never_expires(store: StoredRecordings) -> None:
    await store.set_retention("ours", 1, [])
    await store.add(recording("c1"))
    await store.change("ours", "c1", lambda kept: (replace(kept, holds=(Hold("case 7", 1),)), ()))
    assert await store.expired([State.SPOOLED], 10**15, "", 9) == []

    await store.change("ours", "c1", lambda kept: (replace(kept, holds=()), ()))
    assert ids(await store.expired([State.SPOOLED], 10**15, "", 9)) == ["c1"]


async def test_keys_are_kept_by_generation_and_master(store: StoredRecordings) -> None:
    one, two = AccountKey("ours", 1, "1", "sealed", 5), AccountKey("ours", 2, "2", "sealed too", 6)
    assert await store.put_key(one, []) == one
    assert await store.put_key(two, []) == two

    assert await store.keys("ours") == [one, two]
    assert await store.keys("theirs") == []
    assert await store.keys_of_master("2") == [two]
    gone = replace(one, wrapped="", destroyed_at=9)
    await store.put_key(gone, [])
    assert await store.keys("ours") == [gone, two]
    assert await store.keys_of_master(None) == [two]
    assert await store.put_key(replace(one, master="2"), []) == gone, "what was destroyed stays so"
    assert await store.keys("ours") == [gone, two]
    rival = AccountKey("ours", 2, "2", "another", 7)
    assert await store.put_key(rival, []) == two, "the first one to be there stays"


async def test_an_account_with_recordings_is_not_removed(world: World) -> None:
    store = StoredRecordings(world.database)
    await store.add(recording("c1", account=OURS))
    with pytest.raises(InUse, match="account ours has recordings; erase them first"):
        await world.directory.remove_account(OURS)
    await world.directory.remove_account(THEIRS)

    await store.change(OURS, "c1", lambda kept: (replace(kept, state=State.DELETED), ()))
    await world.directory.remove_account(OURS)
    assert await world.directory.accounts() == []


def keyed(key: str) -> KeptFile:
    return KeptFile(Side.AGENT, 1_000, 16_044, "a" * 64, 16_088, "b" * 64, key, 1)


async def test_a_destroyed_key_is_in_no_file_of_sqlite(tmp_path: Path, sqlite_template: Path) -> None:
    file, secret = shutil.copy(sqlite_template, tmp_path / "test.db"), "c2VjcmV0" * 200
    other = recording("c2", reference="something that keeps the pages in use " * 50)
    async with open_database(f"sqlite:///{file}") as database:
        store = StoredRecordings(database)
        for each in (recording("c1"), other):
            await store.add(each)
        await store.change("ours", "c1", lambda kept: (replace(kept, files=(keyed(secret),)), ()))
        assert b"c2VjcmV0" in tmp_path.joinpath("test.db-wal").read_bytes()

        await store.change("ours", "c1", lambda kept: (replace(kept, state=State.DELETING, files=(keyed(""),)), ()))

        for _ in range(1_000):
            if not tmp_path.joinpath("test.db-wal").stat().st_size:
                break
            await asyncio.sleep(0.01)
        for path in tmp_path.glob("test.db*"):
            assert b"c2VjcmV0" not in path.read_bytes(), path.name


def failing(*failures: str, then: Exception | None = None) -> Change:
    def change(kept: KeptRecording) -> tuple[KeptRecording, list[Record]]:
        if then is not None:
            raise then
        records = [Record(Kind.FAILED, OURS, 9_500, kept.id, None, {"what": what}) for what in failures]
        return replace(kept, state=State.FAILED), records

    return change


async def failures_told(world: World) -> list[tuple[str | None, object]]:
    notices = [notice for _, notice in await StoredNotices(world.database).after(OURS, 0)]
    return [(each.call_id, each.data) for each in notices if each.type == "call.recording.failed.v1"]


async def test_what_fails_while_a_recording_is_kept_is_told_in_the_same_commit(world: World) -> None:
    store, ended = StoredRecordings(world.database), await world.end(await world.place("c1"))
    await store.add(recording("c1", OURS))

    with StoredNotices(world.database).listening(OURS) as rung:
        rung.clear()
        await store.change(OURS, "c1", failing("it is too short", "a stranger was there"))
        assert rung.is_set()

    told = await failures_told(world)
    assert [call for call, _ in told] == ["c1", "c1"]
    assert told[0][1] == {**call_data(ended), "recording": {"legs": [], "paused": False, "failure": "it is too short"}}


async def test_a_change_that_is_undone_tells_nothing(world: World) -> None:
    store = StoredRecordings(world.database)
    await store.add(recording("c1", OURS))

    with pytest.raises(ValueError, match="undone"):
        await store.change(OURS, "c1", failing("it is too short", then=ValueError("undone")))

    assert await failures_told(world) == []


async def test_a_failure_is_told_although_its_call_is_forgotten(world: World) -> None:
    store = StoredRecordings(world.database)
    await store.add(recording("c1", OURS))
    await store.change(OURS, "c1", failing("it is too short"))

    ((call, data),) = await failures_told(world)
    assert call == "c1"
    jsonschema_rs.validate(TYPES["call.recording.failed.v1"].schema(), data)


async def test_nobody_is_told_for_an_account_that_is_no_more(store: StoredRecordings) -> None:
    await store.add(recording("c1", OURS))

    changed = await store.change(OURS, "c1", failing("it is too short"))

    assert changed is not None
    assert changed.state is State.FAILED
