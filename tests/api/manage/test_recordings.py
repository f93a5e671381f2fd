"""Keeping recordings, managed over HTTP: retention, holds, erasures, keys, ledger, verification."""

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from outdial.api.auth import ADMIN, SCOPES
from outdial.domain.ledger import Entry
from outdial.recordings.erasure import Signer, is_signed
from support.api_world import ACCOUNT, OTHER, OTHERS_SECRET, ApiWorld, bearer
from support.chains import faults
from support.manage import operators_token
from support.vault import recording_of

ID = "94e5928c-7f7e-4645-ad72-61010f906449"
URL = f"/manage/accounts/{ACCOUNT}/recordings"
HOLD = {"matter": "case 7", "number": "020 7946 0123"}


@pytest.fixture
async def kept(world: ApiWorld) -> ApiWorld:
    await world.keep(replace(recording_of(ID), reference="case-5"))
    return world


async def send(world: ApiWorld, path: str, body: Any = None, method: str = "POST", **headers: str) -> Any:
    response = await world.client.request(method, path, json=body, headers=headers)
    assert response.status_code < 300, response.text
    return response.json()


async def lines(world: ApiWorld, path: str, body: Any, **headers: str) -> list[dict[str, Any]]:
    response = await world.client.post(path, json=body, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


async def test_retention_is_set_and_told_with_each_recording(kept: ApiWorld) -> None:
    assert await send(kept, f"{URL}/retention", method="GET") == {"retentionDays": 0}
    assert await send(kept, f"{URL}/retention", {"retentionDays": 30}, "PUT") == {"retentionDays": 30}
    assert await send(kept, f"{URL}/retention", method="GET") == {"retentionDays": 30}

    said = (await kept.client.get(f"/v6/{ACCOUNT}/recordings/{ID}")).json()
    assert said["retainUntil"] == "2025-12-24T16:00:02.000Z"


async def test_a_hold_is_put_on_seen_and_released(kept: ApiWorld) -> None:
    assert await send(kept, f"{URL}/holds", HOLD) == {"recordings": [ID], "underWay": [], "unreadable": []}
    said = (await kept.client.get(f"/v6/{ACCOUNT}/recordings/{ID}")).json()
    assert (said["held"], said["holds"]) == (True, ["case 7"])
    certificate = await send(kept, f"{URL}/erasures", {"callId": ID, "reason": "their wish"})
    assert (certificate["erased"], certificate["held"]) == ([], [{"recording": ID, "matters": ["case 7"]}])
    assert await send(kept, f"{URL}/releases", {"matter": "case 7", "reference": "case-5"}) == {
        "recordings": [ID],
        "underWay": [],
        "unreadable": [],
    }
    assert await send(kept, f"{URL}/releases", HOLD) == {"recordings": [], "underWay": [], "unreadable": []}


async def test_an_erasure_answers_with_a_certificate_that_can_be_checked(kept: ApiWorld) -> None:
    certificate = await send(kept, f"{URL}/erasures", {"number": "+442079460123", "reason": "their wish"})

    assert [each["recording"] for each in certificate["erased"]] == [ID]
    assert certificate["by"] == f"account {ACCOUNT}"
    key = await send(kept, f"{URL}/signing-key", method="GET")
    assert key == {"algorithm": "Ed25519", "publicKey": Signer(bytes(32)).public_key}
    assert is_signed(certificate, key["publicKey"])
    assert (await kept.client.get(f"/v6/{ACCOUNT}/recordings/{ID}/audio")).status_code == 404


async def test_a_certificate_is_read_again(kept: ApiWorld) -> None:
    certificate = await send(kept, f"{URL}/erasures", {"number": "+442079460123", "reason": "their wish"})
    (entry,) = [
        each
        for each in (await send(kept, f"{URL}/ledger?limit=100", method="GET"))["items"]
        if each["kind"] == "erasure.certified"
    ]
    url = f"{URL}/erasures/{json.loads(entry['data'])['certificate']}"

    assert await send(kept, url, method="GET") == certificate
    assert is_signed(await send(kept, url, method="GET"), Signer(bytes(32)).public_key)
    (item,) = (await send(kept, f"{URL}/erasures", method="GET"))["items"]
    assert (item["certificate"], item["selectedBy"], item["erased"]) == (certificate["certificate"], "number", 1)
    others = url.replace(ACCOUNT, OTHER)
    assert (await kept.client.get(others, headers=bearer(operators_token(kept)))).status_code == 404
    for unknown in ("nothing", "%00", "%C3%A9"):
        assert (await kept.client.get(f"{URL}/erasures/{unknown}")).status_code == 404


async def test_recordings_are_counted_held_and_erased_by_agent_and_dates(kept: ApiWorld) -> None:
    day = {"from": "2025-11-24T00:00:00Z", "to": "2025-11-25T00:00:00Z"}
    before = (await send(kept, f"{URL}/ledger", method="GET"))["items"]
    assert await send(kept, f"{URL}/count", {"agentId": "1", **day}) == {
        "recordings": 1,
        "held": 0,
        "lengthMs": 2_000,
        "firstStartedAt": "2025-11-24T16:00:00.000Z",
        "lastStartedAt": "2025-11-24T16:00:00.000Z",
        "underWay": [],
    }
    assert (await send(kept, f"{URL}/ledger", method="GET"))["items"] == before
    for other in ({"agentId": "2"}, {"agentId": "1", "to": day["from"]}, {"from": day["to"]}):
        assert (await send(kept, f"{URL}/holds", {"matter": "case 7", **other}))["recordings"] == []
    assert (await send(kept, f"{URL}/holds", {"matter": "case 7", **day}))["recordings"] == [ID]
    assert (await send(kept, f"{URL}/count", {"agentId": "1"}))["held"] == 1
    await send(kept, f"{URL}/releases", {"matter": "case 7", **day})
    certificate = await send(kept, f"{URL}/erasures", {"agentId": "1", **day, "reason": "their wish"})
    assert (certificate["selectedBy"], len(certificate["erased"])) == ("agent and dates", 1)


async def test_a_certificate_tells_times_as_everything_does(kept: ApiWorld) -> None:
    certificate = await send(kept, f"{URL}/erasures", {"callId": ID, "reason": "their wish"})
    assert certificate["at"] == "2026-11-18T11:06:40.000Z"
    assert certificate["erased"][0]["startedAt"] == "2025-11-24T16:00:00.000Z"
    assert is_signed(certificate, Signer(bytes(32)).public_key)


async def test_all_of_an_account_is_erased_by_an_operator_only(kept: ApiWorld) -> None:
    body = {"reason": "they left"}
    response = await kept.client.post(f"{URL}/account-erasures", json=body)
    assert response.status_code == 403
    certificate = await send(kept, f"{URL}/account-erasures", body, **bearer(operators_token(kept)))
    assert len(certificate["erased"]) == 1
    assert certificate["by"] == "operator operator"


async def test_keys_are_renewed(kept: ApiWorld) -> None:
    before = (await kept.client.get(f"/v6/{ACCOUNT}/recordings/{ID}/audio")).content
    assert await send(kept, f"{URL}/keys") == {"generation": 2}
    assert (await kept.client.post("/manage/recordings/master-keys")).status_code == 403
    assert await send(kept, "/manage/recordings/master-keys", **bearer(operators_token(kept))) == {"keys": 1}

    assert (await kept.client.get(f"/v6/{ACCOUNT}/recordings/{ID}/audio")).content == before


async def test_a_record_that_can_not_be_read_is_left_as_it_is_and_named(kept: ApiWorld) -> None:
    await kept.database.write(lambda c: c.exec_driver_sql("UPDATE recordings SET data = '{}'"))

    assert await send(kept, f"{URL}/holds", HOLD) == {"recordings": [], "underWay": [], "unreadable": [ID]}
    certificate = await send(kept, f"{URL}/erasures", {"number": "+442079460123", "reason": "their wish"})
    assert (certificate["erased"], [each["recording"] for each in certificate["unreadable"]]) == ([], [ID])
    refused = await kept.client.post(f"{URL}/keys")
    assert refused.status_code == 503
    assert f"the record of recording {ID} can't be read" in refused.json()["message"]
    response = await kept.client.post(f"{URL}/verification", json={})
    found = [json.loads(line) for line in response.text.splitlines()]
    assert [line["finding"]["code"] for line in found if "finding" in line] == ["unreadable-record"]


async def test_the_ledger_is_read_in_pages_and_can_be_checked_by_whoever_reads_it(kept: ApiWorld) -> None:
    await send(kept, f"{URL}/holds", HOLD)
    items, cursor = list[dict[str, Any]](), ""
    while cursor is not None:
        page = await send(kept, f"{URL}/ledger?limit=2{cursor and '&cursor='}{cursor}", method="GET")
        items += page["items"]
        cursor = page["next"]

    entries = [
        Entry(
            ACCOUNT,
            each["seq"],
            each["atMs"],
            each["kind"],
            each["callId"],
            each["who"],
            each["data"],
            each["previous"],
            each["hash"],
        )
        for each in items
    ]
    kinds = ["recording.decided", "key.rotated", "file.kept", "file.kept", "recording.held"]
    assert [entry.kind for entry in entries] == kinds
    assert faults(entries, (5, entries[-1].hash)) == []
    of_call = await send(kept, f"{URL}/ledger?callId={ID}", method="GET")
    assert [each["seq"] for each in of_call["items"]] == [1, 3, 4, 5]


async def test_a_verification_answers_line_by_line(kept: ApiWorld) -> None:
    found = await lines(kept, f"{URL}/verification", {})
    assert [list(line) for line in found] == [["verified"]]
    assert found[0]["verified"]["files"] == 2
    head = found[0]["verified"]["head"]
    assert await lines(kept, f"{URL}/verification", {"expected": {ACCOUNT: head}}) == found

    wrong = await lines(kept, f"{URL}/verification", {"expected": {ACCOUNT: {**head, "hash": "0" * 64}}})
    assert [line["finding"]["code"] for line in wrong if "finding" in line] == ["broken-chain"]
    everything = await lines(kept, "/manage/recordings/verification", {}, **bearer(operators_token(kept)))
    assert everything == found
    assert (await kept.client.post("/manage/recordings/verification", json={})).status_code == 403


REFUSED = {
    "nothing selected": (
        "holds",
        {"matter": "case 7"},
        "callId must be the only one of callId, number, reference, agentId",
    ),
    "two selected": (
        "holds",
        {"matter": "case 7", "callId": ID, "number": "+442079460123"},
        "number must be the only one of callId, number, reference, agentId",
    ),
    "no date": (
        "count",
        {"from": "yesterday"},
        "from must be a date and time with its offset, such as 2026-11-24T09:30:00Z",
    ),
    "no date at all": ("erasures", {"to": None, "reason": "x"}, "to must be a string"),
    "no matter": ("holds", {"callId": ID}, "matter is required"),
    "no reason": ("erasures", {"callId": ID}, "reason is required"),
    "no number": (
        "erasures",
        {"number": "12", "reason": "x"},
        "number must be a telephone number that can be dialled, such as +442079460123",
    ),
    "no call": ("erasures", {"callId": "x", "reason": "x"}, "callId must be a call's id"),
    "no hash": (
        "verification",
        {"expected": {ACCOUNT: {"seq": 1, "hash": "x"}}},
        f"expected.{ACCOUNT}.hash must be 64 hexadecimal digits",
    ),
}


@pytest.mark.parametrize(("path", "body", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_can_not_be_done_is_refused(world: ApiWorld, path: str, body: Any, message: str) -> None:
    response = await world.client.post(f"{URL}/{path}", json=body)

    assert (response.status_code, response.json()["message"]) == (400, message)


PAGES = (
    ("GET", "retention", None),
    ("PUT", "retention", {"retentionDays": 1}),
    ("POST", "count", {"number": "020 7946 0123"}),
    ("POST", "holds", HOLD),
    ("POST", "releases", HOLD),
    ("POST", "erasures", {"callId": ID, "reason": "x"}),
    ("POST", "keys", None),
    ("GET", "signing-key", None),
    ("GET", "ledger", None),
    ("POST", "verification", {}),
)


@pytest.mark.parametrize(("method", "page", "body"), PAGES)
async def test_only_who_may_manage_the_account_may_do_any_of_it(
    kept: ApiWorld, method: str, page: str, body: Any
) -> None:
    others = bearer(kept.token(OTHER, secret=OTHERS_SECRET))
    listener = bearer(kept.token(scopes=frozenset(SCOPES) - {ADMIN}))
    for headers, status in ((others, 403), (listener, 403), ({"Authorization": ""}, 401)):
        response = await kept.client.request(method, f"{URL}/{page}", json=body, headers=headers)
        assert response.status_code == status


async def test_the_document_is_true_of_what_is_answered(kept: ApiWorld) -> None:
    document = (await kept.client.get("/openapi.json")).json()

    def check(schema: str, answer: Any) -> None:
        whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        jsonschema_rs.Draft202012Validator(whole).validate(answer)

    base = f"/v6/{ACCOUNT}/recordings"
    check("Recording", (await kept.client.get(f"{base}/{ID}")).json())
    check("RecordingPage", (await kept.client.get(base)).json())
    check("Peaks", (await kept.client.get(f"{base}/{ID}/peaks")).json())
    link = await kept.client.post(f"{base}/{ID}/links")
    check("ListeningLink", link.json())
    examples = 0
    for path, operations in document["paths"].items():
        answered = [each["responses"] for name, each in operations.items() if name in ("get", "post")]
        for responses in answered if path.startswith("/v") and "/recordings" in path else ():
            for media in responses.get("200", responses.get("201"))["content"].values():
                for example in media.get("examples", {}).values():
                    check(media["schema"]["$ref"].rsplit("/", 1)[1], example["value"])
                    examples += 1
    assert examples == 3
