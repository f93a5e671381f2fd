"""Whatever a record says is proved by the ledger: who, when, with whom, by which consents, for how long."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from outdial.calls.recording_library import Finding, Selection, Verified
from outdial.domain.consent import AccountRecording, Consent, Scenario, decide
from outdial.domain.ledger import Kind, Record
from outdial.domain.legs import Side
from outdial.domain.recording_proof import proof_of
from outdial.domain.recordings import (
    Bucket,
    CallRecording,
    ConsentAct,
    ConsentTaken,
    KeptRecording,
    Pause,
    SpoolFile,
    State,
)
from outdial.recordings import steps
from support.s3 import ObjectStore
from support.vault import START, Vault, recording_of, tone, wav_of, working

WHO = "client compliance"
DAY = 24 * 3_600_000
TWO_PARTY = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.TWO_PARTY, AccountRecording())
ALTERED = "the record is not what the ledger was told of it last"
UNALLOWED = "the party's leg was recorded, which no decision or consent in the ledger permits"


async def findings(vault: Vault) -> list[tuple[str, str]]:
    found = [each async for each in vault.library.verify("ours", {})]
    return [(each.code, each.detail) for each in found if isinstance(each, Finding)]


async def unproved(vault: Vault) -> int:
    found = [each async for each in vault.library.verify("ours", {})]
    return sum(each.unproved for each in found if isinstance(each, Verified))


async def made(vault: Vault, *, consent: bool = True) -> CallRecording:
    """A recording as a call makes it: by a decision, the other side's consent, and a pause, each in the ledger."""
    began = START + 500 if consent else START
    recording = recording_of(
        "c1",
        decision=TWO_PARTY.to_dict(),
        consents=(ConsentTaken(began, ConsentAct.GIVEN, Side.PARTY, "dtmf"),) if consent else (),
        pauses=(Pause(START + 800, START + 900, "agent 1", "agent 1"),),
        files=(SpoolFile(Side.AGENT, START), SpoolFile(Side.PARTY, began)),
    )
    told: list[tuple[Kind, int, str | None, dict[str, Any]]] = [(Kind.STARTED, START, None, {"sides": ["agent"]})]
    if consent:
        told.append((Kind.CONSENT_GIVEN, began, None, {"side": "party", "way": "dtmf"}))
    told += [
        (Kind.STARTED, began, None, {"sides": ["party"]}),
        (Kind.PAUSED, START + 800, "agent 1", {}),
        (Kind.RESUMED, START + 900, "agent 1", {}),
        (Kind.STOPPED, START + 2_000, None, {"sides": ["agent", "party"], "why": "the call has ended"}),
    ]
    await vault.write(recording)
    await vault.ledger.append([Record(kind, "ours", at, "c1", who, data) for kind, at, who, data in told])
    await vault.keeper.finish(recording)
    await vault.rests(recording)
    return recording


def altering(**members: object) -> Callable[[KeptRecording], KeptRecording]:
    return lambda kept: replace(kept, recording=replace(kept.recording, **members))  # type: ignore[arg-type]


ONE_PARTY = decide(Scenario.AGENT_TO_NUMBER, Consent.ONE_PARTY, Consent.ONE_PARTY, AccountRecording())
INVENTED = ConsentTaken(START + 600, ConsentAct.GIVEN, Side.PARTY, "dtmf")
FORGERIES: dict[str, tuple[Callable[[KeptRecording], KeptRecording], str]] = {
    "another number": (altering(number="+442079460999"), ALTERED),
    "another reference": (altering(reference="case 6"), ALTERED),
    "another agent": (altering(agent_id="2"), ALTERED),
    "another begin": (altering(started_at=START - 1_000), ALTERED),
    "a crash that was none": (altering(cut_short=True), ALTERED),
    "another length": (lambda kept: replace(kept, files=(replace(kept.files[0], length_ms=1), kept.files[1])), ALTERED),
    "no salt": (lambda kept: replace(kept, salt=""), ALTERED),
    "deleted before it is": (
        lambda kept: replace(kept, deleted_at=START),
        "it does not say when it was deleted, or says so although it is not",
    ),
    "an invented failure": (
        lambda kept: replace(kept, failures=("the disk was full",)),
        "the ledger says that something else went wrong while it was kept",
    ),
    "no pause": (altering(pauses=()), "the ledger has other pauses"),
    "an invented consent": (altering(consents=(INVENTED,)), "the ledger has other consents"),
    "another decision": (
        altering(decision=ONE_PARTY.to_dict()),
        "the ledger says that something else was decided",
    ),
    "another end": (altering(ended_at=START + 9_000), "the ledger says that its call ended at another time"),
    "kept for ever": (
        lambda kept: replace(kept, retain_until=START + 9_999 * DAY),
        "it is retained until another time than the ledger says",
    ),
}


@pytest.mark.parametrize(("forge", "detail"), FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_record_is_found(
    vault: Vault, forge: Callable[[KeptRecording], KeptRecording], detail: str
) -> None:
    await made(vault)
    assert await findings(vault) == []

    await vault.store.change("ours", "c1", lambda kept: (forge(kept), ()))

    assert await findings(vault) == [("changed-record", detail)]


async def test_what_was_decided_in_another_spelling_is_still_proved(vault: Vault) -> None:
    """A ledger is hashed as it is stored, and never changed."""
    now = TWO_PARTY.to_dict()
    inputs = {name: value for name, value in now["inputs"].items() if name != "accountWhenUnknown"}
    inputs["account_when_unknown"] = "agent"
    before = {"legs": "agent", "after_consent": "both", "rule": now["rule"], "inputs": inputs}
    recording = recording_of("c2", [Side.AGENT], decision=before)
    told = {"legs": "agent", "afterConsent": "both", "rule": now["rule"], "inputs": inputs}
    await vault.ledger.append([Record(Kind.DECIDED, "ours", START, "c2", None, told)])
    folder = await vault.keeper.spool(replace(recording, ended_at=None))
    (folder / "agent.wav").write_bytes(wav_of(tone(440, 2_000)))
    await vault.keeper.finish(recording)
    await vault.rests(recording)

    assert await findings(vault) == []


async def test_a_column_alone_by_which_it_would_not_be_found_is_found(vault: Vault) -> None:
    """An erasure goes by the columns: one that was changed would let a recording escape it."""
    await made(vault)
    number = "UPDATE recordings SET number = '+442079460999'"
    for statement, detail in ((number, "number"), ("DELETE FROM recording_groups", "number, groups")):
        await vault.database.write(lambda c, statement=statement: c.exec_driver_sql(statement))  # type: ignore[misc]
        assert await findings(vault) == [("changed-record", f"it would be found by another: {detail}")]


async def test_a_leg_that_neither_decision_nor_consent_permitted_is_found(vault: Vault) -> None:
    await made(vault, consent=False)

    assert await findings(vault) == [("leg-without-permission", UNALLOWED)]


async def hold(vault: Vault) -> None:
    await vault.library.hold("ours", Selection(call_id="c1"), "case 7", WHO)


async def hold_and_release(vault: Vault) -> None:
    await hold(vault)
    await vault.library.release("ours", Selection(call_id="c1"), "case 7", WHO)


async def erase(vault: Vault) -> None:
    await vault.library.erase("ours", Selection(call_id="c1"), "their wish", WHO)


async def retain(vault: Vault) -> None:
    await vault.library.set_retention("ours", 30, WHO)


async def retain_for_ever(vault: Vault) -> None:
    await vault.library.set_retention("ours", 30, WHO)
    await vault.library.set_retention("ours", 0, WHO)


async def expire(vault: Vault) -> None:
    await vault.library.set_retention("ours", 1, WHO)
    vault.clock.at += 10 * DAY
    await vault.keeper.expire()


async def renew(vault: Vault) -> None:
    await vault.library.renew_account_key("ours", WHO)


@pytest.mark.parametrize("change", [hold, hold_and_release, erase, retain, retain_for_ever, expire, renew])
async def test_what_is_changed_rightly_is_no_forgery(vault: Vault, change: Callable[[Vault], Awaitable[None]]) -> None:
    await vault.library.set_retention("ours", 7, WHO)
    recording = await made(vault)

    await change(vault)
    await vault.rests(recording)
    assert await findings(vault) == []
    assert await unproved(vault) == 0

    await vault.store.change("ours", "c1", lambda kept: (altering(agent_id="2")(kept), ()))
    assert await findings(vault) == [("changed-record", ALTERED)]


async def test_nobody_finds_out_a_number_from_what_is_left_of_an_erased_recording(vault: Vault) -> None:
    await made(vault)
    before = await vault.store.find("ours", "c1")
    await erase(vault)
    after = await vault.store.find("ours", "c1")
    assert before is not None
    assert after is not None
    assert (bool(before.salt), after.salt) == (True, "")

    hashes = {json.loads(entry.data).get("record") for entry in await vault.ledger.entries("ours", 0, 99, "c1")}
    assert proof_of(before) in hashes, "with the salt, the number could be tried"
    assert proof_of(replace(before, salt="", state=after.state)) not in hashes


async def test_what_was_kept_before_there_were_hashes_is_held_against_what_there_is(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(steps, "proved", lambda change, _: change)
        await made(vault)

    assert (await findings(vault), await unproved(vault)) == ([], 1)
    await hold(vault)
    assert await findings(vault) == []
    await vault.store.change("ours", "c1", lambda kept: (altering(consents=(INVENTED,))(kept), ()))
    assert await findings(vault) == [("changed-record", "the ledger has other consents")]


@pytest.mark.parametrize(
    ("moment", "what"),
    [
        (None, "it does not say when it was deleted, or says so although it is not"),
        (START, "it says that it was deleted before the ledger says that it was to be"),
    ],
)
async def test_a_forged_time_of_deletion_is_named(vault: Vault, moment: int | None, what: str) -> None:
    recording = await made(vault)
    vault.clock.at += DAY
    await erase(vault)
    await vault.rests(recording, State.DELETED)
    assert await findings(vault) == []

    await vault.store.change("ours", "c1", lambda kept: (replace(kept, deleted_at=moment), ()))

    assert await findings(vault) == [("changed-record", what)]


async def test_a_failure_that_was_taken_out_is_named(vault: Vault) -> None:
    await vault.kept(recording_of("c1", ms=8_000), {Side.AGENT: wav_of(tone(440, 300))})
    kept = await vault.store.find("ours", "c1")
    assert kept is not None
    assert kept.failures
    assert await findings(vault) == []

    await vault.store.change("ours", "c1", lambda kept: (replace(kept, failures=()), ()))

    assert await findings(vault) == [
        ("changed-record", "the ledger says that something else went wrong while it was kept")
    ]


@pytest.mark.parametrize("buckets", [(), (Bucket("another"),)])
async def test_a_forged_object_store_is_named(
    still: Vault, object_store: ObjectStore, buckets: tuple[Bucket, ...]
) -> None:
    async with working(Vault(still.folder, still.database, object_store.bucket)) as vault:
        await vault.kept(recording_of("c1"))
        await vault.rests(recording_of("c1"), State.REMOTE)
        assert await findings(vault) == []

        await vault.store.change("ours", "c1", lambda kept: (replace(kept, buckets=buckets), ()))

        assert await findings(vault) == [
            ("changed-record", "the ledger says that it was uploaded to another object store")
        ]
