"""Reading a call at every moment of its life, hanging it up, and what is said of recording."""

import httpx
import pytest

from outdial.domain.commands import HangUp
from outdial.domain.legs import Side
from support.api_world import ACCOUNT, AGENT_TO_NUMBER, BASE, ApiWorld

MEMBERS = [
    *("id", "links", "from", "to", "status", "recordingStatus", "result", "dispositionCode"),
    *("detail", "hungUpBy", "times", "recording", "reasons"),
]
NO_ID = "00000000-0000-4000-8000-000000000000"


async def read(world: ApiWorld, call_id: str, n: int = 3) -> dict[str, object]:
    response = await world.client.get(f"/v{n}/{ACCOUNT}/calls/{call_id}")
    assert response.status_code == 200
    said: dict[str, object] = response.json()
    return said


def result(code: str, party: str, reason: str) -> dict[str, str]:
    return {"code": code, "party": party, "reason": reason}


async def test_a_call_is_read_at_every_moment(world: ApiWorld) -> None:
    call_id = (await world.place()).json()["id"]
    ringing = await read(world, call_id)
    assert list(ringing) == MEMBERS
    assert ringing["links"] == [{"href": f"{BASE}/v3/{ACCOUNT}/calls/{call_id}", "rel": "_self"}]
    assert (ringing["from"], ringing["to"]) == (AGENT_TO_NUMBER["from"], AGENT_TO_NUMBER["to"])
    assert (ringing["status"], ringing["recordingStatus"], ringing["result"]) == ("RingingOriginator", "Stopped", None)
    await world.switch.picks_up(call_id, Side.AGENT)
    assert (await read(world, call_id))["status"] == "RingingDestination"
    world.time.pass_(2.5)
    await world.switch.picks_up(call_id, Side.PARTY)
    assert (await read(world, call_id))["status"] == "Connected"
    world.switch.confirms_hang_ups = False
    await world.switch.ends(call_id, Side.PARTY)
    ending = await read(world, call_id)
    assert (ending["status"], ending["result"]) == ("Ending", None)
    await world.switch.ends(call_id, Side.AGENT)
    ended = await read(world, call_id)
    assert (ended["status"], ended["recordingStatus"]) == (None, None)
    assert ended["result"] == result("Success", "Destination", "Normal")
    assert (ended["hungUpBy"], ended["dispositionCode"]) == ("Party", None)


async def test_the_times_of_a_call(world: ApiWorld) -> None:
    world.time.at = 1_795_000_000_001
    call_id = (await world.place()).json()["id"]
    world.time.pass_(1)
    await world.switch.rings(call_id, Side.AGENT)
    world.time.pass_(2)
    await world.switch.picks_up(call_id, Side.AGENT)
    times = (await read(world, call_id))["times"]
    assert times == {
        "created": "2026-11-18T11:06:40.001Z",
        "agentRinging": "2026-11-18T11:06:41.001Z",
        "agentAnswered": "2026-11-18T11:06:43.001Z",
        "partyDialled": "2026-11-18T11:06:43.001Z",
        "partyRinging": None,
        "partyAnswered": None,
        "joined": None,
        "ended": None,
    }


async def test_a_call_says_why_it_is_as_it_is(world: ApiWorld) -> None:
    body = {
        "from": {"groups": ["030"]},
        "to": {"telephoneNumber": "02072068888", "consent": "TwoParty"},
        "regarding": {"reference": "0012400000ATTUQ"},
        "application": "appName",
    }
    said = await read(world, (await world.place(body)).json()["id"])
    assert said["regarding"] == body["regarding"]
    assert said["application"] == "appName"
    recording, reasons = said["recording"], said["reasons"]
    assert isinstance(recording, dict)
    assert isinstance(reasons, dict)
    assert (recording["legs"], recording["legsAfterConsent"]) == ("none", "none")
    assert "TwoParty" in recording["rule"]
    assert "longest idle" in reasons["agent"]
    assert "carrier" in reasons["trunk"]


@pytest.mark.parametrize("version", [0, 1, 2, 6])
async def test_a_lower_version_is_served_too(world: ApiWorld, version: int) -> None:
    call_id = (await world.place()).json()["id"]
    response = await world.client.get(f"/v{version}/{ACCOUNT}/calls/{call_id}")
    assert response.headers["content-type"] == f"application/json; version={version}"
    bad = await world.client.get(f"/v0/{ACCOUNT}/calls/{call_id}", headers={"Accept": "a/b;version=9"})
    assert (bad.status_code, bad.json()["code"]) == (400, "unsupported-version")


@pytest.mark.parametrize("call_id", [NO_ID, "x", "1", "%00", "%F0%9F%92%A9", NO_ID.replace("-", ""), NO_ID + "0"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
async def test_a_call_that_is_not_there(world: ApiWorld, method: str, call_id: str) -> None:
    body = {"recordingStatus": "Paused"}
    response = await world.client.request(method, f"/v3/{ACCOUNT}/calls/{call_id}", json=body)
    assert (response.status_code, response.json()) == (404, {"message": "Call not found", "code": "call-not-found"})


async def hang_up(world: ApiWorld, call_id: str) -> httpx.Response:
    return await world.client.delete(f"/v3/{ACCOUNT}/calls/{call_id}")


@pytest.mark.parametrize("moment", ["ringing", "dialling", "joined"])
async def test_a_call_is_hung_up_at_any_moment_and_both_legs_end(world: ApiWorld, moment: str) -> None:
    call_id = (await world.place()).json()["id"]
    if moment != "ringing":
        await world.switch.picks_up(call_id, Side.AGENT)
    if moment == "joined":
        await world.switch.picks_up(call_id, Side.PARTY)
    world.switch.confirms_hang_ups = False
    response = await hang_up(world, call_id)
    assert (response.status_code, response.json()["status"]) == (202, "Ending")
    sides = [Side.AGENT] if moment == "ringing" else [Side.AGENT, Side.PARTY]
    assert [each for each in world.switch.commands_of(call_id) if isinstance(each, HangUp)] == [
        HangUp(side) for side in sides
    ]
    for side in sides:
        await world.switch.ends(call_id, side)
    ended = await read(world, call_id)
    expected = ("Success", "Originator", "Normal") if moment == "joined" else ("Failure", "Originator", "CallFailed")
    assert (ended["result"], ended["hungUpBy"]) == (result(*expected), "Api")
    again = await hang_up(world, call_id)
    assert (again.status_code, again.json()) == (200, ended)
    assert (await world.place()).status_code == 201


async def test_hanging_up_twice_at_once_is_no_error(world: ApiWorld) -> None:
    call_id = (await world.place()).json()["id"]
    world.switch.confirms_hang_ups = False
    assert [(await hang_up(world, call_id)).status_code for _ in range(2)] == [202, 202]


CONTROL = [
    ({"recordingStatus": "Paused"}, "Unable to change recording - the call is not being recorded", "not-recording"),
    ({"recordingStatus": "Started"}, "Unable to change recording - the call is not being recorded", "not-recording"),
    ({"recordingStatus": "Stopped"}, "recordingStatus must be Paused or Started", "wrong-type"),
    ({"recordingStatus": None}, "recordingStatus must be Paused or Started", "wrong-type"),
    ({"recordingStatus": ["Paused"]}, "recordingStatus must be Paused or Started", "wrong-type"),
    ({}, "recordingStatus must be Paused or Started", "wrong-type"),
    (["Paused"], "The request body must be a JSON object", "not-an-object"),
]


@pytest.mark.parametrize(("body", "message", "code"), CONTROL)
async def test_what_is_not_recorded_can_not_be_paused(world: ApiWorld, body: object, message: str, code: str) -> None:
    call_id = (await world.place()).json()["id"]
    response = await world.client.post(f"/v3/{ACCOUNT}/calls/{call_id}", json=body)
    assert (response.status_code, response.json()) == (400, {"message": message, "code": code})


async def test_recording_control_takes_json_only(world: ApiWorld) -> None:
    response = await world.client.post(f"/v3/{ACCOUNT}/calls/{NO_ID}", data={"recordingStatus": "Paused"})
    assert response.status_code == 415


async def test_the_link_of_a_placed_call_leads_to_it(world: ApiWorld) -> None:
    placed = await world.place(n=0)
    for url in (placed.headers["location"], placed.json()["links"][0]["href"], placed.headers["location"].upper()):
        path = url[len(BASE) :]
        assert (await world.client.get(path)).json()["id"] == placed.json()["id"]
