"""Kept recordings as they are asked for: every access on record, holds that hold, erasures that can be proved."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from outdial.calls.recording_library import Finding, Form, Hearing, Selected, Selection
from outdial.calls.recording_store import RecordingFilter
from outdial.calls.recordings import Damaged, NothingToRead
from outdial.domain.legs import Side
from outdial.domain.recordings import State
from outdial.recordings import renditions, transitions
from outdial.recordings.erasure import Signer, hash_of, is_signed
from outdial.recordings.mixing import Mix
from outdial.recordings.opus import encoded
from outdial.recordings.places import name_of
from support.s3 import ObjectStore
from support.vault import START, Vault, recording_of, working

WHO = "client compliance"
DAY = 24 * 3_600_000


async def last_entry(vault: Vault, account: str = "ours") -> tuple[str, str | None, str | None, dict[str, object]]:
    entry = (await vault.ledger.entries(account, 0, 10_000))[-1]
    return entry.kind, entry.call_id, entry.who, json.loads(entry.data)


async def state_of(vault: Vault, call: str) -> State:
    found = await vault.store.find("ours", call)
    assert found is not None
    return found.state


async def clean(vault: Vault) -> bool:
    return not [found async for found in vault.library.verify(None, {}) if isinstance(found, Finding)]


async def test_every_access_is_in_the_ledger_with_who(vault: Vault) -> None:
    await vault.kept(recording_of("c1"))
    library = vault.library

    await library.find("ours", "c1", WHO)
    assert await last_entry(vault) == ("recording.accessed", "c1", WHO, {"what": "details"})
    await library.audio("ours", "c1", Hearing.MIXED, Form.WAV, WHO, "bytes=0-9")
    audio = {"what": "audio", "leg": "mixed", "format": "wav", "range": "bytes=0-9"}
    assert await last_entry(vault) == ("recording.accessed", "c1", WHO, audio)
    await library.peaks("ours", "c1", None, 10, WHO)
    assert await last_entry(vault) == ("recording.accessed", "c1", WHO, {"what": "peaks", "leg": "stereo"})
    await library.search("ours", RecordingFilter(number="+442079460123"), WHO)
    searched = {"what": "list", "by": ["number"], "found": 1}
    assert await last_entry(vault) == ("recording.accessed", None, WHO, searched), "by what, never for whom"


async def test_another_account_has_none_of_it(vault: Vault) -> None:
    await vault.kept(recording_of("c1"))
    library = vault.library

    assert await library.find("theirs", "c1", WHO) is None
    assert await library.audio("theirs", "c1", None, Form.WAV, WHO) is None
    assert await library.peaks("theirs", "c1", None, 10, WHO) is None
    assert await library.hold("theirs", Selection(call_id="c1"), "case 7", WHO) == Selected([], [])
    assert (await library.erase("theirs", Selection(call_id="c1"), "asked for", WHO))["erased"] == []
    assert await state_of(vault, "c1") is State.KEPT


async def test_what_was_not_recorded_can_not_be_heard(vault: Vault) -> None:
    await vault.kept(recording_of("c1", [Side.AGENT]))

    for hearing in (Hearing.PARTY, Hearing.MIXED, Hearing.STEREO):
        with pytest.raises(NothingToRead, match="no audio of the party's leg"):
            await vault.library.audio("ours", "c1", hearing, Form.WAV, WHO)
    audio = await vault.library.audio("ours", "c1", None, Form.WAV, WHO)
    assert audio is not None
    assert audio.file_name == "2025-11-24T16-00-00Z_1_c1_agent.wav"


async def test_opus_is_encoded_once_for_all_its_ranges(vault: Vault) -> None:
    await vault.kept(recording_of("c1"))
    first = await vault.library.audio("ours", "c1", None, Form.OPUS, WHO)
    second = await vault.library.audio("ours", "c1", None, Form.OPUS, WHO)
    assert first is not None
    assert second is not None

    assert first.etag == second.etag
    whole = b"".join([piece async for piece in first.read(0, first.size)])
    assert b"".join([piece async for piece in second.read(10, 20)]) == whole[10:20]


async def test_what_is_erased_is_not_kept_in_memory(vault: Vault) -> None:
    for call in ("c1", "c2"):
        await vault.kept(recording_of(call))
        await vault.library.audio("ours", call, None, Form.OPUS, WHO)

    await vault.library.erase("ours", Selection(call_id="c1"), "asked for", WHO)

    assert [key.split("/")[:2] for key in vault.renditions._encoded] == [["ours", "c2"]]


async def test_what_is_erased_while_it_is_encoded_is_neither_heard_nor_kept_in_memory(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.kept(recording_of("c1"))

    async def meanwhile(mix: Mix) -> bytes:
        data = await encoded(mix)
        await vault.library.erase("ours", Selection(call_id="c1"), "asked for", WHO)
        return data

    monkeypatch.setattr(renditions, "encoded", meanwhile)
    with pytest.raises(NothingToRead, match="recording c1 is deleted"):
        await vault.library.audio("ours", "c1", None, Form.OPUS, WHO)
    assert not vault.renditions._encoded


async def test_an_erasure_waits_while_the_accounts_key_is_in_use(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a file could be sealed with a key that is destroyed before it is on record."""
    await vault.kept(recording_of("c1"))
    steady, asked = vault.keys.steady, asyncio.Event()

    def asking(account: str) -> AbstractAsyncContextManager[None]:
        asked.set()
        return steady(account)

    monkeypatch.setattr(vault.keys, "steady", asking)
    async with steady("ours"):
        erasing = asyncio.create_task(vault.library.erase("ours", Selection(whole_account=True), "closed", WHO))
        waiting = asyncio.create_task(asked.wait())
        await asyncio.wait([erasing, waiting], return_when=asyncio.FIRST_COMPLETED)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not erasing.done()
        assert await state_of(vault, "c1") is State.KEPT
        assert [bool(key.wrapped) for key in await vault.store.keys("ours")] == [True]
    assert (await erasing)["accountKeys"] == "destroyed"


async def test_what_would_take_long_to_encode_is_heard_as_wav(vault: Vault) -> None:
    kept = await vault.kept(recording_of("c1", [Side.AGENT], ms=100))
    long = replace(kept, files=(replace(kept.files[0], length_ms=3 * 3_600_000),))
    await vault.store.change("ours", "c1", lambda _: (long, ()))

    with pytest.raises(NothingToRead, match="recording c1 is too long to be had as Opus"):
        await vault.library.audio("ours", "c1", None, Form.OPUS, WHO)
    assert await vault.library.audio("ours", "c1", None, Form.WAV, WHO) is not None


async def test_a_damaged_file_is_not_heard(vault: Vault) -> None:
    await vault.kept(recording_of("c1", [Side.AGENT]))
    audio = await vault.library.audio("ours", "c1", None, Form.WAV, WHO)
    assert audio is not None
    path = vault.folder / "kept" / vault.files()[0]
    path.write_bytes(path.read_bytes()[:-200] + bytes(200))

    with pytest.raises(Damaged, match="chunk 1 of 1 was changed"):
        _ = [piece async for piece in audio.read(0, 10)]


async def test_erasure_by_number_takes_all_of_it_and_nothing_else(vault: Vault) -> None:
    await vault.kept(recording_of("c1"))
    await vault.kept(recording_of("c2", [Side.AGENT]))
    await vault.kept(recording_of("c3", [Side.AGENT], number="+442079460999"))
    await vault.kept(replace(recording_of("c4", [Side.AGENT]), account="theirs"))

    certificate = await vault.library.erase("ours", Selection(number="+442079460123"), "their wish", WHO)

    assert [await state_of(vault, call) for call in ("c1", "c2", "c3")] == [State.DELETED, State.DELETED, State.KEPT]
    assert vault.files() == ["ours/2025/11/24/c3/agent.sealed", "theirs/2025/11/24/c4/agent.sealed"]
    assert sorted(erased["recording"] for erased in certificate["erased"]) == ["c1", "c2"]
    assert {erased["audio"] for erased in certificate["erased"]} == {"removed"}
    gone = await vault.store.find("ours", "c1")
    assert gone is not None
    assert (gone.recording.number, gone.recording.reference) == (None, None)
    with pytest.raises(NothingToRead):
        await vault.library.audio("ours", "c1", None, Form.WAV, WHO)
    assert await clean(vault)


async def test_a_certificate_can_be_checked_and_names_nobody(vault: Vault) -> None:
    await vault.kept(recording_of("c1"))

    certificate = await vault.library.erase("ours", Selection(reference="case 5"), "their wish", WHO)

    key = Signer(bytes(32)).public_key
    assert is_signed(certificate, key)
    assert not is_signed({**certificate, "reason": "no wish"}, key)
    assert not is_signed(certificate, Signer(b"k" * 32).public_key)
    kind, _, who, data = await last_entry(vault)
    assert (kind, who) == ("erasure.certified", WHO)
    assert data == {"certificate": certificate["certificate"], "sha256": hash_of(certificate), "erased": 1}
    told = json.dumps(certificate) + "".join(entry.data for entry in await vault.ledger.entries("ours", 0, 99))
    assert "442079460123" not in told
    assert "case 5" not in told
    assert (certificate["selectedBy"], certificate["reason"]) == ("reference", "their wish")


async def test_a_hold_protects_from_erasure_and_from_retention(vault: Vault) -> None:
    await vault.kept(recording_of("c1"))
    await vault.library.set_retention("ours", 1, WHO)
    number = Selection(number="+442079460123")

    assert await vault.library.hold("ours", number, "case 7", WHO) == Selected(["c1"], [])
    assert await vault.library.hold("ours", number, "case 8", WHO) == Selected(["c1"], [])
    certificate = await vault.library.erase("ours", number, "their wish", WHO)
    assert certificate["held"] == [{"recording": "c1", "matters": ["case 7", "case 8"]}]
    assert certificate["erased"] == []
    vault.clock.at = START + 10 * DAY
    await vault.keeper.expire()
    assert await state_of(vault, "c1") is State.KEPT

    assert await vault.library.release("ours", number, "case 7", WHO) == Selected(["c1"], [])
    await vault.keeper.expire()
    assert await state_of(vault, "c1") is State.KEPT, "one hold is left"
    assert await vault.library.release("ours", number, "case 8", WHO) == Selected(["c1"], [])
    await vault.keeper.expire()
    await vault.rests(recording_of("c1"), State.DELETED)
    kinds = await vault.kinds("c1")
    assert [kind for kind in kinds if kind != "file.kept"] == [
        "recording.held",
        "recording.held",
        "recording.released",
        "recording.released",
        "recording.expired",
    ]
    assert await clean(vault)


async def test_retention_deletes_at_its_day_and_not_before(vault: Vault) -> None:
    await vault.library.set_retention("ours", 30, WHO)
    assert await vault.library.retention_days("ours") == 30
    assert await last_entry(vault) == ("retention.set", None, WHO, {"days": 30})
    await vault.kept(recording_of("c1", ms=2_000))

    vault.clock.at = START + 2_000 + 30 * DAY - 1
    await vault.keeper.expire()
    assert await state_of(vault, "c1") is State.KEPT
    vault.clock.at += 1
    await vault.keeper.expire()
    await vault.rests(recording_of("c1"), State.DELETED)
    assert vault.files() == []


async def test_a_whole_account_is_erased_with_its_keys(vault: Vault) -> None:
    for call in ("c1", "c2", "c3"):
        await vault.kept(recording_of(call, [Side.AGENT], ms=100))

    certificate = await vault.library.erase("ours", Selection(whole_account=True), "they left", WHO)

    assert len(certificate["erased"]) == 3
    assert [key.wrapped for key in await vault.store.keys("ours")] == [""]
    assert "key.destroyed" in await vault.kinds()
    assert await clean(vault)


async def test_erasing_more_than_a_page_of_recordings_leaves_none(vault: Vault) -> None:
    for number in range(205):
        await vault.store.add(recording_of(f"c{number}", [Side.AGENT], started_at=START + number % 3))

    certificate = await vault.library.erase("ours", Selection(reference="case 5"), "their wish", WHO)

    assert len(certificate["erased"]) == 205


async def test_an_erasure_counts_although_the_object_store_is_away(still: Vault, object_store: ObjectStore) -> None:
    async with working(Vault(still.folder, still.database, object_store.bucket)) as vault:
        await vault.kept(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)
        object_store.stop()

        certificate = await vault.library.erase("ours", Selection(call_id="c1"), "their wish", WHO)

        assert certificate["erased"][0]["audio"] == "unreadable, to be removed"
        assert certificate["erased"][0]["removalPendingIn"] == [f"{object_store.endpoint}/{object_store.name}/vault"]
        object_store.start()
        assert len(object_store.names()) == 2, "noise without its keys"
        vault.keeper.wake("ours", "c1")
        await vault.rests(recording_of("c1"), State.DELETED)
        assert object_store.names() == []


async def set_aside(vault: Vault, call: str, legs: Sequence[Side]) -> None:
    kept = await vault.kept(recording_of(call, legs), {Side.PARTY: b"no wav at all" * 100})
    assert [file.set_aside for file in kept.set_aside] == ["party.wav"]


async def test_what_was_set_aside_is_erased_and_certified(vault: Vault) -> None:
    await set_aside(vault, "c1", list(Side))
    await set_aside(vault, "c2", [Side.PARTY])
    assert await clean(vault)

    certificate = await vault.library.erase("ours", Selection(number="+442079460123"), "their wish", WHO)

    told = {each["recording"]: each for each in certificate["erased"]}
    assert [len(told[call]["files"]) for call in ("c1", "c2")] == [1, 0]
    for each in told.values():
        assert [(file["file"], file["size"]) for file in each["setAside"]] == [("party.wav", 1_300)]
        assert each["audio"] == "removed"
    assert [path for path in vault.folder.rglob("*.wav*") if path.is_file()] == []
    found = await vault.store.find("ours", "c2")
    assert found is not None
    assert [file.wrapped_key for file in found.set_aside] == [""]
    assert await clean(vault)


async def test_retention_deletes_what_was_set_aside(vault: Vault) -> None:
    await vault.store.set_retention("ours", 1, [])
    await set_aside(vault, "c1", [Side.PARTY])
    vault.clock.at += 2 * DAY

    await vault.keeper.expire()
    await vault.rests(recording_of("c1"), State.DELETED)

    assert vault.files() == []


async def test_a_new_account_key_seals_what_was_set_aside_too(vault: Vault) -> None:
    await set_aside(vault, "c1", [Side.PARTY])

    await vault.library.renew_account_key("ours", WHO)

    assert await clean(vault), "it opens with the new key, the old one is gone"


async def test_what_was_set_aside_stays_here_and_is_verified(still: Vault, object_store: ObjectStore) -> None:
    async with working(Vault(still.folder, still.database, object_store.bucket)) as vault:
        await set_aside(vault, "c1", list(Side))
        await vault.rests(recording_of("c1"), State.REMOTE)
        assert vault.files() == ["ours/2025/11/24/c1/party.wav.sealed"]
        assert await clean(vault)

        sealed = vault.folder / "kept" / vault.files()[0]
        sealed.write_bytes(sealed.read_bytes()[:-1] + b"?")
        found = [each async for each in vault.library.verify("ours", {}) if isinstance(each, Finding)]
        assert [(each.code, each.subject) for each in found] == [
            ("changed-file", "local disk: ours/2025/11/24/c1/party.wav.sealed")
        ]


async def test_nothing_is_removed_before_the_very_place_where_it_lies_confirms(
    still: Vault, object_store: ObjectStore
) -> None:
    there = replace(object_store.bucket, prefix="old")
    async with working(Vault(still.folder, still.database, there)) as vault:
        await vault.kept(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)

    async with working(still):
        certificate = await still.library.erase("ours", Selection(call_id="c1"), "their wish", WHO)
        assert (await still.rests(recording_of("c1"))).state is State.DELETING
        assert "which is not the object store that is set up" in still.keeper.troubles["ours", "c1"]
    told = certificate["erased"][0]
    assert (told["keys"], told["audio"]) == ("destroyed", "unreadable, to be removed")
    assert told["removalPendingIn"] == [f"{object_store.endpoint}/{object_store.name}/old"]

    async with working(Vault(still.folder, still.database, replace(object_store.bucket, prefix="new"))) as vault:
        vault.keeper.wake("ours", "c1")
        assert (await vault.rests(recording_of("c1"))).state is State.DELETING
    assert len(object_store.names()) == 2, "another place of the same store is not asked"

    async with working(Vault(still.folder, still.database, there)) as vault:
        gone = await vault.rests(recording_of("c1"), State.DELETED)
    assert (object_store.names(), gone.buckets) == ([], ())


async def test_an_object_store_that_was_given_only_a_part_is_asked_too(still: Vault, object_store: ObjectStore) -> None:
    first, second = (replace(object_store.bucket, prefix=prefix) for prefix in ("first", "second"))
    async with working(still):
        kept = await still.kept(recording_of("c1"))
    begun = Vault(still.folder, still.database, first)
    assert begun.objects is not None
    await begun.store.change("ours", "c1", transitions.begin_upload(begun.objects.bucket))
    name = name_of(kept.recording, Side.AGENT)
    await begun.objects.upload(name, begun.local.path(name))

    async with working(Vault(still.folder, still.database, second)) as vault:
        moved = await vault.rests(recording_of("c1"), State.REMOTE)
        assert [bucket.prefix for bucket in moved.buckets] == ["first", "second"]
        await vault.library.erase("ours", Selection(call_id="c1"), "their wish", WHO)
        left = await vault.rests(recording_of("c1"))
        assert (left.state, [bucket.prefix for bucket in left.buckets]) == (State.DELETING, ["first"])

    async with working(Vault(still.folder, still.database, first)) as vault:
        await vault.rests(recording_of("c1"), State.DELETED)
    assert object_store.names() == []


async def test_a_recording_that_is_erased_on_its_way_leaves_nothing(still: Vault) -> None:
    recording = await still.write(recording_of("c1"))
    await still.store.add(recording)
    await still.library.erase("ours", Selection(call_id="c1"), "their wish", WHO)

    async with working(still):
        await still.keeper.finish(recording)
        await still.rests(recording, State.DELETED)

    assert (still.files(), still.files("spool")) == ([], [])
    assert await clean(still)
