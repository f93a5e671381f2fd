"""What is asked for while a call is being recorded holds for its recording, which is not there yet."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from outdial.calls.recording_library import Finding, Selected, Selection
from outdial.calls.recording_store import RecordingFilter
from outdial.domain.call import Call
from outdial.domain.consent import AccountRecording, Legs, Scenario, decide
from outdial.domain.events import RecordingBegun
from outdial.domain.legs import Side
from outdial.domain.recording_records import call_recording
from outdial.domain.recordings import CallRecording, KeptRecording, State
from outdial.recordings.erasure import Signer, is_signed
from support.stored import BOTH_ANSWER, World, furnished, named
from support.vault import BOTH_LEGS, START, TONES, Vault, recording_of, tone, wav_of, working

WHO = "client compliance"
NUMBER = Selection(number="+442079460123")
NOTHING = decide(Scenario.AGENT_TO_NUMBER, None, None, AccountRecording(Legs.NONE))


@pytest.fixture
async def world(vault: Vault) -> World:
    return await furnished(vault.database)


async def recorded(vault: Vault, world: World, call_id: str = "c1", agent: str = "1") -> Call:
    """A call that lives and is recorded."""
    plan = {"recording": BOTH_LEGS.to_dict(), "reference": "case 5"}
    call = await world.place(call_id, named(call_id, agent), START, **plan)
    call = await world.tell(call, *BOTH_ANSWER, RecordingBegun(tuple(Side)), now=START)
    folder = await vault.keeper.spool(call_recording(call))
    for side in Side:
        (folder / f"{side.value}.wav").write_bytes(wav_of(tone(TONES[side], 2_000)))
    return call


async def ended(vault: Vault, world: World, call: Call) -> KeptRecording:
    """Its recording, once it is taken over."""
    over = call_recording(await world.end(call, START + 2_000))
    await vault.keeper.finish(over)
    return await vault.rests(over)


async def clean(vault: Vault) -> bool:
    return not [found async for found in vault.library.verify(None, {}) if isinstance(found, Finding)]


SELECTIONS = (NUMBER, Selection(call_id="c1"), Selection(reference="case 5"))


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_a_hold_on_a_call_under_way_holds_its_recording(vault: Vault, world: World, selection: Selection) -> None:
    call = await recorded(vault, world)

    assert await vault.library.hold("ours", selection, "case 7", WHO) == Selected([], ["c1"])
    assert await vault.library.hold("ours", selection, "case 7", WHO) == Selected([], ["c1"])
    held = await vault.library.erase("ours", selection, "their wish", WHO)
    assert (held["held"], held["underWay"]) == ([{"recording": "c1", "matters": ["case 7"]}], [])
    kept = await ended(vault, world, call)

    assert (kept.state, [hold.matter for hold in kept.holds]) == (State.KEPT, ["case 7"])
    assert (await vault.library.erase("ours", selection, "their wish", WHO))["erased"] == []
    assert await clean(vault)


@pytest.mark.parametrize("selection", [*SELECTIONS, Selection(whole_account=True)])
async def test_an_erasure_during_a_call_keeps_nothing_of_it(vault: Vault, world: World, selection: Selection) -> None:
    call = await recorded(vault, world)

    certificate = await vault.library.erase("ours", selection, "their wish", WHO)
    assert is_signed(certificate, Signer(bytes(32)).public_key)
    assert [each["recording"] for each in certificate["underWay"]] == ["c1"]
    assert (certificate["erased"], certificate["held"], certificate["accountKeys"]) == ([], [], "kept")
    assert await vault.library.hold("ours", selection, "case 7", WHO) == Selected([], []), "it is certified already"
    gone = await ended(vault, world, call)

    assert (gone.state, gone.recording.number, gone.recording.reference) == (State.DELETED, None, None)
    assert (vault.files(), vault.files("spool")) == ([], [])
    assert "file.kept" not in await vault.kinds("c1")
    erased = [entry for entry in await vault.ledger.entries("ours", 0, 99, "c1") if entry.kind == "recording.erased"]
    assert [json.loads(entry.data)["certificate"] for entry in erased] == [certificate["certificate"]]
    assert await clean(vault)


async def test_an_order_that_was_undone_is_found(vault: Vault, world: World) -> None:
    call = await recorded(vault, world)
    await vault.library.erase("ours", NUMBER, "their wish", WHO)
    await vault.database.write(lambda c: c.exec_driver_sql("DELETE FROM recordings_foreseen"))

    assert (await ended(vault, world, call)).state is State.KEPT
    found = [each async for each in vault.library.verify(None, {}) if isinstance(each, Finding)]
    assert [(each.code, each.subject) for each in found] == [("changed-record", "c1")]
    assert "its erasure was ordered" in found[0].detail


async def test_a_hold_that_is_released_during_the_call_is_none(vault: Vault, world: World) -> None:
    call = await recorded(vault, world)
    await vault.library.hold("ours", NUMBER, "case 7", WHO)

    assert await vault.library.release("ours", NUMBER, "case 8", WHO) == Selected([], [])
    assert await vault.library.release("ours", NUMBER, "case 7", WHO) == Selected([], ["c1"])
    assert (await ended(vault, world, call)).holds == ()
    assert await clean(vault)


async def test_what_was_ordered_outlives_the_process(still: Vault) -> None:
    world = await furnished(still.database)
    first, second = await recorded(still, world), await recorded(still, world, "c2", "2")
    await still.library.hold("ours", Selection(call_id="c1"), "case 7", WHO)
    await still.library.erase("ours", Selection(call_id="c2"), "their wish", WHO)

    async with working(Vault(still.folder, still.database)) as vault:
        held, gone = await ended(vault, world, first), await ended(vault, world, second)

    assert [hold.matter for hold in held.holds] == ["case 7"]
    assert gone.state is State.DELETED


async def test_a_call_that_has_ended_and_is_not_taken_over_yet_is_under_way(still: Vault) -> None:
    """What is in the spool, and on no record, as the disk was full or the process was killed."""
    world = await furnished(still.database)
    over = await world.end(await recorded(still, world), START + 2_000)

    assert (await still.library.hold("ours", NUMBER, "case 7", WHO)).under_way == ["c1"]
    async with working(still):
        await still.keeper.finish(call_recording(over))
        kept = await still.rests(call_recording(over), State.KEPT)
    assert [hold.matter for hold in kept.holds] == ["case 7"]


async def test_a_recording_put_on_record_meanwhile_is_held_as_such(
    still: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await furnished(still.database)
    over = call_recording(await world.end(await recorded(still, world), START + 2_000))
    search = still.store.search

    async def arriving(account: str, wanted: RecordingFilter) -> Sequence[KeptRecording]:
        found = await search(account, wanted)
        await still.store.add(over)
        return found

    monkeypatch.setattr(still.store, "search", arriving)
    assert await still.library.hold("ours", NUMBER, "case 7", WHO) == Selected(["c1"], [])


async def test_only_calls_that_are_selected_and_may_be_recorded_are_under_way(vault: Vault, world: World) -> None:
    await world.place("c1", named("c1", "1"), START, recording=NOTHING.to_dict())
    await world.place("c2", named("c2", "2"), START, recording=BOTH_LEGS.to_dict(), number="+442079460999")
    await world.place("c3", named("c3", "1", account="theirs"), START, recording=BOTH_LEGS.to_dict())
    await world.place("c4", named("c4", "3"), START, recording=BOTH_LEGS.to_dict())

    assert await vault.library.hold("ours", NUMBER, "case 7", WHO) == Selected([], ["c4"]), "it rings"
    assert await vault.library.hold("ours", Selection(call_id="c3"), "case 7", WHO) == Selected([], [])


async def test_nothing_is_sealed_or_held_while_an_accounts_keys_are_destroyed(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept or held once the account was looked through must not be lost."""
    await vault.kept(recording_of("c1"))
    late: CallRecording = await vault.write(recording_of("c2"))
    search, tasks = vault.store.search, list[asyncio.Task[object]]()

    async def held_late() -> None:
        await vault.rests(late, State.KEPT)
        await vault.library.hold("ours", Selection(call_id="c2"), "case", WHO)

    async def interleaved(account: str, wanted: RecordingFilter) -> Sequence[KeptRecording]:
        found = await search(account, wanted)
        if not tasks:
            await vault.keeper.finish(late)
            tasks.append(asyncio.create_task(held_late()))
            # As long as the other would need, were it let in.
            await asyncio.wait(tasks, timeout=1)
        return found

    monkeypatch.setattr(vault.store, "search", interleaved)
    certificate = await vault.library.erase("ours", Selection(whole_account=True), "they left", WHO)
    await asyncio.gather(*tasks)

    assert ([each["recording"] for each in certificate["erased"]], certificate["accountKeys"]) == (["c1"], "destroyed")
    kept = await vault.store.find("ours", "c2")
    assert kept is not None
    assert [hold.matter for hold in kept.holds] == ["case"]
    assert await vault.heard(late, Side.AGENT) == wav_of(tone(TONES[Side.AGENT], 2_000))
    assert await clean(vault)


async def test_an_accounts_keys_stay_while_something_is_held_or_under_way(vault: Vault, world: World) -> None:
    await vault.kept(recording_of("c9"))
    await vault.library.hold("ours", Selection(call_id="c9"), "case 7", WHO)
    everything = Selection(whole_account=True)

    assert (await vault.library.erase("ours", everything, "they left", WHO))["accountKeys"] == "kept"
    await vault.library.release("ours", Selection(call_id="c9"), "case 7", WHO)
    call = await recorded(vault, world)
    assert (await vault.library.erase("ours", everything, "they left", WHO))["accountKeys"] == "kept"
    await ended(vault, world, call)
    assert (await vault.library.erase("ours", everything, "they left", WHO))["accountKeys"] == "destroyed"
    await vault.kept(replace(recording_of("c8"), call_id="c8"))
    assert await clean(vault)
