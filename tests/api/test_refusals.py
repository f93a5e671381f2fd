"""Every refusal of placing a call, provoked over HTTP and compared byte for byte; nobody is called for any of them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from outdial.domain.commands import Ring
from outdial.domain.events import CommandFailed, LegRefused
from outdial.domain.legs import Side
from outdial.domain.presence import Presence
from support.api_world import ACCOUNT, AGENT_TO_NUMBER, ApiWorld
from support.page_texts import PAGE_TEXTS

Prepare = Callable[[ApiWorld], Awaitable[object]]
NUMBER = {"telephoneNumber": "02072068888"}
AGENT = {"agentId": "1234"}


def outbound_off(world: ApiWorld) -> Awaitable[object]:
    return world.change_account(outbound_enabled=False)


def own_caller_ids_only(world: ApiWorld) -> Awaitable[object]:
    return world.change_account(any_caller_id=False)


def on_a_call(world: ApiWorld) -> Awaitable[object]:
    return world.place({"from": {"agentId": "1234"}, "to": {"agentId": "4567"}})


def away(world: ApiWorld) -> Awaitable[object]:
    return world.presence("1234", Presence.AWAY)


def logged_out(world: ApiWorld) -> Awaitable[object]:
    return world.presence("4567", Presence.LOGGED_OUT)


async def whole_group_away(world: ApiWorld) -> None:
    for agent in await world.directory.members(ACCOUNT, "030"):
        await world.presence(agent, Presence.BREAK)


async def no_phone_rings(world: ApiWorld) -> None:
    world.switch.script[Ring] = LegRefused(Side.AGENT, "Allocation failed")


async def ring_fails(world: ApiWorld) -> None:
    world.switch.script[Ring] = CommandFailed("Ring", "time-out")


async def no_trunk(world: ApiWorld) -> None:
    await world.directory.remove_trunk(ACCOUNT, "carrier")


async def nothing(world: ApiWorld) -> None:
    pass


def call(caller: object = AGENT, callee: object = NUMBER, **more: object) -> dict[str, Any]:
    return {"from": caller, "to": callee, **more}


BOTH = "Consent must be supplied for both from and to or must be omitted for both"
TABLE: list[tuple[str, object, Prepare]] = [
    # The page's own table.
    ("Ccxml must be enabled for this account", call(), outbound_off),
    ("Unable to place call - Agent number busy", call(), on_a_call),
    ("Unable to place call - Agent number busy", call(), away),
    ("Unable to place call - dialed Agent is not currently available", call(AGENT, {"agentId": "4567"}), logged_out),
    ("Unable to place call - dialed Agent is not currently available", call({"agentId": "2001"}, AGENT), on_a_call),
    ("Unable to place call - invalid Agent Id.", call(AGENT, {"agentId": "99"}), nothing),
    ("Unable to place call - Agent Id is unknown", call({"agentId": "99"}), nothing),
    ("Unable to place call - number is invalid", call(AGENT, {"telephoneNumber": "12"}), nothing),
    ("Unable to place call - number is invalid", call(AGENT, {"telephoneNumber": "hello"}), nothing),
    ("Unable to place call to Agent. Please try again", call(), no_phone_rings),
    ("Unable to place call to Agent. Please try again", call(), ring_fails),
    ("Unable to place call to Agent. Please try again", call({"groups": ["030"]}), no_phone_rings),
    ("Telephone number exceeds 30 characters", call(AGENT, {"telephoneNumber": "0" * 31}), nothing),
    ("Agent Id exceeds 11 digits", call({"agentId": "1" * 12}), nothing),
    ("Agent Id exceeds 11 digits", call(AGENT, {"agentId": "1" * 12}), nothing),
    ("Agent Id must contain digits only", call({"agentId": "12a4"}), nothing),
    ("Agent Id must contain digits only", call({"agentId": "١٢"}), nothing),
    ("Telephone number not supported in this context", call({"telephoneNumber": "02072068888"}), nothing),
    ("Agent Id must be specified", call({}), nothing),
    ("Agent Id must be specified", {"to": NUMBER}, nothing),
    ("Either telephone number or agent id required", call(AGENT, {}), nothing),
    ("Either telephone number or agent id required", {"from": AGENT}, nothing),
    ("Either telephone number or agent id required, not both", call(AGENT, {**NUMBER, "agentId": "4567"}), nothing),
    ("Reference exceeded 2000 characters", call(regarding={"reference": "x" * 2001}), nothing),
    ("Reference contained invalid characters", call(regarding={"reference": "a b"}), nothing),
    ("Application exceeded 32 characters", call(application="x" * 33), nothing),
    ("Application contains non-alphanumeric characters", call(application="a-b"), nothing),
    # Ours.
    ("Either agent id or groups required, not both", call({**AGENT, "groups": ["030"]}), nothing),
    ("Groups not supported in this context", call(AGENT, {"groups": ["030"]}), nothing),
    ("Unable to place call - Group Id is unknown", call({"groups": ["030", "31"]}), nothing),
    ("Unable to place call - Group Id is unknown", call({"groups": ["30"]}), nothing),
    (
        "Unable to place call - no Agent of the groups is currently available",
        call({"groups": ["030"]}),
        whole_group_away,
    ),
    ("Unable to place call - an Agent cannot call itself", call(AGENT, AGENT), nothing),
    ("Unable to place call - presented CLID is invalid", call({**AGENT, "presentedCLID": "1"}), nothing),
    (
        "Unable to place call - presented CLID is not allowed for this account",
        call({**AGENT, "presentedCLID": "08008888888"}),
        own_caller_ids_only,
    ),
    (
        "Unable to place call - calls to this destination are not allowed for this account",
        call(AGENT, {"telephoneNumber": "+1 212 555 2368"}),
        nothing,
    ),
    (
        "Unable to place call - premium rate numbers are not allowed for this account",
        call(AGENT, {"telephoneNumber": "09098790000"}),
        nothing,
    ),
    (
        "Unable to place call - emergency numbers cannot be called",
        call(AGENT, {"telephoneNumber": "999"}),
        nothing,
    ),
    ("Unable to place call - no trunk is configured for this account", call(), no_trunk),
    ("Consent must be one of Unknown, OneParty, TwoParty", call({**AGENT, "consent": "oneparty"}), nothing),
    (BOTH, call({**AGENT, "consent": "OneParty"}), nothing),
    (BOTH, call(AGENT, {**NUMBER, "consent": "OneParty"}), nothing),
    (
        "Consent must be omitted for both from and to when calling an agent",
        call({**AGENT, "consent": "OneParty"}, {"agentId": "4567"}),
        nothing,
    ),
    (
        "Consent must be omitted for from when calling from groups",
        call({"groups": ["030"], "consent": "OneParty"}, {**NUMBER, "consent": "OneParty"}),
        nothing,
    ),
    (
        "Unknown member from.presentedClid; did you mean from.presentedCLID?",
        call({**AGENT, "presentedClid": "1"}),
        nothing,
    ),
    ("Unknown member from.agentID; did you mean from.agentId?", call({"agentID": "1234"}), nothing),
    (
        "Unknown member to.telephonenumber; did you mean to.telephoneNumber?",
        call(AGENT, {"telephonenumber": "1"}),
        nothing,
    ),
    ("from must be an object", call("1234"), nothing),
    ("from.groups must be a list of strings", call({"groups": [30]}), nothing),
    ("application must be a string", call(application=5), nothing),
    ("The request body must be a JSON object", [call()], nothing),
]


@pytest.mark.parametrize(("message", "body", "prepare"), TABLE, ids=[f"{n} {each[0]}" for n, each in enumerate(TABLE)])
async def test_each_refusal_is_told_to_the_letter(
    world: ApiWorld, message: str, body: object, prepare: Prepare
) -> None:
    await prepare(world)
    before = len(world.engine.live)
    response = await world.place(body)
    assert response.status_code == 400
    said = response.json()
    assert list(said) == ["message", "code"]
    assert said["message"].encode() == message.encode()
    assert said["code"].replace("-", "").isalpha()
    assert said["code"] == said["code"].lower()
    await world.settled()
    assert len(world.engine.live) == before


def test_every_message_of_the_page_is_provoked() -> None:
    assert set(PAGE_TEXTS) <= {message for message, _, _ in TABLE}


MALFORMED = [b"", b"{", b'{"from": NaN}', b"\xff", b'{"a": 1, "a": 2}', b'"\\ud800', b"[" * 50_000, b"hello"]


@pytest.mark.parametrize("body", MALFORMED, ids=[str(body[:12]) for body in MALFORMED])
async def test_what_is_not_json_is_refused(world: ApiWorld, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await world.client.post(f"/v6/{ACCOUNT}/calls/", content=body, headers=headers)
    assert response.status_code == 400
    assert response.content == b'{"message": "The request body is not valid JSON", "code": "malformed-json"}'


async def test_a_refused_call_leaves_the_agent_free(world: ApiWorld) -> None:
    refused = await world.place(call(AGENT, {"telephoneNumber": "12"}))
    assert refused.status_code == 400
    assert (await world.place()).status_code == 201


async def test_too_many_calls_in_a_second_are_told_when_to_come_again(world: ApiWorld) -> None:
    await world.change_account(calls_per_second=1.0)
    assert (await world.place(call({"groups": ["200"]}))).status_code == 201
    response = await world.place(call({"groups": ["200"]}))
    assert response.status_code == 429
    assert response.json() == {"message": "Too many calls; try again later", "code": "too-many-requests"}
    assert response.headers["retry-after"] == "1"
    assert response.headers["ratelimit-policy"] == '"calls";q=1'
    assert response.headers["ratelimit"] == '"calls";r=0;t=1'
    world.time.pass_(1)
    assert (await world.place(call({"groups": ["200"]}))).status_code == 201


async def test_a_placement_that_could_not_be_stored_counts_for_no_call(world: ApiWorld) -> None:
    """Counted before it is stored: left counted, an account's calls would be used up one failure after another."""
    await world.change_account(max_concurrent_calls=1)
    full = "CREATE TRIGGER full BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    await world.database.write(lambda c: c.exec_driver_sql(full))
    assert (await world.place()).status_code >= 500
    await world.database.write(lambda c: c.exec_driver_sql("DROP TRIGGER full"))

    assert (await world.place()).status_code == 201
    assert (await world.place(call({"agentId": "4567"}))).status_code == 429


@pytest.mark.parametrize("away", ["switch", "stopping"])
async def test_without_a_switch_nothing_is_placed(world: ApiWorld, away: str) -> None:
    if away == "switch":
        world.switch.reachable = False
    else:
        world.engine.stop_accepting()
    response = await world.place()
    assert response.status_code == 503
    assert response.json()["code"] == "switch-unreachable"
    assert int(response.headers["retry-after"]) > 0


async def test_the_text_of_the_415_names_the_media_type_as_sent(world: ApiWorld) -> None:
    response = await world.client.post(f"/v0/{ACCOUNT}/calls/", files={"file": b"x"})
    assert response.status_code == 415
    assert json.loads(response.content) == {
        "message": "The requested resource does not support content type 'multipart/form-data'.",
        "code": "unsupported-media-type",
    }


@pytest.mark.parametrize(
    "media_type", ["text/plain", "Text/XML", "application/jsonx", "application/x-www-form-urlencoded", ""]
)
async def test_only_json_is_taken(world: ApiWorld, media_type: str) -> None:
    headers = {"Content-Type": f"{media_type}; charset=utf-8" if media_type else ""}
    response = await world.client.post(f"/v0/{ACCOUNT}/calls/", content=json.dumps(AGENT_TO_NUMBER), headers=headers)
    assert response.status_code == 415
    assert f"'{media_type}'." in response.json()["message"]
    missing = await world.client.post(f"/v0/{ACCOUNT}/calls/", content=json.dumps(AGENT_TO_NUMBER))
    assert missing.json()["message"] == "The requested resource does not support content type ''."
