"""What a call says was decided and agreed is what its ledger says, or it is named."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from outdial.calls.directory import CallFilter
from outdial.calls.recording_library import Finding
from outdial.domain.call import Call
from outdial.domain.consent import AccountRecording, Consent, Scenario, decide
from outdial.domain.ledger import Kind, Record
from recordings.test_verifying import sql
from support.stored import World, furnished, named
from support.vault import BOTH_LEGS, START, Vault

TWO_PARTY = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.TWO_PARTY, AccountRecording())
CONSENT = {"at": START + 500, "act": "given", "side": "party", "way": "dtmf", "who": None}


@pytest.fixture
async def world(vault: Vault) -> World:
    return await furnished(vault.database)


async def edit(vault: Vault, change: Callable[[dict[str, Any]], object], call: str = "c1") -> None:
    rows = await vault.database.read(lambda c: c.exec_driver_sql(f"SELECT data FROM calls WHERE id = '{call}'").all())
    data = json.loads(rows[0][0])
    change(data)
    text = json.dumps(data).replace("'", "''")
    await sql(vault, f"UPDATE calls SET data = '{text}' WHERE id = '{call}'")


async def findings(vault: Vault) -> list[tuple[str, str, str]]:
    found = [each async for each in vault.library.verify(None, {})]
    return [(each.code, each.subject, each.detail) for each in found if isinstance(each, Finding)]


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another rule": (
        lambda data: data["plan"]["recording"].update(rule="forged"),
        "the ledger says that something else was decided",
    ),
    "no decision": (
        lambda data: data["plan"].update(recording={}),
        "the ledger says that something else was decided",
    ),
    "an invented consent": (
        lambda data: data["recording"].update(consents=[CONSENT]),
        "the ledger has other consents",
    ),
}


@pytest.mark.parametrize(("forge", "what"), FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_decision_or_consent_of_a_call_is_named(
    vault: Vault, world: World, forge: Callable[[dict[str, Any]], object], what: str
) -> None:
    await world.place("c1", named("c1", "1"), START, recording=TWO_PARTY.to_dict())
    await world.place("c2", named("c2", "2"), START, recording=TWO_PARTY.to_dict())
    assert await findings(vault) == []

    await edit(vault, forge)

    assert await findings(vault) == [("changed-record", "call c1", what)]


async def test_a_decision_that_the_ledger_never_heard_of_is_named(vault: Vault, world: World) -> None:
    await world.place("c1", named("c1", "1"), START)
    await vault.ledger.append([Record(Kind.RETENTION_SET, "ours", START, data={"days": 1})])
    assert await findings(vault) == []

    await edit(vault, lambda data: data["plan"].update(recording=BOTH_LEGS.to_dict()))

    assert await findings(vault) == [("changed-record", "call c1", "the ledger does not say what was decided")]


async def test_a_consent_that_was_taken_out_of_a_call_is_named(vault: Vault, world: World) -> None:
    await world.place("c1", named("c1", "1"), START, recording=TWO_PARTY.to_dict())
    told = {"side": "party", "way": "dtmf"}
    await vault.ledger.append([Record(Kind.CONSENT_GIVEN, "ours", START + 500, "c1", data=told)])

    assert await findings(vault) == [("changed-record", "call c1", "the ledger has other consents")]
    await edit(vault, lambda data: data["recording"].update(consents=[CONSENT]))
    assert await findings(vault) == []


async def test_a_call_that_is_placed_while_it_is_looked_is_none_of_the_findings(
    vault: Vault, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.place("c1", named("c1", "1"), START, recording=TWO_PARTY.to_dict())
    search = vault.calls.search

    async def placing(account: str, wanted: CallFilter) -> list[Call]:
        if wanted.before is None:
            await world.place("c2", named("c2", "2"), START, recording=TWO_PARTY.to_dict())
        return list(await search(account, wanted))

    monkeypatch.setattr(vault.calls, "search", placing)
    assert await findings(vault) == []


async def test_calls_that_can_not_be_read_are_told_of_and_everything_else_is_verified(
    vault: Vault, world: World
) -> None:
    await world.place("c1", named("c1", "1"), START, recording=TWO_PARTY.to_dict())
    await edit(vault, lambda data: data.clear())
    await sql(vault, "UPDATE ledger_heads SET hash = 'f'")

    assert [(code, subject) for code, subject, _ in await findings(vault)] == [
        ("broken-chain", "ledger entry 1"),
        ("unreadable-record", "calls"),
    ]
