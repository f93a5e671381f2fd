"""One damaged value in the database is named, and keeps nothing from being done for every other recording."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from outdial.calls.recording_library import Finding, Selection, Verified
from outdial.calls.recording_store import RecordingFilter
from outdial.calls.recordings import Damaged, RecordDamaged
from outdial.domain.recordings import DAY_MS, State, UnreadableRecord
from outdial.recordings.keys import KeyMissing
from recordings.test_keys import WHOLE, record
from recordings.test_verifying import findings, sql, verified
from support.vault import Side, Vault, recording_of, working

Edit = Callable[[dict[str, Any]], object]


async def edit(vault: Vault, change: Edit, call: str = "c1") -> None:
    """What somebody does to the text of a record."""
    rows = await vault.database.read(
        lambda c: c.exec_driver_sql(f"SELECT data FROM recordings WHERE id = '{call}'").all()
    )
    data = json.loads(rows[0][0])
    change(data)
    await sql(vault, f"UPDATE recordings SET data = '{json.dumps(data)}' WHERE id = '{call}'")


UNREADABLE: dict[str, tuple[Edit, str]] = {
    "nothing in it": (lambda data: data.clear(), "recording: Field required"),
    "half a hold": (lambda data: data.update(holds=[{"matter": "m"}]), "holds.0.placed_at: Field required"),
    "a time that there is not": (lambda data: data["recording"].update(started_at=10**18), "it names a time that"),
    "a time before all": (lambda data: data["recording"].update(started_at=-(10**15)), "it names a time that"),
    "another account": (lambda data: data["recording"].update(account="../x"), "it says that it is of another"),
    "another call": (lambda data: data["recording"].update(call_id="c2"), "it says that it is of another"),
}


@pytest.fixture
async def three(vault: Vault) -> Vault:
    """Two recordings of one account, of which c1 is to be damaged, and one of another that comes after it."""
    await record(vault, "c1", "c2")
    await record(vault, "z1", account="theirs")
    return vault


@pytest.mark.parametrize(("change", "why"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_record_that_can_not_be_read_is_named_and_all_others_are_looked_at(
    three: Vault, change: Edit, why: str
) -> None:
    await edit(three, change)
    theirs = three.folder / "kept/theirs/2025/11/24/z1/agent.sealed"
    theirs.unlink()

    found = await verified(three)

    named, missing = (each for each in found if isinstance(each, Finding))
    assert (named.account, named.code, named.subject) == ("ours", "unreadable-record", "c1")
    assert named.detail.startswith(f"the record of recording c1 can't be read: {why}")
    assert "442079460123" not in named.detail
    assert (missing.account, missing.code) == ("theirs", "missing-file")
    assert [(each.account, each.recordings, each.files) for each in found if isinstance(each, Verified)] == [
        ("ours", 2, 2),
        ("theirs", 1, 2),
    ]


async def test_a_text_among_the_numbers_is_named_too(three: Vault) -> None:
    await sql(three, "UPDATE recordings SET retain_until = 'soon' WHERE id = 'c1'")

    assert [code for code, _, _ in await findings(three)] == ["unreadable-record"]


@pytest.mark.parametrize("wrapped", ["x", "é"])
async def test_a_files_key_that_is_no_key_is_named(three: Vault, wrapped: str) -> None:
    await edit(three, lambda data: data["files"][0].update(wrapped_key=wrapped))

    assert await findings(three) == [
        (
            "changed-file",
            "local disk: ours/2025/11/24/c1/agent.sealed",
            "the key of file ours/c1/agent/1 can't be opened: it was changed, or sealed with another key",
        )
    ]


async def test_an_accounts_key_that_is_no_key_is_named(three: Vault) -> None:
    await sql(three, "UPDATE recording_keys SET wrapped = 'x' WHERE account = 'ours'")

    assert {(code, detail) for code, _, detail in await findings(three)} == {
        ("changed-file", "the key of account ours/1 can't be opened: it was changed, or sealed with another key")
    }


async def test_a_name_that_no_file_can_have_is_named(three: Vault) -> None:
    await edit(three, lambda data: data["files"][0].update(set_aside="../x"))

    assert ("unreadable-record", "c1", "the record of recording c1 names no file that there could be") in (
        await findings(three)
    )


async def test_an_account_that_can_not_be_verified_at_all_keeps_no_other_from_being_so(three: Vault) -> None:
    await sql(three, "UPDATE recordings SET account = '../x' WHERE id = 'c1'")

    found = await verified(three)

    assert ("../x", "unreadable-record") in [(each.account, each.code) for each in found if isinstance(each, Finding)]
    assert [each.account for each in found if isinstance(each, Verified)][-2:] == ["ours", "theirs"]


async def test_what_can_not_be_read_is_told_of_among_what_is_found(three: Vault) -> None:
    await edit(three, lambda data: data.clear())

    found = await three.library.search("ours", RecordingFilter(), "me")

    assert [(each.id, type(each) is UnreadableRecord) for each in found] == [("c2", False), ("c1", True)]
    for asked in (three.library.find("ours", "c1", "me"), three.library.peaks("ours", "c1", None, 10, "me")):
        with pytest.raises(RecordDamaged, match="the record of recording c1 can't be read"):
            await asked


async def test_holds_and_erasures_reach_all_others_and_name_the_one_they_do_not(three: Vault) -> None:
    await edit(three, lambda data: data.clear())
    number = Selection(number="+442079460123")

    held = await three.library.hold("ours", number, "case 7", "me")
    released = await three.library.release("ours", number, "case 7", "me")
    certificate = await three.library.erase("ours", Selection(whole_account=True), "closed", "me")

    assert (held.recordings, held.unreadable) == (["c2"], ["c1"])
    assert (released.recordings, released.unreadable) == (["c2"], ["c1"])
    assert [each["recording"] for each in certificate["erased"]] == ["c2"]
    assert [each["recording"] for each in certificate["unreadable"]] == ["c1"]
    assert certificate["accountKeys"] == "kept", "it may be held"


@pytest.mark.parametrize(
    "change",
    [lambda data: data.clear(), lambda data: data["files"][0].update(wrapped_key="x")],
    ids=["no record", "no key"],
)
async def test_an_accounts_key_is_not_renewed_while_something_would_be_lost_with_it(three: Vault, change: Edit) -> None:
    await edit(three, change)
    before = await three.store.keys("ours")

    for _ in range(3):
        with pytest.raises(Damaged, match="c1"):
            await three.keys.renew_account("ours", "me")

    assert await three.store.keys("ours") == before, "no key more"
    await three.keys.renew_account("theirs", "me")


async def test_a_master_key_is_not_renewed_while_something_would_be_lost_with_it(three: Vault) -> None:
    await sql(three, "UPDATE recording_keys SET wrapped = 'x' WHERE account = 'ours'")

    for _ in range(3):
        with pytest.raises(KeyMissing, match="the key of account ours/1 can't be opened"):
            await three.keys.renew_master("me")

    assert [path.name for path in (three.folder / "keys").iterdir()] == ["master-1.key"], "no key more"
    assert await three.heard(replace(recording_of("z1"), account="theirs"), Side.AGENT) == WHOLE[Side.AGENT]


class Counting:
    """A watcher that counts what was stuck."""

    def __init__(self) -> None:
        self.stuck = list[str]()

    def recording_stuck(self, doing: str) -> None:
        self.stuck.append(doing)

    def recording_moved(self, state: State) -> None:
        pass

    def recording_failed(self, failures: int) -> None:
        pass


async def test_retention_passes_by_what_can_not_be_read_and_says_so_once(still: Vault) -> None:
    watcher = Counting()
    vault = Vault(still.folder, still.database, watcher=watcher)
    async with working(vault):
        await record(vault, "c1")
        await record(vault, "z1", account="theirs")
        for account in ("ours", "theirs"):
            await vault.store.set_retention(account, 1, [])
        await edit(vault, lambda data: data.clear())
        vault.clock.at += 10 * DAY_MS

        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                await vault.keeper.expire()

        await vault.rests(replace(recording_of("z1"), account="theirs"), State.DELETED)
    assert watcher.stuck == ["read"]
    assert [log["call"] for log in logs if log["event"] == "recording left alone"] == ["c1"]


async def test_what_can_not_be_read_keeps_no_other_from_being_taken_up_again(still: Vault) -> None:
    theirs = replace(recording_of("z1", ms=300), account="theirs")
    for recording in (recording_of("c1", ms=300), theirs):
        await still.write(recording)
        await still.store.add(recording)
    await edit(still, lambda data: data.clear())

    async with working(still):
        await still.rests(theirs, State.KEPT)

    assert "c1" in still.spool.ids(), "its audio is left where it is"
