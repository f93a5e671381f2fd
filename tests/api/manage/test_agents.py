"""Agents: their phones, also on the switch, what they say of themselves, and what they are doing."""

from typing import Any

import pytest

from outdial.domain.phones import ha1
from outdial.domain.presence import Presence
from support.api_world import ACCOUNT, OTHER, ApiWorld, NoPhones


def told(world: ApiWorld) -> list[str]:
    """What the switch has been told since this was last asked."""
    phones = world.parts.phones
    assert isinstance(phones, NoPhones)
    said = phones.told[:]
    phones.told.clear()
    return said


async def test_an_agent_gets_a_phone_that_can_register_at_once(world: ApiWorld, ask: Any) -> None:
    told(world)
    made = await ask("POST", "/agents", {"id": "007", "name": "Ann"})
    assert made.status_code == 201
    assert made.headers["Location"] == f"http://calls.test/manage/accounts/{ACCOUNT}/agents/007"
    agent = made.json()
    password = agent.pop("phonePassword")
    assert agent["phone"] == {"kind": "sip", "address": f"{ACCOUNT}-007", "online": None}
    assert agent["state"] == {"number": 16, "word": "Ready"}
    kept = await world.directory.agent(ACCOUNT, "007")
    assert kept is not None
    assert kept.sip_ha1 == ha1(f"{ACCOUNT}-007", password)
    assert kept.idle_since == world.time.now()
    assert told(world) == ["agent 007"]
    assert (await ask("GET", "/agents/007")).json() == agent


async def test_a_password_may_be_given(world: ApiWorld, ask: Any) -> None:
    phone = {"kind": "sip", "password": "correct-horse"}
    made = await ask("POST", "/agents", {"id": "7", "name": "Ann", "phone": phone})
    assert made.json()["phonePassword"] == "correct-horse"
    kept = await world.directory.agent(ACCOUNT, "7")
    assert kept is not None
    assert kept.sip_ha1 == ha1(f"{ACCOUNT}-7", "correct-horse")


async def test_the_same_id_in_another_account_is_another_agent(world: ApiWorld, ask: Any, operate: Any) -> None:
    made = await operate("POST", f"/accounts/{OTHER}/agents", {"id": "1234", "name": "Another"})
    assert made.json()["phone"]["address"] == f"{OTHER}-1234"
    assert (await ask("GET", "/agents/1234")).json()["name"] == "Agent 1234"
    taken = await ask("POST", "/agents", {"id": "1234", "name": "Again"})
    assert (taken.status_code, taken.json()) == (
        409,
        {"message": "Agent 1234 exists already", "code": "already-exists"},
    )


async def test_a_phone_elsewhere_does_not_register(world: ApiWorld, ask: Any) -> None:
    body = {"id": "7", "name": "Ann", "phone": {"kind": "number", "address": "020 7946 0123"}}
    made = (await ask("POST", "/agents", body)).json()
    assert made["phone"] == {"kind": "number", "address": "+442079460123", "online": None}
    assert made["phonePassword"] is None
    await world.directory.set_phone_online(f"{ACCOUNT}-1234", False, world.time.now())
    told(world)
    address = {"kind": "address", "address": "sip:ann@192.0.2.7:5070;transport=tcp"}
    changed = (await ask("PATCH", "/agents/1234", {"phone": address})).json()
    # That the old phone was not registered says nothing of the new one.
    assert changed["phone"] == {**address, "online": None}
    assert told(world) == ["no agent 1234", "agent 1234"]
    back = (await ask("PATCH", "/agents/1234", {"phone": {"kind": "sip"}})).json()
    assert back["phone"]["address"] == f"{ACCOUNT}-1234"
    assert back["phonePassword"]


async def test_a_change_of_name_leaves_the_password_alone(world: ApiWorld, ask: Any) -> None:
    before = await world.directory.agent(ACCOUNT, "1234")
    await world.directory.set_phone_online(f"{ACCOUNT}-1234", True, world.time.now())
    told(world)
    changed = (await ask("PATCH", "/agents/1234", {"name": "Ann", "phone": {"kind": "sip"}})).json()
    after = await world.directory.agent(ACCOUNT, "1234")
    assert before is not None
    assert after is not None
    assert (changed["name"], changed["phonePassword"], changed["phone"]["online"]) == ("Ann", None, True)
    assert after.sip_ha1 == before.sip_ha1
    assert told(world) == ["agent 1234"]


@pytest.mark.parametrize(
    ("body", "said", "member"),
    [
        ({"id": "12a"}, "id must be 1 to 11 digits", "id"),
        ({"id": "123456789012"}, "id must be 1 to 11 digits", "id"),
        ({"id": "12\n"}, "id must be 1 to 11 digits", "id"),
        ({"id": 12}, "id must be a string", "id"),
        ({"name": None}, "name must be a string", "name"),
        ({"phone": {"kind": "fax"}}, "phone.kind must be one of sip, number, address", "phone.kind"),
        ({"phone": {"address": "1"}}, "phone.kind is required", "phone.kind"),
        ({"phone": {"kind": "number"}}, "phone.address must be a telephone number", "phone.address"),
        (
            {"phone": {"kind": "number", "address": "+12125551234"}},
            "phone.address must be a number that the account may call",
            "phone.address",
        ),
        ({"phone": {"kind": "number", "address": "112"}}, "phone.address must be a telephone number", "phone.address"),
        (
            {"phone": {"kind": "address", "address": "sip:a@b,c"}},
            "phone.address must be a SIP address",
            "phone.address",
        ),
        ({"phone": {"kind": "sip", "address": "x"}}, "phone.address must be left out for a phone", "phone.address"),
        ({"phone": {"kind": "sip", "password": "short"}}, "phone.password must be 8 to 128", "phone.password"),
        ({"phone": {"kind": "sip", "password": "pass\r\nword"}}, "phone.password must be 8 to 128", "phone.password"),
        ({"callerId": "999"}, "callerId must be a telephone number", "callerId"),
        ({"presence": "ready"}, "presence must be one of LoggedOut, Ready, Away", "presence"),
        ({"sipHa1": "0" * 32}, "Unknown member sipHa1", "sipHa1"),
        ({"callId": "x"}, "Unknown member callId; did you mean callerId?", "callId"),
    ],
)
async def test_what_an_agent_may_not_be(ask: Any, world: ApiWorld, body: Any, said: str, member: str) -> None:
    told(world)
    answer = await ask("POST", "/agents", {"id": "7", "name": "Ann", **body})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(said)
    assert answer.json()["member"] == member
    assert (await ask("GET", "/agents/7")).status_code == 404
    assert told(world) == []


async def test_a_caller_id_must_be_the_accounts_own(operate: Any) -> None:
    agents = f"/accounts/{OTHER}/agents"
    answer = await operate("PATCH", f"{agents}/10", {"callerId": "020 7946 0199"})
    assert answer.json()["message"] == "callerId must be one of the account's caller ids"
    await operate("POST", f"/accounts/{OTHER}/caller-ids", {"number": "020 7946 0199"})
    assert (await operate("PATCH", f"{agents}/10", {"callerId": "020 7946 0199"})).json()["callerId"] == "+442079460199"
    assert (await operate("PATCH", f"{agents}/10", {"callerId": None})).json()["callerId"] is None


@pytest.mark.parametrize(
    ("presence", "number"),
    [("LoggedOut", -16), ("Ready", 16), ("Away", 48), ("Break", 49), ("ComfortBreak", 50), ("XAway", 64)],
)
async def test_presence_is_a_word_and_a_state_a_number_too(ask: Any, presence: str, number: int) -> None:
    answer = await ask("PUT", "/agents/1234/presence", {"presence": presence})
    assert answer.json()["presence"] == presence
    assert answer.json()["state"] == {"number": number, "word": presence}


async def test_who_is_on_a_call_is_told_and_can_not_be_removed(world: ApiWorld, ask: Any) -> None:
    call = (await world.place()).json()["id"]
    agent = (await ask("GET", "/agents/1234")).json()
    assert (agent["state"], agent["callId"]) == ({"number": 33, "word": "BusyOutgoing"}, call)
    refused = await ask("DELETE", "/agents/1234")
    assert (refused.status_code, refused.json()) == (409, {"message": "Agent 1234 is on a call", "code": "in-use"})


async def test_going_ready_ends_a_wrap_up(world: ApiWorld, ask: Any) -> None:
    await world.change_account(wrap_up_seconds=60)
    world.time.pass_(5)
    await world.presence("1234", Presence.AWAY)
    assert (await ask("PUT", "/agents/1234/presence", {"presence": "Ready"})).json()["wrapUpUntil"] is None


async def test_a_removed_agent_is_in_no_group_and_on_no_switch(world: ApiWorld, ask: Any) -> None:
    told(world)
    assert (await ask("DELETE", "/agents/1234")).status_code == 204
    assert told(world) == ["no agent 1234"]
    assert "1234" not in (await ask("GET", "/groups/030/members")).json()["items"]
    assert (await ask("DELETE", "/agents/1234")).status_code == 404


async def test_a_phone_password_is_replaced(world: ApiWorld, ask: Any) -> None:
    answer = await ask("POST", "/agents/1234/phone-password", {})
    assert answer.status_code == 201
    made = answer.json()
    kept = await world.directory.agent(ACCOUNT, "1234")
    assert kept is not None
    assert (made["user"], made["realm"]) == (f"{ACCOUNT}-1234", "outdial")
    assert kept.sip_ha1 == ha1(made["user"], made["password"])
    refused = await ask("POST", "/agents/3004/phone-password", {})
    assert refused.json()["message"] == "phone.kind must be sip for the phone to have a password"


async def test_agents_come_in_pages(ask: Any) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await ask("GET", f"/agents?limit=7{cursor}")).json()
        seen += [agent["id"] for agent in page["items"]]
        if page["next"] is None:
            break
        assert len(page["items"]) == 7
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(set(seen))
    assert len(seen) == 26


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit must be at least 1"),
        ("limit=201", "limit must be at most 200"),
        ("limit=many", "limit must be a whole number"),
        ("cursor=a%20b", "cursor must be the `next` of an earlier page"),
    ],
)
async def test_what_a_page_may_not_be(ask: Any, query: str, said: str) -> None:
    answer = await ask("GET", f"/agents?{query}")
    assert (answer.status_code, answer.json()["message"]) == (400, said)
