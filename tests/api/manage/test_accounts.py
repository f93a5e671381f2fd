"""Accounts: who may do what with them, and what becomes of their secrets."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from outdial.asterisk.announcements import Announcements
from support.api_world import ACCOUNT, OTHER, ApiWorld, NoPhones, bearer

NEW = {"key": "Acme1", "name": "Acme", "homeCountry": "GB"}


async def test_an_operator_adds_an_account_that_can_get_tokens_at_once(world: ApiWorld, operate: Any) -> None:
    made = await operate("POST", "/accounts", NEW)
    assert made.status_code == 201
    assert made.headers["Location"] == "http://calls.test/manage/accounts/acme1"
    told = made.json()
    assert (told["key"], told["agentRingSeconds"], told["recording"]["legs"]) == ("acme1", 15, "none")
    form = {"grant_type": "client_credentials", "client_id": "acme1", "client_secret": told["apiToken"]}
    token = (await world.client.post("/v6/oauth2/token", data=form)).json()["access_token"]
    read = await world.client.get("/manage/accounts/ACME1", headers=bearer(token))
    assert read.json() == {name: value for name, value in told.items() if name != "apiToken"}


async def test_a_key_is_taken_whatever_its_case(operate: Any) -> None:
    answer = await operate("POST", "/accounts", {**NEW, "key": ACCOUNT.upper()})
    assert (answer.status_code, answer.json()["code"]) == (409, "already-exists")


async def test_every_setting_can_be_changed_and_the_others_stay(world: ApiWorld, operate: Any) -> None:
    before = (await operate("GET", f"/accounts/{OTHER}")).json()
    changes: dict[str, Any] = {
        "name": "Renamed",
        "homeCountry": "IE",
        "outboundEnabled": False,
        "anyCallerId": True,
        "defaultCallerId": "+353 1 234 5678",
        "allowedCountries": ["IE", "GB", "IE"],
        "premiumAllowed": True,
        "agentRingSeconds": 20,
        "partyRingSeconds": 180,
        "maxCallSeconds": 60,
        "wrapUpSeconds": 0,
        "callsPerSecond": 0.5,
        "maxConcurrentCalls": 1,
        "recording": {"whenUnknown": "none"},
        "privateNetworks": ["10.1.0.0/16"],
    }
    assert set(changes) | {"key"} == set(before), "a setting that this test does not change"
    for name, value in changes.items():
        changed = await operate("PATCH", f"/accounts/{OTHER}", {name: value})
        assert changed.status_code == 200, changed.text
        after = changed.json()
        assert {each for each in after if after[each] != before[each]} == {name}
        before = after
    assert before["defaultCallerId"] == "+35312345678"
    assert before["allowedCountries"] == ["IE", "GB"]
    assert before["recording"]["legs"] == "none"
    assert (await operate("GET", f"/accounts/{OTHER}")).json() == before


async def test_null_takes_away_what_may_be_missing(ask: Any) -> None:
    assert (await ask("PATCH", body={"defaultCallerId": None})).json()["defaultCallerId"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("homeCountry", "FR"),
        ("outboundEnabled", False),
        ("anyCallerId", False),
        ("allowedCountries", ["US"]),
        ("premiumAllowed", True),
        ("maxCallSeconds", 86_400),
        ("callsPerSecond", 1000),
        ("maxConcurrentCalls", 10_000),
        ("privateNetworks", ["10.0.0.0/8"]),
    ],
)
async def test_what_guards_against_fraud_only_an_operator_changes(ask: Any, name: str, value: object) -> None:
    answer = await ask("PATCH", body={name: value, "name": "Mine"})
    assert answer.status_code == 403
    assert answer.json() == {"message": f"Only an operator may change {name}", "code": "forbidden"}
    assert (await ask("GET")).json()["name"] == "Sandbox"


async def test_an_administrator_may_send_back_what_they_read(ask: Any) -> None:
    account = (await ask("GET")).json()
    del account["key"]
    assert (await ask("PATCH", body={**account, "wrapUpSeconds": 7})).json() == {
        **(await ask("GET")).json(),
        "wrapUpSeconds": 7,
    }


@pytest.mark.parametrize(
    ("body", "said", "member"),
    [
        ({"homeCountry": "ZZ"}, "homeCountry must be a country that has telephone numbers", "homeCountry"),
        ({"homeCountry": "gb"}, "homeCountry must be two capital letters, such as GB", "homeCountry"),
        ({"allowedCountries": ["GB", "QQ"]}, "allowedCountries[1] must be a country", "allowedCountries[1]"),
        ({"defaultCallerId": "999"}, "defaultCallerId must be a telephone number", "defaultCallerId"),
        ({"agentRingSeconds": 0}, "agentRingSeconds must be at least 1", "agentRingSeconds"),
        ({"agentRingSeconds": 181}, "agentRingSeconds must be at most 180", "agentRingSeconds"),
        ({"agentRingSeconds": "20"}, "agentRingSeconds must be a whole number", "agentRingSeconds"),
        ({"agentRingSeconds": True}, "agentRingSeconds must be a whole number", "agentRingSeconds"),
        ({"callsPerSecond": 0}, "callsPerSecond must be at least 0.01", "callsPerSecond"),
        ({"outboundEnabled": 1}, "outboundEnabled must be true or false", "outboundEnabled"),
        ({"name": None}, "name must be a string", "name"),
        ({"name": ""}, "name must be 1 to 100 characters", "name"),
        ({"name": "a\nb"}, "name must be 1 to 100 characters", "name"),
        ({"name": "x" * 101}, "name must be 1 to 100 characters", "name"),
        ({"recording": {"legs": "all"}}, "recording.legs must be one of none, agent, both", "recording.legs"),
        ({"recording": 1}, "recording must be an object", "recording"),
        ({"wrapupSeconds": 1}, "Unknown member wrapupSeconds; did you mean wrapUpSeconds?", "wrapupSeconds"),
        ({"wrap_up_seconds": 1}, "Unknown member wrap_up_seconds; did you mean wrapUpSeconds?", "wrap_up_seconds"),
        ({"apiToken": "mine"}, "Unknown member apiToken", "apiToken"),
    ],
)
async def test_what_a_setting_may_not_be(operate: Any, body: Any, said: str, member: str) -> None:
    before = (await operate("GET", f"/accounts/{ACCOUNT}")).json()
    answer = await operate("PATCH", f"/accounts/{ACCOUNT}", body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(said)
    assert answer.json()["member"] == member
    assert (await operate("GET", f"/accounts/{ACCOUNT}")).json() == before


async def test_a_default_caller_id_must_be_the_accounts_own(operate: Any) -> None:
    answer = await operate("PATCH", f"/accounts/{OTHER}", {"defaultCallerId": "+442079460100"})
    assert answer.json()["message"] == "defaultCallerId must be one of the account's caller ids"
    await operate("POST", f"/accounts/{OTHER}/caller-ids", {"number": "+442079460100"})
    answer = await operate("PATCH", f"/accounts/{OTHER}", {"defaultCallerId": "+442079460100"})
    assert answer.status_code == 200


async def test_a_new_token_voids_the_old_one_and_what_was_got_with_it(world: ApiWorld, ask: Any) -> None:
    renewed = await ask("POST", "/api-token")
    assert renewed.status_code == 201
    assert (await ask("GET")).status_code == 401
    fresh = world.token(secret=renewed.json()["apiToken"])
    assert (await ask("GET", headers=bearer(fresh))).status_code == 200


async def test_a_change_does_not_bring_a_replaced_token_back(world: ApiWorld, ask: Any, operate: Any) -> None:
    account = f"/accounts/{ACCOUNT}"
    changes = [operate("PATCH", account, {"wrapUpSeconds": n}) for n in range(5)]
    renewed, *_ = await asyncio.gather(ask("POST", "/api-token"), *changes)
    assert (await ask("GET")).status_code == 401
    fresh = world.token(secret=renewed.json()["apiToken"])
    assert (await ask("GET", headers=bearer(fresh))).status_code == 200


async def test_an_account_with_live_calls_stays(world: ApiWorld, operate: Any) -> None:
    await world.place()
    answer = await operate("DELETE", f"/accounts/{ACCOUNT}")
    assert answer.status_code == 409
    assert answer.json() == {"message": f"Account {ACCOUNT} has live calls", "code": "in-use"}


async def test_an_account_goes_with_everything_in_it_on_the_switch_too(world: ApiWorld, operate: Any) -> None:
    phones = world.parts.phones
    assert isinstance(phones, NoPhones)
    phones.told.clear()
    assert (await operate("DELETE", f"/accounts/{ACCOUNT}")).status_code == 204
    assert "no trunk carrier" in phones.told
    assert "no agent 1234" in phones.told
    assert (await operate("GET", f"/accounts/{ACCOUNT}")).status_code == 404
    assert (await world.client.get(f"/manage/accounts/{ACCOUNT}")).status_code == 401
    assert [each["key"] for each in (await operate("GET", "/accounts")).json()["items"]] == [OTHER]


async def test_an_accounts_announcements_go_with_it(world: ApiWorld, operate: Any, database_file: Path) -> None:
    announcements = Announcements(database_file.parent / "announcements")
    sound = announcements.path_of(ACCOUNT, "default")
    assert sound is not None
    for account in (ACCOUNT, OTHER):
        announcements.put(account, "default", sound.read_bytes())

    assert (await operate("DELETE", f"/accounts/{ACCOUNT}")).status_code == 204

    assert announcements.names(ACCOUNT) == {"default": False}
    assert announcements.names(OTHER) == {"default": True}


async def test_an_administrators_list_is_their_own_account(world: ApiWorld, operate: Any) -> None:
    own = (await world.client.get("/manage/accounts")).json()
    assert ([each["key"] for each in own["items"]], own["next"]) == ([ACCOUNT], None)
    first = (await operate("GET", "/accounts?limit=1")).json()
    assert ([each["key"] for each in first["items"]], first["next"]) == ([ACCOUNT], ACCOUNT)
    second = (await operate("GET", f"/accounts?limit=1&cursor={first['next']}")).json()
    assert ([each["key"] for each in second["items"]], second["next"]) == ([OTHER], None)
