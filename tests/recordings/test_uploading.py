"""From the local disk to the object store: verified before the local copy goes; whenever the process dies, and
however long the store is away, nothing is lost and nothing is done twice that shows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from outdial.calls.recording_library import Finding
from outdial.domain.legs import Side
from outdial.domain.recordings import DAY_MS, State
from outdial.recordings.objects import Objects
from support.chains import faults
from support.s3 import ObjectStore
from support.vault import TONES, Vault, recording_of, tone, wav_of, working

NAMES = ["vault/ours/2025/11/24/c1/agent.sealed", "vault/ours/2025/11/24/c1/party.sealed"]


class Killed(BaseException):
    """The process dies here."""


class Killer:
    """Counts what a vault does to the world outside, and kills it before or after one of these doings."""

    def __init__(self, vault: Vault, at: int, after: bool) -> None:
        self.done: list[str] = []
        self._at, self._after = at, after
        for part, names in (
            (vault.store, ("add", "change", "put_key")),
            (vault.local, ("write", "delete")),
            (vault.objects, ("upload", "digest")),
            (vault.spool, ("destroy",)),
        ):
            for name in names:
                setattr(part, name, self._wrapped(name, getattr(part, name)))

    def _wrapped(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            self._count(name, after=False)
            result = do(*given)
            if asyncio.iscoroutine(result):
                return self._awaited(name, result)
            self._count(name, after=True)
            return result

        return counted

    async def _awaited(self, name: str, doing: Awaitable[Any]) -> Any:
        result = await doing
        self._count(name, after=True)
        return result

    def _count(self, name: str, *, after: bool) -> None:
        if not after:
            self.done.append(name)
        if after == self._after and len(self.done) == self._at + 1:
            raise Killed


def vault_like(vault: Vault, store: ObjectStore, **changes: Any) -> Vault:
    return Vault(vault.folder, vault.database, store.bucket, **changes)


async def check_all_is_well(vault: Vault, store: ObjectStore) -> None:
    recording = recording_of("c1")
    found = await vault.store.find("ours", "c1")
    assert found is not None
    assert found.state is State.REMOTE
    assert store.names() == NAMES
    assert (vault.files(), vault.files("spool")) == ([], [])
    for side in Side:
        assert await vault.heard(recording, side) == wav_of(tone(TONES[side], 2_000))
    kinds = await vault.kinds("c1")
    assert kinds == ["file.kept"] * 2 + ["file.uploaded"] * 2
    assert faults(await vault.ledger.entries("ours", 0, 99), await vault.ledger.head("ours")) == []


async def test_it_is_uploaded_verified_and_then_removed_here(still: Vault, object_store: ObjectStore) -> None:
    async with working(vault_like(still, object_store)) as vault:
        await vault.write(recording_of("c1"))
        await vault.keeper.finish(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)

        await check_all_is_well(vault, object_store)


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
async def test_a_kill_at_any_step_loses_nothing(still: Vault, object_store: ObjectStore, after: bool) -> None:
    recording, at, names = recording_of("c1"), 0, []
    while True:
        folder = still.folder.with_name(f"run-{after}-{at}")
        first = Vault(folder, still.database, object_store.bucket)
        killer = Killer(first, at, after)
        await first.write(recording)
        task = asyncio.create_task(first.keeper.run())
        await asyncio.sleep(0)
        await first.keeper.finish(recording)
        await asyncio.wait(
            [task, asyncio.ensure_future(first.rests(recording, State.REMOTE))], return_when="FIRST_COMPLETED"
        )
        was_killed = task.done()
        if was_killed:
            with pytest.raises(BaseExceptionGroup) as died:
                await task
            assert died.value.subgroup(Killed), died.value
        else:
            names = killer.done
            task.cancel()

        second = Vault(folder, still.database, object_store.bucket)
        async with working(second):
            await second.keeper.sweep([])
            await second.rests(recording, State.REMOTE)
            await second.keeper.sweep([])
            await check_all_is_well(second, object_store)
        if not was_killed:
            break
        at += 1
        await forget(still, object_store)

    assert at == len(names)
    assert {"add", "change", "put_key", "write", "delete", "upload", "digest", "destroy"} == set(names)


async def forget(vault: Vault, store: ObjectStore) -> None:
    """Begin anew with an empty database and bucket."""
    for table in ("recordings", "recording_groups", "recording_keys", "ledger_heads"):
        await vault.database.write(lambda c, table=table: c.exec_driver_sql(f"DELETE FROM {table}"))
    await vault.database.write(lambda c: c.exec_driver_sql("DROP TRIGGER IF EXISTS ledger_guard_delete"))
    await vault.database.write(lambda c: c.exec_driver_sql("DELETE FROM ledger"))
    for name in store.names():
        store.client().delete_object(Bucket=store.name, Key=name)


async def test_an_object_store_that_is_away_harms_nothing(still: Vault, object_store: ObjectStore) -> None:
    object_store.stop()
    attempts: list[int] = []

    def patience(attempt: int) -> float:
        attempts.append(attempt)
        return 0.01

    async with working(vault_like(still, object_store, patience=patience)) as vault:
        recording = recording_of("c1")
        await vault.kept(recording)
        while len(attempts) < 3:
            await vault.rests(recording)
            await asyncio.sleep(0.01)
        waiting = await vault.rests(recording)

        assert waiting.state is State.UPLOADING
        assert "the object store http://127.0.0.1" in vault.keeper.troubles["ours", "c1"]
        assert "test-secret" not in vault.keeper.troubles["ours", "c1"]
        for side in Side:
            assert await vault.heard(recording, side) == wav_of(tone(TONES[side], 2_000)), "still read from here"

        object_store.start()
        await vault.rests(recording, State.REMOTE)
        await check_all_is_well(vault, object_store)
        assert vault.keeper.troubles == {}
    assert attempts[:3] == [1, 2, 3]


async def test_others_are_kept_while_the_object_store_is_away(still: Vault, object_store: ObjectStore) -> None:
    object_store.stop()
    async with working(vault_like(still, object_store, patience=lambda _: 60)) as vault:
        for number in range(12):
            await vault.kept(recording_of(f"c{number}", [Side.AGENT], ms=100))

        kept = await vault.store.in_state([State.UPLOADING], "", 99)
        assert len(kept) == 12
        object_store.start()
        for number in range(12):
            vault.keeper.wake("ours", f"c{number}")
            await vault.rests(recording_of(f"c{number}"), State.REMOTE)


async def test_a_store_that_gives_back_something_else_is_not_believed(
    still: Vault, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, spoilt = Objects.upload, []

    async def spoiling(self: Objects, name: str, path: Any) -> None:
        await upload(self, name, path)
        if name not in spoilt:
            spoilt.append(name)
            body = bytearray(path.read_bytes())
            body[100] ^= 1
            object_store.client().put_object(Bucket=object_store.name, Key=f"vault/{name}", Body=bytes(body))

    monkeypatch.setattr(Objects, "upload", spoiling)
    troubles: list[str] = []
    async with working(vault_like(still, object_store)) as vault:
        vault.keeper._patience = lambda _: troubles.append(vault.keeper.troubles["ours", "c1"]) or 0.01  # type: ignore[func-returns-value]
        await vault.kept(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)

        assert troubles == [
            f"the object store gave back something else than it was given for {name.removeprefix('vault/')}"
            for name in NAMES
        ]
        await check_all_is_well(vault, object_store)


async def test_what_was_kept_before_an_object_store_was_set_up_is_uploaded_too(
    still: Vault, object_store: ObjectStore
) -> None:
    async with working(still):
        await still.kept(recording_of("c1"))

    async with working(vault_like(still, object_store)) as vault:
        await vault.rests(recording_of("c1"), State.REMOTE)
        await check_all_is_well(vault, object_store)


async def test_without_the_object_store_it_needs_a_recording_says_so(still: Vault, object_store: ObjectStore) -> None:
    async with working(vault_like(still, object_store)) as vault:
        await vault.kept(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)

    with pytest.raises(Exception, match="is in the object store, and none is configured"):
        await still.heard(recording_of("c1"), Side.AGENT)


async def test_what_is_in_an_object_store_that_is_not_set_up_any_more_can_not_be_verified(
    still: Vault, object_store: ObjectStore
) -> None:
    async with working(vault_like(still, object_store)) as vault:
        await vault.kept(recording_of("c1", [Side.AGENT]))
        await vault.rests(recording_of("c1"), State.REMOTE)

    said = "recording c1 is in the object store, and none is configured"
    assert [
        (found.code, found.detail) async for found in still.library.verify(None, {}) if isinstance(found, Finding)
    ] == [("unreadable-file", said)]


async def test_retention_destroys_the_keys_of_what_is_in_an_object_store_that_is_not_set_up_any_more(
    still: Vault, object_store: ObjectStore
) -> None:
    async with working(vault_like(still, object_store)) as vault:
        await vault.store.set_retention("ours", 1, [])
        await vault.kept(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)

    still.clock.at += 10 * DAY_MS
    async with working(still):
        await still.keeper.expire()
        gone = await still.rests(recording_of("c1"), State.DELETING)
    assert [file.wrapped_key for file in gone.files] == ["", ""]
    assert object_store.names() == NAMES, "nobody could remove them"

    async with working(vault_like(still, object_store)) as vault:
        await vault.rests(recording_of("c1"), State.DELETED)
    assert object_store.names() == []


async def test_retention_deletes_nothing_that_is_not_verified_there(still: Vault, object_store: ObjectStore) -> None:
    object_store.stop()
    async with working(vault_like(still, object_store, patience=lambda _: 60)) as vault:
        await vault.store.set_retention("ours", 1, [])
        await vault.kept(recording_of("c1"))
        vault.clock.at += 10 * 24 * 3_600_000

        await vault.keeper.expire()

        found = await vault.rests(recording_of("c1"))
        assert found.state is State.UPLOADING
        object_store.start()
        vault.keeper.wake("ours", "c1")
        await vault.rests(recording_of("c1"), State.REMOTE)
        await vault.keeper.expire()
        gone = await vault.rests(recording_of("c1"), State.DELETED)

        assert object_store.names() == []
        assert (await vault.kinds("c1"))[-1] == "recording.expired"
        assert [file.wrapped_key for file in gone.files] == ["", ""]
        assert (gone.recording.number, gone.recording.reference) == (None, None)
        assert gone == replace(gone, deleted_at=vault.clock.at)
