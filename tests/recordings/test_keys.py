"""Keys are renewed without touching a file, and destroyed so that nothing can be read again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outdial.calls.recording_library import Selection
from outdial.calls.recording_store import AccountKey
from outdial.data_directory import DataDirectoryError
from outdial.domain.ledger import Record
from outdial.domain.legs import Side
from outdial.domain.recordings import State
from outdial.master_keys import MasterKeyFiles
from outdial.recordings.keeper import AT_ONCE
from outdial.recordings.keys import KeyMissing, unwrap, wrap
from support.vault import TONES, Vault, recording_of, tone, wav_of

WHOLE = {side: wav_of(tone(TONES[side], 300)) for side in Side}


async def record(vault: Vault, *calls: str, account: str = "ours") -> None:
    for call in calls:
        await vault.kept(replace(recording_of(call, ms=300), account=account))


async def test_an_account_key_is_renewed_and_the_old_one_destroyed(vault: Vault) -> None:
    await record(vault, "c1", "c2")
    before = [(vault.folder / "kept" / name).read_bytes() for name in vault.files()]

    assert await vault.keys.renew_account("ours", "operator boss") == 2

    assert [(key.generation, bool(key.wrapped)) for key in await vault.store.keys("ours")] == [(1, False), (2, True)]
    assert [(vault.folder / "kept" / name).read_bytes() for name in vault.files()] == before, "no file was touched"
    for call in ("c1", "c2"):
        for side in Side:
            assert await vault.heard(recording_of(call), side) == WHOLE[side]
    assert [kind for kind in await vault.kinds() if kind.startswith("key")] == [
        "key.rotated",
        "key.rotated",
        "key.destroyed",
    ]


async def test_recordings_that_are_made_while_a_key_is_renewed_stay_readable(vault: Vault) -> None:
    await record(vault, "c0")

    await asyncio.gather(
        *(record(vault, f"c{number}") for number in range(1, 9)),
        *(vault.keys.renew_account("ours", None) for _ in range(3)),
    )

    for number in range(9):
        assert await vault.heard(recording_of(f"c{number}"), Side.AGENT) == WHOLE[Side.AGENT]


async def test_the_master_key_is_renewed_for_every_account(vault: Vault) -> None:
    await record(vault, "c1")
    await record(vault, "c2", account="theirs")

    assert await vault.keys.renew_master("operator boss") == 2

    assert [path.name for path in (vault.folder / "keys").iterdir()] == ["master-2.key"]
    assert await vault.heard(recording_of("c1"), Side.AGENT) == WHOLE[Side.AGENT]
    assert await vault.heard(replace(recording_of("c2"), account="theirs"), Side.PARTY) == WHOLE[Side.PARTY]


async def test_a_destroyed_account_key_makes_all_of_it_unreadable_and_nothing_else(vault: Vault) -> None:
    await record(vault, "c1")
    await record(vault, "c2", account="theirs")

    async with vault.keys.steady("ours"):
        assert await vault.keys.destroy_account("ours", "operator boss") == 1

    with pytest.raises(KeyMissing, match="key 1 of account ours was destroyed"):
        await vault.heard(recording_of("c1"), Side.AGENT)
    assert await vault.heard(replace(recording_of("c2"), account="theirs"), Side.PARTY) == WHOLE[Side.PARTY]
    await record(vault, "c3")
    assert await vault.heard(recording_of("c3"), Side.AGENT) == WHOLE[Side.AGENT], "what comes has a key of its own"


async def test_an_account_whose_keys_are_held_steady_keeps_no_other_from_being_kept(vault: Vault) -> None:
    """As an erasure of many thousand does: its own new recordings wait for it, in nobody's way."""
    ours = [recording_of(f"c{number}", ms=300) for number in range(2 * AT_ONCE)]
    async with vault.keys.steady("ours"):
        for recording in ours:
            await vault.write(recording)
            await vault.keeper.finish(recording)
        async with asyncio.timeout(60):
            await record(vault, "t1", account="theirs")

        waiting = [await vault.store.find("ours", recording.call_id) for recording in ours]
        assert {kept.state for kept in waiting if kept is not None} == {State.SPOOLED}
    for recording in ours:
        assert (await vault.rests(recording)).state is State.KEPT


async def test_a_missing_master_key_is_named(vault: Vault) -> None:
    await record(vault, "c1")
    (vault.folder / "keys" / "master-1.key").unlink()

    with pytest.raises(KeyMissing, match="master key 1 is missing; restore it"):
        await vault.heard(recording_of("c1"), Side.AGENT)


async def test_keys_of_two_recordings_can_not_be_exchanged(vault: Vault) -> None:
    await record(vault, "c1", "c2")
    other = await vault.store.find("ours", "c2")
    assert other is not None
    await vault.store.change("ours", "c1", lambda kept: (replace(kept, files=other.files), ()))

    with pytest.raises(KeyMissing, match="was changed, or sealed with another key"):
        await vault.heard(recording_of("c1"), Side.AGENT)


def test_a_wrapped_key_opens_for_its_use_only() -> None:
    wrapped = wrap(b"k" * 32, b"m" * 32, "file a")

    assert unwrap(wrapped, b"m" * 32, "file a") == b"k" * 32
    for by, context in ((b"n" * 32, "file a"), (b"m" * 32, "file b")):
        with pytest.raises(KeyMissing):
            unwrap(wrapped, by, context)


async def test_the_files_of_a_deleted_recording_have_no_keys(vault: Vault) -> None:
    await record(vault, "c1")
    kept = await vault.store.change(
        "ours", "c1", lambda kept: (replace(kept, files=tuple(replace(f, wrapped_key="") for f in kept.files)), ())
    )
    assert kept is not None
    assert kept.state is State.KEPT
    with pytest.raises(KeyMissing, match="the key of the agent's leg of recording c1 was destroyed"):
        await vault.heard(recording_of("c1"), Side.AGENT)
    await vault.keys.renew_account("ours", None)


def test_master_keys_are_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    keys = MasterKeyFiles(tmp_path / "keys")
    first = keys.key("1")

    assert keys.newest == "1"
    assert first is not None
    assert len(first) == 32
    assert keys.add() == "2"
    assert MasterKeyFiles(tmp_path / "keys").newest == "2"
    assert MasterKeyFiles(tmp_path / "keys").key("1") == first
    assert keys.key("3") is None
    assert keys.key("../../etc/passwd") is None
    keys.remove("1")
    assert keys.key("1") is None
    (tmp_path / "keys" / "master-2.key").chmod(0o644)
    with pytest.raises(DataDirectoryError, match="readable by its owner only"):
        MasterKeyFiles(tmp_path / "keys")


async def test_a_key_that_is_destroyed_while_the_master_key_is_renewed_stays_so(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(vault, "c1")
    await record(vault, "z1", account="theirs")
    put, certificates = vault.store.put_key, list[dict[str, Any]]()

    async def meanwhile(key: AccountKey, records: Sequence[Record]) -> AccountKey:
        if key.account == "ours":
            whole = Selection(whole_account=True)
            certificates.append(await vault.library.erase("theirs", whole, "closed", "operator boss"))
        return await put(key, records)

    monkeypatch.setattr(vault.store, "put_key", meanwhile)
    assert await vault.library.renew_master_key("operator boss") == 1

    assert [certificate["accountKeys"] for certificate in certificates] == ["destroyed"]
    assert [bool(key.wrapped) for key in await vault.store.keys("theirs")] == [False]
    assert await vault.heard(recording_of("c1"), Side.AGENT) == WHOLE[Side.AGENT]


async def test_an_accounts_old_key_does_not_come_back_while_both_are_renewed(vault: Vault) -> None:
    accounts = [f"acc{number}" for number in range(4)]
    for account in accounts:
        await record(vault, f"{account}c", account=account)

    for _ in range(5):
        await asyncio.gather(
            vault.keys.renew_master("op"), *(vault.keys.renew_account(account, "op") for account in accounts)
        )
        for account in accounts:
            assert len([key for key in await vault.store.keys(account) if key.wrapped]) == 1
            recording = replace(recording_of(f"{account}c"), account=account)
            assert await vault.heard(recording, Side.AGENT) == WHOLE[Side.AGENT]


async def test_the_master_key_is_renewed_twice_at_once(vault: Vault) -> None:
    accounts = [f"acc{number}" for number in range(6)]
    for account in accounts:
        await record(vault, f"{account}c", account=account)

    assert await asyncio.gather(vault.keys.renew_master("op"), vault.keys.renew_master("op")) == [6, 6]

    assert [path.name for path in (vault.folder / "keys").iterdir()] == ["master-3.key"]
    for account in accounts:
        recording = replace(recording_of(f"{account}c"), account=account)
        assert await vault.heard(recording, Side.AGENT) == WHOLE[Side.AGENT]


async def test_an_accounts_first_key_that_is_on_record_late_is_sealed_anew_too(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(vault, "c1")
    put, asked, committed = vault.store.put_key, asyncio.Event(), asyncio.Event()

    async def late(key: AccountKey, records: Sequence[Record]) -> AccountKey:
        if key.account == "new" and not asked.is_set():
            asked.set()
            await committed.wait()
        return await put(key, records)

    monkeypatch.setattr(vault.store, "put_key", late)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(record(vault, "n1", account="new"))
        await asked.wait()
        tasks.create_task(vault.keys.renew_master("op"))
        for _ in range(100):
            await asyncio.sleep(0)
        committed.set()

    assert await vault.heard(replace(recording_of("n1"), account="new"), Side.AGENT) == WHOLE[Side.AGENT]
