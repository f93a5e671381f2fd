"""From the spool to where it rests: sealed, on record, in the ledger; whatever ends the process in between."""

import array
import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outdial.calls.recording_library import Finding
from outdial.calls.recordings import SpoolUnusable
from outdial.domain.legs import Side
from outdial.domain.recordings import Pause, SpoolFile, State
from outdial.domain.refusals import StoreUnavailable
from outdial.metrics import Metrics, Now
from outdial.recordings import keeper, verification
from outdial.recordings.spool import Spool
from outdial.sandbox.tones import Sound, spans
from support.vault import START, TONES, Vault, recording_of, tone, wav_of, working


def sound_of(data: bytes) -> Sound:
    return Sound(array.array("h", data[44:]), 8000)


async def test_each_leg_is_sealed_and_reads_as_it_was_recorded(vault: Vault) -> None:
    recording = recording_of("c1")
    kept = await vault.kept(recording)

    assert kept.state is State.KEPT
    assert [file.side for file in kept.files] == [Side.AGENT, Side.PARTY]
    assert vault.files() == ["ours/2025/11/24/c1/agent.sealed", "ours/2025/11/24/c1/party.sealed"]
    assert vault.files("spool") == []
    for side in Side:
        assert await vault.heard(recording, side) == wav_of(tone(TONES[side], 2_000))
    assert await vault.kinds("c1") == ["file.kept", "file.kept"]


async def test_nothing_of_the_audio_can_be_seen_in_what_is_kept(vault: Vault) -> None:
    await vault.kept(recording_of("c1", [Side.AGENT]))

    sealed = (vault.folder / "kept" / vault.files()[0]).read_bytes()
    assert tone(440, 100)[:64] not in sealed
    assert b"RIFF" not in sealed


async def test_only_allowed_legs_are_kept_and_a_stranger_is_destroyed_and_on_record(vault: Vault) -> None:
    recording = await vault.write(recording_of("c1", [Side.AGENT]))
    (vault.folder / "spool" / "c1" / "party.wav").write_bytes(wav_of(tone(880, 100)))
    await vault.keeper.finish(recording)
    await vault.rests(recording)

    assert vault.files() == ["ours/2025/11/24/c1/agent.sealed"]
    assert vault.files("spool") == []
    entries = (await vault.ledger.entries("ours", 0, 9, "c1"))[1:]
    assert [entry.kind for entry in entries] == ["file.kept", "recording.failed"]
    assert "party.wav was found where nothing of that name was allowed" in entries[1].data


async def test_a_leg_that_began_later_lies_where_it_belongs_in_time(vault: Vault) -> None:
    files = (SpoolFile(Side.AGENT, START), SpoolFile(Side.PARTY, START + 1_000))
    recording = recording_of("c1", ms=3_000, files=files)
    await vault.kept(recording)

    party = sound_of(await vault.heard(recording, Side.PARTY))
    assert party.length_ms == 3_000
    assert [(span.start_ms, span.end_ms) for span in spans(party, [880])] == [(1_000, 3_000)]


async def test_two_stretches_of_a_leg_become_one_line_of_time(vault: Vault) -> None:
    files = (
        SpoolFile(Side.PARTY, START, "party-1.wav", stopped_at=START + 1_000),
        SpoolFile(Side.PARTY, START + 2_000, "party-2.wav"),
    )
    recording = recording_of("c1", ms=3_000, files=files)
    await vault.write(recording)
    (vault.folder / "spool" / "c1" / "party-1.wav").write_bytes(wav_of(tone(880, 1_000)))
    await vault.keeper.finish(recording)
    await vault.rests(recording)

    heard = spans(sound_of(await vault.heard(recording, Side.PARTY)), [880])
    assert [(span.start_ms, span.end_ms) for span in heard] == [(0, 1_000), (2_000, 3_000)]
    assert await vault.kinds("c1") == ["file.kept"]


@pytest.mark.parametrize("audio", [wav_of(tone(880, 1_000)), b"half written " * 9], ids=["audio", "no audio file"])
async def test_what_nobody_knew_to_be_written_is_destroyed_and_on_record(vault: Vault, audio: bytes) -> None:
    lost = SpoolFile(Side.PARTY, START, stopped_at=START + 500, unconfirmed=True)
    files = (lost, SpoolFile(Side.PARTY, START + 1_000, "party-2.wav"))
    recording = await vault.write(recording_of("c1", ms=2_000, files=files))
    (vault.folder / "spool" / "c1" / "party.wav").write_bytes(audio)
    (vault.folder / "spool" / "c1" / "party-2.wav").write_bytes(wav_of(tone(440, 1_000)))
    await vault.keeper.finish(recording)
    await vault.rests(recording)

    heard = sound_of(await vault.heard(recording, Side.PARTY))
    assert [(span.start_ms, span.end_ms) for span in spans(heard, [440, 880])] == [(1_000, 2_000)]
    told = [entry.data for entry in await vault.ledger.entries("ours", 0, 9, "c1") if entry.kind == "recording.failed"]
    assert len(told) == 1
    assert "party.wav was written unknown to anybody" in told[0]


async def test_a_header_whose_length_was_never_written_is_repaired(vault: Vault) -> None:
    recording = recording_of("c1", [Side.AGENT])
    await vault.kept(recording, {Side.AGENT: wav_of(tone(440, 2_000), length=0)})

    assert await vault.heard(recording, Side.AGENT) == wav_of(tone(440, 2_000))


@pytest.mark.parametrize("audio", [b"", b"RIFF", wav_of(b"")], ids=["empty", "half a header", "no samples"])
async def test_where_nothing_was_written_that_is_on_record(vault: Vault, audio: bytes) -> None:
    kept = await vault.kept(recording_of("c1", [Side.AGENT]), {Side.AGENT: audio})

    assert (kept.state, kept.files) == (State.FAILED, ())
    assert await vault.kinds("c1") == ["recording.failed"]


async def test_what_is_no_wav_is_sealed_as_it_is_and_the_other_leg_kept(vault: Vault) -> None:
    kept = await vault.kept(recording_of("c1"), {Side.PARTY: b"no wav at all" * 100})

    assert [file.side for file in kept.files] == [Side.AGENT]
    assert [(file.set_aside, file.size) for file in kept.set_aside] == [("party.wav", 1_300)]
    assert vault.files() == ["ours/2025/11/24/c1/agent.sealed", "ours/2025/11/24/c1/party.wav.sealed"]
    assert vault.files("spool") == []
    assert not any(b"no wav" in path.read_bytes() for path in vault.folder.rglob("*") if path.is_file())
    assert await vault.kinds("c1") == ["file.kept", "file.kept", "recording.failed"]


async def test_audio_written_after_a_stop_that_came_late_is_cut_off(vault: Vault) -> None:
    stopped = SpoolFile(Side.PARTY, START, stopped_at=START + 1_000)
    recording = recording_of("c1", ms=4_000, files=(SpoolFile(Side.AGENT, START), stopped))
    kept = await vault.kept(recording)

    assert [file.length_ms for file in kept.files] == [4_000, 1_000]
    assert await vault.heard(recording, Side.PARTY) == wav_of(tone(880, 1_000))
    _, *entries = await vault.ledger.entries("ours", 0, 9, "c1")
    assert [entry.kind for entry in entries] == ["file.kept", "file.kept", "recording.failed"]
    assert '"cutOffMs":3000' in entries[1].data
    assert "3000 ms were recorded after it had to be stopped; they were cut off" in entries[2].data


async def test_a_stop_that_the_switch_took_a_moment_for_is_cut_off_and_no_failure(vault: Vault) -> None:
    recording = recording_of("c1", ms=2_000, files=(SpoolFile(Side.PARTY, START, stopped_at=START + 1_940),))
    await vault.kept(recording)

    assert await vault.heard(recording, Side.PARTY) == wav_of(tone(880, 1_940))
    assert await vault.kinds("c1") == ["file.kept"]


async def test_nothing_is_kept_of_a_leg_that_had_to_be_stopped_before_it_began(vault: Vault) -> None:
    kept = await vault.kept(recording_of("c1", files=(SpoolFile(Side.PARTY, START + 1_000, stopped_at=START + 900),)))

    assert (kept.state, kept.files, vault.files()) == (State.FAILED, (), [])
    assert await vault.kinds("c1") == ["recording.failed"]


@pytest.mark.parametrize(("until", "end"), [(START + 2_500, 2_500), (None, 4_000)], ids=["resumed", "to the end"])
async def test_a_pause_holds_silence_although_the_switch_was_late(vault: Vault, until: int | None, end: int) -> None:
    recording = recording_of("c1", [Side.PARTY], ms=4_000, pauses=(Pause(START + 1_000, until, "agent 1"),))
    await vault.kept(recording)

    heard = await vault.heard(recording, Side.PARTY)
    assert heard[44 + 16_000 : 44 + end * 16] == bytes((end - 1_000) * 16)
    whole = wav_of(tone(880, 4_000))
    assert (heard[: 44 + 16_000], heard[44 + end * 16 :]) == (whole[: 44 + 16_000], whole[44 + end * 16 :])
    _, *entries = await vault.ledger.entries("ours", 0, 9, "c1")
    assert [entry.kind for entry in entries] == ["file.kept", "recording.failed"]
    assert '"silencedMs":' in entries[0].data
    assert "were recorded while it was paused; silence was written over them" in entries[1].data


async def test_a_pause_that_was_kept_is_no_failure(vault: Vault) -> None:
    recording = recording_of("c1", [Side.PARTY], ms=3_000, pauses=(Pause(START + 1_000, START + 2_000, "agent 1"),))
    audio = wav_of(tone(880, 1_000) + tone(0, 1_000) + tone(880, 1_000))
    await vault.kept(recording, {Side.PARTY: audio})

    assert await vault.heard(recording, Side.PARTY) == audio
    assert await vault.kinds("c1") == ["file.kept"]


async def test_what_fails_is_counted_and_remembered_with_the_recording(still: Vault) -> None:
    metrics = Metrics(Now)
    async with working(Vault(still.folder, still.database, watcher=metrics)) as vault:
        kept = await vault.kept(recording_of("c1"), {Side.AGENT: b"", Side.PARTY: b"no wav at all" * 100})

    assert kept.state is State.FAILED
    assert kept.failures == ("nothing was written to agent.wav", "party.wav is no WAV file; it was set aside")
    assert b"outdial_recording_failures_total 2.0" in metrics.render()[0]


async def test_a_leg_shorter_than_its_call_is_marked(vault: Vault) -> None:
    kept = await vault.kept(recording_of("c1", [Side.AGENT], ms=6_000), {Side.AGENT: wav_of(tone(440, 1_000))})

    assert kept.recording.cut_short
    entries = (await vault.ledger.entries("ours", 0, 9, "c1"))[1:]
    assert [entry.kind for entry in entries] == ["file.kept", "recording.failed"]
    assert "only 1000 of 6000 ms were written" in entries[1].data


async def test_a_leg_longer_than_its_call_is_a_failure(vault: Vault) -> None:
    """It began before it is said to have begun: a pause is not where it was made."""
    await vault.kept(recording_of("c1", [Side.AGENT]), {Side.AGENT: wav_of(tone(440, 4_100))})
    await vault.kept(recording_of("c2", [Side.AGENT]), {Side.AGENT: wav_of(tone(440, 3_900))})

    (_, entry) = (await vault.ledger.entries("ours", 0, 9, "c1"))[1:]
    assert "4100 ms were written of a call of 2000" in entry.data
    found = [each async for each in vault.library.verify(None, {}) if isinstance(each, Finding)]
    assert [(each.code, each.subject) for each in found] == [("leg-too-long", "c1")]


async def test_what_a_crash_left_in_the_spool_is_kept_and_marked(still: Vault) -> None:
    recording = recording_of("c1", [Side.AGENT])
    await still.write(recording, {Side.AGENT: wav_of(tone(440, 700), length=0)})

    async with working(still):
        assert await still.keeper.sweep(live=["another"]) == 1
        kept = await still.rests(recording)

        assert (kept.state, kept.recording.cut_short, kept.length_ms) == (State.KEPT, True, 700)
        assert kept.recording.ended_at == START + 700, "as long as it was heard"
        assert await still.keeper.sweep([]) == 0


async def test_a_sweep_leaves_live_calls_and_what_it_does_not_know_alone(still: Vault) -> None:
    await still.write(recording_of("c1", [Side.AGENT]))
    (still.folder / "spool" / "stranger").mkdir()
    (still.folder / "spool" / "stranger" / "agent.wav").write_bytes(wav_of(tone(440, 100)))

    async with working(still):
        assert await still.keeper.sweep(live=["c1"]) == 0

    assert still.files("spool") == ["c1/about.json", "c1/agent.wav", "stranger/agent.wav"]


async def test_what_was_finished_before_a_crash_is_not_marked(still: Vault) -> None:
    recording = await still.write(recording_of("c1", [Side.AGENT]))
    await still.keeper.finish(recording)  # nothing works yet: the process dies here

    again = Vault(still.folder, still.database)
    async with working(again):
        await again.keeper.sweep([])
        kept = await again.rests(recording, State.KEPT)

    assert not kept.recording.cut_short


async def test_a_folder_left_after_its_recording_was_kept_is_removed(still: Vault) -> None:
    recording = recording_of("c1", [Side.AGENT])
    async with working(still):
        await still.kept(recording)
    await still.write(recording)

    assert await still.keeper.sweep([]) == 0
    assert still.files("spool") == []


@pytest.mark.parametrize("lost", ["the removal", "the word that it is on record"])
async def test_nothing_stays_in_the_spool_of_what_is_kept(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    name, of = ("destroy", vault.spool) if lost == "the removal" else ("change", vault.store)
    real, error = getattr(of, name), OSError(5, "input/output error") if of is vault.spool else StoreUnavailable()

    async def once(*given: object) -> object:
        monkeypatch.setattr(of, name, real)
        await real(*given)
        raise error

    def refused(_: str) -> None:
        monkeypatch.setattr(of, name, real)
        raise error

    monkeypatch.setattr(of, name, refused if of is vault.spool else once)
    kept = await vault.kept(recording_of("c1"))
    await vault.rests(kept.recording, State.KEPT)
    await until_gone(vault)
    assert await vault.kinds("c1") == ["file.kept", "file.kept"]


async def test_what_was_left_in_the_spool_is_found_by_whoever_looks_and_removed(
    still: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CLEARED_SECONDS", 0)
    recording = recording_of("c1", [Side.AGENT])
    async with working(still):
        await still.kept(recording)
    await still.write(recording)
    await still.write(recording_of("c2"))

    found = [each async for each in still.library.verify("ours", {}) if isinstance(each, Finding)]
    assert [(each.code, each.subject) for each in found] == [("plain-audio", "spool: c1")]
    async with working(still):
        await until_gone(still, "c1")
        assert still.spool.ids() == ["c2"], "its call lives"


async def until_gone(vault: Vault, call_id: str = "c1") -> None:
    """The disk tells nobody."""
    while call_id in vault.spool.ids():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_finishing_twice_keeps_once(vault: Vault) -> None:
    recording = recording_of("c1", [Side.AGENT])
    await vault.kept(recording)
    await vault.keeper.finish(recording)
    await vault.rests(recording)

    assert await vault.kinds("c1") == ["file.kept"]


async def test_a_full_disk_is_named_before_anything_is_recorded(vault: Vault) -> None:
    spool = Spool(vault.folder / "spool", least_free=1 << 62)

    with pytest.raises(SpoolUnusable, match=r"is full: [0-9]+ KiB are free"):
        spool.note(recording_of("c1"))


@pytest.mark.parametrize("name", ["../party.wav", "party.mp3", "a/b.wav", ".wav"])
async def test_no_name_leads_out_of_the_spool(vault: Vault, name: str) -> None:
    recording = recording_of("c1", files=(SpoolFile(Side.AGENT, START, name),))

    with pytest.raises(ValueError, match="can't be one"):
        vault.spool.audio_of(recording)
    with pytest.raises(ValueError, match="can't be a call's id"):
        vault.spool.folder_of("../c1")


async def test_accounts_lie_apart(vault: Vault) -> None:
    await vault.kept(recording_of("c1", [Side.AGENT]))
    await vault.kept(replace(recording_of("c2", [Side.AGENT]), account="theirs"))

    assert [name.split("/")[0] for name in vault.files()] == ["ours", "theirs"]
    assert [key.account for key in await vault.store.keys_of_master(None)] == ["ours", "theirs"]
    assert await vault.kinds(account="theirs") == ["key.rotated", "file.kept"]


async def test_a_record_that_can_not_be_read_stops_nothing_else(still: Vault) -> None:
    await still.store.add(recording_of("c0", [Side.AGENT]))
    await still.database.write(lambda c: c.exec_driver_sql("UPDATE recordings SET data = 'x'"))
    (still.folder / "spool").mkdir(parents=True)
    async with working(still):
        await still.write(recording_of("c0", [Side.AGENT]))
        assert await still.keeper.sweep([]) == 0

        kept = await still.kept(recording_of("c1", [Side.AGENT]))

    assert kept.state is State.KEPT
    assert "c0/agent.wav" in still.files("spool")


async def test_what_could_not_be_looked_through_is_soon_looked_through_again(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = await vault.write(recording_of("c1"))
    await vault.store.add(recording)
    found, refused = vault.store.in_state, 0

    async def away_at_first(*asked: Any) -> Any:
        nonlocal refused
        refused += 1
        if refused == 1:
            raise StoreUnavailable
        return await found(*asked)

    monkeypatch.setattr(keeper, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(vault.store, "in_state", away_at_first)
    async with working(vault), asyncio.timeout(30):
        while vault.spool.ids():  # noqa: ASYNC110 -- a process that was just started is not waited for by anybody
            await asyncio.sleep(0.01)
    assert refused > 1


async def test_what_is_known_of_a_folder_goes_last(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recording_of("c1")
    kept = await vault.kept(recording)
    await vault.write(recording)
    removed = Path.unlink

    def killed(path: Path, *args: Any, **more: Any) -> None:
        removed(path, *args, **more)
        raise KeyboardInterrupt

    # As if the crash had come after the first file of a folder that was being removed.
    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        vault.spool.destroy("c1")
    monkeypatch.undo()
    assert vault.spool.about("c1") == replace(recording, ended_at=None), "as it was noted while the call lived"
    assert len(vault.files("spool")) == 2

    await vault.keeper.sweep([])
    assert vault.spool.ids() == []
    assert await vault.store.find("ours", "c1") == kept


async def test_an_empty_folder_is_removed_and_one_of_which_nothing_is_known_left_alone(vault: Vault) -> None:
    vault.spool.make("c1")
    (vault.spool.make("c2") / "party.wav").write_bytes(b"whatever it is")

    await vault.keeper.sweep([])
    assert vault.spool.ids() == ["c2"]
