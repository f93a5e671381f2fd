"""Recording over HTTP: what is shown of it, pause and resume, consent, and whatever is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from outdial.domain.commands import PauseRecording, Record, ResumeRecording, StopRecording
from outdial.domain.consent import AccountRecording, Legs
from outdial.domain.events import DigitPressed, RecordingBegun
from outdial.domain.legs import Side
from support.api_world import ACCOUNT, ApiWorld

AGENT, PARTY = Side.AGENT, Side.PARTY
BOTH = (AGENT, PARTY)
Members = dict[str, Any]


async def joined(world: ApiWorld, settings: AccountRecording, consent: str | None = None) -> str:
    """A call that both sides are in, under these settings of the account; its id."""
    account = await world.directory.account(ACCOUNT)
    assert account is not None
    await world.directory.change_account(replace(account, recording=settings.to_dict()))
    given = {} if consent is None else {"consent": consent}
    body = {"from": {"agentId": "1234", **given}, "to": {"telephoneNumber": "02072068888", **given}}
    response = await world.client.post(f"/v6/{ACCOUNT}/calls/", json=body)
    assert response.status_code == 201, response.text
    call_id = str(response.json()["id"])
    await world.switch.picks_up(call_id, AGENT)
    await world.switch.picks_up(call_id, PARTY)
    return call_id


async def control(world: ApiWorld, call_id: str, body: object) -> tuple[int, Members]:
    response = await world.client.post(f"/v3/{ACCOUNT}/calls/{call_id}", json=body)
    return response.status_code, response.json()


async def read(world: ApiWorld, call_id: str) -> Members:
    found: Members = (await world.client.get(f"/v3/{ACCOUNT}/calls/{call_id}")).json()
    return found


async def test_a_call_shows_what_may_be_recorded_why_and_what_is(world: ApiWorld) -> None:
    call_id = await joined(world, AccountRecording(), "TwoParty")
    await world.engine.tell(call_id, RecordingBegun((AGENT,)))
    said = await read(world, call_id)
    assert said["recordingStatus"] == "Started"
    recording = said["recording"]
    assert (recording["legs"], recording["legsAfterConsent"]) == ("agent", "both")
    assert recording["now"] == {"legs": ["agent"], "paused": False}
    assert (recording["inputs"]["from"], recording["inputs"]["to"]) == ("TwoParty", "TwoParty")
    assert Record((AGENT,)) in world.switch.commands_of(call_id)


async def test_a_decision_is_told_in_one_spelling_with_the_call_and_in_the_ledger(world: ApiWorld) -> None:
    call_id = await joined(world, AccountRecording(), "TwoParty")
    told = (await read(world, call_id))["recording"]
    managed = (await world.client.get(f"/manage/accounts/{ACCOUNT}/calls/{call_id}")).json()["recording"]
    ledger = (await world.client.get(f"/manage/accounts/{ACCOUNT}/recordings/ledger?callId={call_id}")).json()
    hashed = json.loads(ledger["items"][0]["data"])

    assert list(hashed) == ["inputs", "legs", "legsAfterConsent", "rule"]
    for name in ("legs", "legsAfterConsent", "rule", "inputs"):
        assert told[name] == managed[name]
    assert told["inputs"] == hashed["inputs"] | {"overrides": None}
    assert not [name for name in (*told, *managed, *told["inputs"], *hashed) if "_" in name]


async def test_a_recording_is_paused_and_goes_on_and_both_are_on_record(world: ApiWorld) -> None:
    call_id = await joined(world, AccountRecording(Legs.BOTH))
    status, said = await control(world, call_id, {"recordingStatus": "Paused", "by": "supervisor 77"})
    assert (status, said["recordingStatus"], said["recording"]["now"]["paused"]) == (202, "Paused", True)
    assert (await control(world, call_id, {"recordingStatus": "Paused"}))[0] == 202
    status, said = await control(world, call_id, {"recordingStatus": "Started"})
    assert (status, said["recordingStatus"]) == (202, "Started")
    (pause,) = said["recording"]["pauses"]
    assert pause["by"].startswith("supervisor 77 by ")
    commands = world.switch.commands_of(call_id)
    assert commands.count(PauseRecording(BOTH)) == commands.count(ResumeRecording(BOTH)) == 1


async def test_consent_told_records_the_other_side_and_withdrawn_stops_it(world: ApiWorld) -> None:
    call_id = await joined(world, AccountRecording(), "TwoParty")
    status, said = await control(world, call_id, {"consent": "Given", "by": "agent 1234"})
    assert (status, said["recording"]["now"]["legs"]) == (202, ["agent", "party"])
    status, said = await control(world, call_id, {"consent": "Withdrawn"})
    assert (status, said["recording"]["now"]["legs"]) == (202, ["agent"])
    assert [(each["act"], each["way"]) for each in said["recording"]["consents"]] == [
        ("given", "api"),
        ("withdrawn", "api"),
    ]
    assert world.switch.commands_of(call_id)[-2:] == [Record((PARTY,)), StopRecording((PARTY,))]


async def test_nobody_consents_for_a_party_that_has_refused_itself(world: ApiWorld) -> None:
    call_id = await joined(world, AccountRecording(announcement="default"), "TwoParty")
    await world.engine.tell(call_id, DigitPressed(PARTY, "2"))
    status, said = await control(world, call_id, {"consent": "Given"})
    assert (status, said["code"]) == (400, "refused-by-party")
    assert Record((PARTY,)) not in world.switch.commands_of(call_id)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"recordingStatus": "Paused", "by": "agent 9999"}, "by names an agent that is unknown", "by-unknown-agent"),
        ({"consent": "Given", "by": "agent 9999"}, "by names an agent that is unknown", "by-unknown-agent"),
        (
            {"consent": "Given", "by": "agent 4567"},
            "Unable to take consent - by names an agent that is not on the call",
            "by-agent-not-on-call",
        ),
    ],
)
async def test_nobody_is_put_on_record_who_can_not_have_asked(
    world: ApiWorld, body: Members, message: str, code: str
) -> None:
    call_id = await joined(world, AccountRecording(Legs.BOTH), "TwoParty")
    assert await control(world, call_id, body) == (400, {"message": message, "code": code})
    recording = (await read(world, call_id))["recording"]
    assert (recording["consents"], recording["pauses"]) == ([], [])


async def test_another_agent_of_the_account_may_pause(world: ApiWorld) -> None:
    call_id = await joined(world, AccountRecording(Legs.BOTH))
    assert (await control(world, call_id, {"recordingStatus": "Paused", "by": "agent 4567"}))[0] == 202


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"consent": "given"}, "consent must be Given or Withdrawn"),
        ({"consent": None}, "consent must be Given or Withdrawn"),
        ({"consent": ["Given"]}, "consent must be Given or Withdrawn"),
        ({"consent": "Given", "recordingStatus": "Paused"}, "consent must be left out where recordingStatus is given"),
        ({"recordingStatus": "Paused", "by": "+442079460000"}, "by must be a person, such as agent 1234"),
        ({"recordingStatus": "Paused", "by": 7}, "by must be a person, such as agent 1234"),
    ],
)
async def test_what_cannot_be_meant_is_refused(world: ApiWorld, body: Members, message: str) -> None:
    call_id = await joined(world, AccountRecording(Legs.BOTH))
    status, said = await control(world, call_id, body)
    assert status == 400
    assert said["message"].startswith(message)
    assert not (await read(world, call_id))["recording"]["pauses"]


async def test_consent_is_only_heard_once_both_are_joined(world: ApiWorld) -> None:
    call_id = (await world.place()).json()["id"]
    assert (await control(world, call_id, {"consent": "Given"}))[1]["code"] == "not-connected"


async def test_an_accounts_settings_are_changed_whole_and_told_back(world: ApiWorld) -> None:
    url = f"/manage/accounts/{ACCOUNT}"
    override = {"callerId": "020 7946 0100", "legs": "agent", "whenUnknown": "none"}
    change = {"legs": "both", "overrides": [override], "announcement": "default", "autoResumeSeconds": 60}
    response = await world.client.patch(url, json={"recording": change})
    assert response.status_code == 200, response.text
    told = response.json()["recording"]
    assert told["overrides"] == [{"group": None, "callerId": "+442079460100", "legs": "agent", "whenUnknown": "none"}]
    response = await world.client.patch(url, json={"recording": {"recordOrDrop": True, "announcement": None}})
    after = response.json()["recording"]
    assert after == {**told, "recordOrDrop": True, "announcement": None}


@pytest.mark.parametrize(
    ("overrides", "member"),
    [
        ([{"legs": "both", "whenUnknown": "both"}], "recording.overrides[0]"),
        ([{"group": "030", "callerId": "+442079460100", "legs": "both", "whenUnknown": "both"}], "overrides[0]"),
        ([{"callerId": "999999", "legs": "both", "whenUnknown": "both"}], "overrides[0].callerId"),
        ([{"group": "030", "legs": "both", "whenUnknown": "both"}] * 2, "overrides[1]"),
        ([{"group": "030", "legs": "all", "whenUnknown": "both"}], "overrides"),
        ([{"group": "030", "legs": "both"}], "whenUnknown"),
        (
            [{"group": "O30", "legs": "none", "whenUnknown": "none"}],
            "recording.overrides[0].group must be one of the account's groups",
        ),
    ],
)
async def test_an_override_that_cannot_be_meant_is_refused(world: ApiWorld, overrides: object, member: str) -> None:
    response = await world.client.patch(f"/manage/accounts/{ACCOUNT}", json={"recording": {"overrides": overrides}})
    assert response.status_code == 400
    assert member in response.json()["message"]


async def test_an_announcement_that_is_not_there_is_refused(world: ApiWorld) -> None:
    url = f"/manage/accounts/{ACCOUNT}"
    response = await world.client.patch(url, json={"recording": {"legs": "both", "announcement": "defualt"}})
    assert (response.status_code, response.json()["message"]) == (400, "recording.announcement must be one of default")
    assert (await world.client.get(url)).json()["recording"]["legs"] == "none"
