"""An erasure that is interrupted comes to its end, and its certificate says all that it has erased."""

import json
from typing import Any

import pytest

from outdial.calls.recording_library import Finding, Selection
from outdial.domain.refusals import StoreUnavailable
from outdial.recordings.erasure import Signer, is_signed
from support.stored import World, furnished
from support.vault import Vault, recording_of

from .test_under_way import WHO, ended, recorded

NUMBER = Selection(number="+442079460123")


@pytest.fixture
async def world(vault: Vault) -> World:
    return await furnished(vault.database)


class Away:
    """A method of a store that fails at one of its calls, before or after what it does."""

    def __init__(self, of: Any, name: str, at: int, *, done: bool = False) -> None:
        self.of, self.name, self.real, self.at, self.done, self.called = of, name, getattr(of, name), at, done, 0

    async def __call__(self, *given: Any) -> Any:
        self.called += 1
        if self.called != self.at:
            return await self.real(*given)
        if self.done:
            await self.real(*given)
        raise StoreUnavailable


INTERRUPTIONS = [
    ("change_or_foresee", 1, False),
    ("change_or_foresee", 2, False),
    ("change_or_foresee", 2, True),
    ("change_or_foresee", 3, False),
    ("certify", 1, False),
]


async def interrupted(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, name: str, at: int, done: bool, selection: Selection = NUMBER
) -> None:
    of = vault.store if hasattr(vault.store, name) else vault.erasures
    away = Away(of, name, at, done=done)
    monkeypatch.setattr(of, name, away)
    with pytest.raises(StoreUnavailable):
        await vault.library.erase("ours", selection, "their wish", WHO)
    monkeypatch.setattr(of, name, away.real)


async def check(vault: Vault, certificate: dict[str, Any], under_way: list[str]) -> None:
    """It lists everything, the ledger names it and no other, and nothing is wrong or left to do."""
    assert sorted(each["recording"] for each in certificate["erased"]) == ["c1", "c2"]
    assert [each["recording"] for each in certificate["underWay"]] == under_way
    assert is_signed(certificate, Signer(bytes(32)).public_key)
    entries = [entry for entry in await vault.ledger.entries("ours", 0, 99) if "eras" in entry.kind]
    assert {json.loads(entry.data)["certificate"] for entry in entries} == {certificate["certificate"]}
    assert [entry.kind for entry in entries].count("erasure.certified") == 1
    assert await vault.library.certificates("ours", 9) == [certificate]
    assert await vault.erasures.unfinished() == []
    assert [each async for each in vault.library.verify(None, {}) if isinstance(each, Finding)] == []


@pytest.mark.parametrize(("name", "at", "done"), INTERRUPTIONS)
async def test_what_was_interrupted_is_completed_and_certified_without_being_asked_again(
    vault: Vault, world: World, monkeypatch: pytest.MonkeyPatch, name: str, at: int, done: bool
) -> None:
    call = await recorded(vault, world, "c3")
    for call_id in ("c1", "c2"):
        await vault.kept(recording_of(call_id))
    await interrupted(vault, monkeypatch, name, at, done)
    # What is recorded later was not asked for.
    await vault.kept(recording_of("c4"))

    await Vault(vault.folder, vault.database).erasing.finish_interrupted()
    (certificate,) = await vault.library.certificates("ours", 9)
    await vault.erasing.finish_interrupted()

    await ended(vault, world, call)
    await check(vault, certificate, ["c3"])
    assert (kept := await vault.store.find("ours", "c4")) is not None
    assert kept.recording.number is not None


@pytest.mark.parametrize(("name", "at", "done"), [each for each in INTERRUPTIONS if each[1] < 3])
async def test_asked_again_it_goes_on(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, name: str, at: int, done: bool
) -> None:
    for call_id in ("c1", "c2"):
        await vault.kept(recording_of(call_id))
    await interrupted(vault, monkeypatch, name, at, done)

    await check(vault, await vault.library.erase("ours", NUMBER, "their wish", WHO), [])


async def test_somebody_elses_interrupted_erasure_is_not_gone_on_with(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call_id in ("c1", "c2"):
        await vault.kept(recording_of(call_id))
    await interrupted(vault, monkeypatch, "certify", 1, done=False)

    another = await vault.library.erase("ours", Selection(number="+442079460999"), "their wish", WHO)
    assert another["erased"] == []


async def test_an_account_whose_erasure_was_interrupted_loses_its_keys_at_last(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call_id in ("c1", "c2"):
        await vault.kept(recording_of(call_id))
    await interrupted(vault, monkeypatch, "put_key", 1, done=False, selection=Selection(whole_account=True))
    assert [key.wrapped != "" for key in await vault.store.keys("ours")] == [True]

    await vault.erasing.finish_interrupted()
    (certificate,) = await vault.library.certificates("ours", 9)
    await check(vault, certificate, [])
    assert certificate["accountKeys"] == "destroyed"
    assert [key.wrapped for key in await vault.store.keys("ours")] == [""]


async def test_a_number_is_forgotten_with_the_certificate(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    await vault.kept(recording_of("c1"))
    await vault.library.erase("ours", NUMBER, "their wish", WHO)

    rows = await vault.database.read(lambda c: c.exec_driver_sql("SELECT * FROM recording_erasures").all())
    assert len(rows) == 1
    assert "442079460123" not in str(rows)
