"""Groups, trunks, caller ids and clients: made, read, changed and removed."""

from typing import Any

import pytest

from outdial.domain.reach import Answers, Reach
from support.api_world import ACCOUNT, OTHER, ApiWorld, NoPhones, bearer


async def test_a_group_is_made_changed_and_removed(ask: Any) -> None:
    made = await ask("POST", "/groups", {"id": "Night-1", "name": "Night"})
    assert (made.status_code, made.json()) == (201, {"id": "Night-1", "name": "Night"})
    assert made.headers["Location"] == f"http://calls.test/manage/accounts/{ACCOUNT}/groups/Night-1"
    assert (await ask("GET", "/groups/night-1")).status_code == 404
    assert (await ask("PATCH", "/groups/Night-1", {"name": "Late"})).json()["name"] == "Late"
    assert (await ask("PATCH", "/groups/Night-1", {})).json()["name"] == "Late"
    assert (await ask("POST", "/groups", {"id": "Night-1", "name": "x"})).status_code == 409
    assert (await ask("DELETE", "/groups/Night-1")).status_code == 204
    assert (await ask("DELETE", "/groups/Night-1")).status_code == 404


async def test_the_group_030_is_not_the_group_30(ask: Any) -> None:
    assert (await ask("POST", "/groups", {"id": "30", "name": "Thirty"})).status_code == 201
    assert (await ask("GET", "/groups/30/members")).json() == {"items": [], "next": None}
    assert len((await ask("GET", "/groups/030/members")).json()["items"]) == 7


async def test_members_come_and_go(ask: Any) -> None:
    for _ in range(2):
        assert (await ask("PUT", "/groups/400/members/1234")).status_code == 204
    assert (await ask("GET", "/agents/1234")).json()["groups"] == ["030", "400"]
    assert (await ask("DELETE", "/groups/400/members/1234")).status_code == 204
    gone = await ask("DELETE", "/groups/400/members/1234")
    assert (gone.status_code, gone.json()["message"]) == (404, "The group has no such member")
    nobody = await ask("PUT", "/groups/400/members/99")
    assert (nobody.status_code, nobody.json()["message"]) == (404, "The account has no such agent")


async def test_members_come_in_pages(ask: Any) -> None:
    first = (await ask("GET", "/groups/030/members?limit=5")).json()
    second = (await ask("GET", f"/groups/030/members?limit=5&cursor={first['next']}")).json()
    assert first["items"] + second["items"] == ["1234", "2001", "2002", "2003", "2004", "2005", "2006"]
    assert second["next"] is None


TRUNK = {"id": "second", "host": "sip.example.com", "username": "us", "password": "carrier's secret"}


async def test_a_trunks_password_goes_in_and_never_comes_out(world: ApiWorld, ask: Any) -> None:
    made = await ask("POST", "/trunks", TRUNK)
    assert made.status_code == 201
    assert made.json() == {
        **{"id": "second", "host": "sip.example.com", "port": 5060, "transport": "udp", "username": "us"},
        **{"hasPassword": True, "fromDomain": None, "numberPrefix": "+", "callsPerSecond": 10.0},
        **{"maxConcurrentCalls": 100, "priority": 0, "enabled": True},
        "reach": {"state": "unknown", "since": None, "roundTripMs": None, "why": None},
    }
    for answer in (made, await ask("GET", "/trunks/second"), await ask("GET", "/trunks")):
        assert "carrier's secret" not in answer.text
    kept = await world.directory.trunk(ACCOUNT, "second")
    assert kept is not None
    assert kept.password == "carrier's secret"
    changed = await ask("PATCH", "/trunks/second", {"port": 5080})
    assert (changed.json()["port"], changed.json()["hasPassword"]) == (5080, True)


async def test_a_prefix_that_could_make_another_number_an_operator_alone_gives(ask: Any, operate: Any) -> None:
    refusal = {"message": "Only an operator may give a trunk a number prefix of its own", "code": "forbidden"}
    answer = await ask("POST", "/trunks", {**TRUNK, "numberPrefix": "+4490987"})
    assert (answer.status_code, answer.json()) == (403, refusal)
    await ask("POST", "/trunks", {**TRUNK, "numberPrefix": "00"})
    answer = await ask("PATCH", "/trunks/second", {"numberPrefix": "999"})
    assert (answer.status_code, answer.json()) == (403, refusal)
    changed = await operate("PATCH", f"/accounts/{ACCOUNT}/trunks/second", {"numberPrefix": "9"})
    assert changed.json()["numberPrefix"] == "9"
    # Whoever sends it back unchanged is not refused.
    assert (await ask("PATCH", "/trunks/second", {"numberPrefix": "9", "priority": 2})).status_code == 200
    assert (await ask("PATCH", "/trunks/second", {"numberPrefix": ""})).json()["numberPrefix"] == ""


async def test_it_is_told_whether_a_trunk_answers(world: ApiWorld, ask: Any) -> None:
    await ask("POST", "/trunks", TRUNK)
    phones = world.parts.phones
    assert isinstance(phones, NoPhones)
    phones.reaches[ACCOUNT, "second"] = Reach(Answers.UNREACHABLE, 1_000, why="sip.example.com can't be found")
    told = {"state": "unreachable", "since": "1970-01-01T00:00:01.000Z", "roundTripMs": None}
    for trunk in ((await ask("GET", "/trunks/second")).json(), (await ask("GET", "/trunks")).json()["items"][-1]):
        assert trunk["reach"] == {**told, "why": "sip.example.com can't be found"}


async def test_the_switch_is_told_of_a_trunk_where_that_matters_to_it(world: ApiWorld, ask: Any) -> None:
    phones = world.parts.phones
    assert isinstance(phones, NoPhones)
    phones.told.clear()
    await ask("POST", "/trunks", TRUNK)
    assert phones.told == ["trunk second"]
    phones.told.clear()
    await ask("PATCH", "/trunks/second", {"priority": 3, "callsPerSecond": 1, "numberPrefix": "00"})
    assert phones.told == []
    # What is told is merged into what is there: only withdrawn credentials are gone.
    await ask("PATCH", "/trunks/second", {"username": None})
    assert phones.told == ["no trunk second", "trunk second"]
    phones.told.clear()
    assert (await ask("DELETE", "/trunks/second")).status_code == 204
    assert phones.told == ["no trunk second"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"host": "a b"}, "host must be a host name or an IP address"),
        ({"host": "sip.example.com\r\nVia: x"}, "host must be a host name or an IP address"),
        ({"host": "sip.example.com;lr"}, "host must be a host name or an IP address"),
        ({"host": "1.2.3"}, "host must be a host name or an IP address"),
        ({"port": 0}, "port must be at least 1"),
        ({"port": 65536}, "port must be at most 65535"),
        ({"transport": "sctp"}, "transport must be one of udp, tcp, tls"),
        (
            {"transport": "tls"},
            "transport must be udp or tcp: the switch does not speak TLS, as sip_tls_port is not set",
        ),
        ({"username": "a b"}, "username must be 1 to 64 characters that a SIP user name may have"),
        ({"username": None}, "username must be given too: a trunk has both username and password, or neither"),
        ({"password": None}, "password must be given too: a trunk has both username and password, or neither"),
        ({"password": "a\nb"}, "password must be 1 to 128 printable ASCII characters"),
        ({"fromDomain": "a/b"}, "fromDomain must be a host name or an IP address"),
        ({"numberPrefix": "00#"}, "numberPrefix must be an optional plus, then up to 15 digits or stars"),
        ({"maxConcurrentCalls": 0}, "maxConcurrentCalls must be at least 1"),
        ({"id": "a/b"}, "id must be 1 to 32 letters, digits, dashes or underscores"),
    ],
)
async def test_what_a_trunk_may_not_be(ask: Any, body: dict[str, Any], said: str) -> None:
    # Without a username there is no password either, unless one is named.
    answer = await ask("POST", "/trunks", {**TRUNK, **body})
    assert (answer.status_code, answer.json()["message"]) == (400, said)
    assert (await ask("GET", "/trunks/second")).status_code == 404


async def test_tls_is_taken_where_the_switch_speaks_it(world: ApiWorld, ask: Any) -> None:
    phones = world.parts.phones
    assert isinstance(phones, NoPhones)
    phones.speaks_tls = True
    assert (await ask("POST", "/trunks", {**TRUNK, "transport": "tls"})).status_code == 201
    phone = {"kind": "address", "address": "sips:bob@example.com"}
    assert (await ask("POST", "/agents", {"id": "77", "name": "Bob", "phone": phone})).status_code == 201
    # What was set up while it did can be changed, and given up, when it does no more.
    phones.speaks_tls = False
    assert (await ask("PATCH", "/trunks/second", {"priority": 3})).status_code == 200
    assert (await ask("PATCH", "/agents/77", {"name": "Robert"})).status_code == 200
    assert (await ask("PATCH", "/trunks/second", {"transport": "tcp"})).status_code == 200
    refused = await ask("PATCH", "/trunks/second", {"transport": "tls"})
    assert (refused.status_code, refused.json()["member"]) == (400, "transport")


@pytest.mark.parametrize("address", ["sips:bob@example.com", "sip:bob@example.com;transport=tls"])
async def test_a_phone_that_can_only_be_reached_over_tls_is_refused_where_the_switch_does_not_speak_it(
    ask: Any, address: str
) -> None:
    phone = {"kind": "address", "address": address}
    refused = await ask("POST", "/agents", {"id": "77", "name": "Bob", "phone": phone})
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "phone.address must be an address without TLS: the switch does not speak it, as sip_tls_port is not set",
    )


async def test_a_trunk_with_live_calls_stays(world: ApiWorld, ask: Any) -> None:
    await world.place()
    refused = await ask("DELETE", "/trunks/carrier")
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    assert refused.json()["message"] == "Trunk carrier carries 1 live call; switch it off and wait"


async def test_a_trunk_takes_ipv6(ask: Any) -> None:
    assert (await ask("POST", "/trunks", {"id": "six", "host": "2001:db8::5"})).status_code == 201


async def test_caller_ids_are_kept_in_e164(ask: Any, operate: Any) -> None:
    numbers = f"/accounts/{ACCOUNT}/caller-ids"
    made = await operate("POST", numbers, {"number": "(020) 7946-0199", "name": "Desk"})
    assert (made.status_code, made.json()) == (201, {"number": "+442079460199", "name": "Desk"})
    assert made.headers["Location"] == f"http://calls.test/manage{numbers}/+442079460199"
    assert (await operate("POST", numbers, {"number": "+442079460199"})).status_code == 409
    assert (await operate("PATCH", f"{numbers}/+442079460199", {"name": None})).json()["name"] is None
    assert (await ask("GET", "/caller-ids/02079460199")).json()["number"] == "+442079460199"
    assert (await ask("DELETE", "/caller-ids/+442079460199")).status_code == 204
    assert (await ask("GET", "/caller-ids/+442079460199")).status_code == 404
    assert (await ask("GET", "/caller-ids/nonsense")).status_code == 404


async def test_only_an_operator_vouches_for_a_number_unless_any_may_be_presented(
    world: ApiWorld, ask: Any, operate: Any
) -> None:
    number = {"number": "+442079460199", "name": "Desk"}
    assert (await ask("POST", "/caller-ids", number)).status_code == 201
    await world.change_account(any_caller_id=False)
    said = "Only an operator may say which numbers are the account's"
    refused = await ask("POST", "/caller-ids", {"number": "+442079460198"})
    assert (refused.status_code, refused.json()["message"]) == (403, said)
    refused = await ask("PATCH", "/caller-ids/+442079460199", {"name": "Bank"})
    assert (refused.status_code, refused.json()["message"]) == (403, said)
    changed = await operate("PATCH", f"/accounts/{ACCOUNT}/caller-ids/+442079460199", {"name": "Front desk"})
    assert changed.json()["name"] == "Front desk"


async def test_a_caller_id_that_is_presented_by_default_stays(ask: Any) -> None:
    refused = await ask("DELETE", "/caller-ids/+442079460100")
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    assert refused.json()["message"] == "+442079460100 is the account's default caller id"
    await ask("PATCH", body={"defaultCallerId": None})
    await ask("PATCH", "/agents/1234", {"callerId": "+442079460100"})
    refused = await ask("DELETE", "/caller-ids/+442079460100")
    assert refused.json()["message"] == "+442079460100 is the caller id of agent 1234"


async def token_of(world: ApiWorld, client: str, secret: str, scope: str) -> str | None:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": scope}
    answer = await world.client.post("/Auth/connect/token", data=form)
    return answer.json().get("access_token")


async def test_a_client_gets_tokens_until_it_is_revoked(world: ApiWorld, ask: Any) -> None:
    made = (await ask("POST", "/clients", {"id": "crm", "name": "CRM", "scopes": ["agents:read", "admin"]})).json()
    token = await token_of(world, "crm", made["clientSecret"], "admin")
    assert token is not None
    assert (await ask("GET", headers=bearer(token))).status_code == 200
    assert (await ask("DELETE", "/clients/crm")).status_code == 204
    assert (await ask("GET", headers=bearer(token))).status_code == 401
    assert await token_of(world, "crm", made["clientSecret"], "admin") is None
    assert (await ask("GET", "/clients/crm")).status_code == 404
    assert "crm" not in (await ask("GET", "/clients")).text
    # Its id names it in the log for ever.
    assert (await ask("POST", "/clients", {"id": "crm", "name": "CRM", "scopes": ["admin"]})).status_code == 409


async def test_a_new_secret_or_fewer_scopes_void_tokens(world: ApiWorld, ask: Any) -> None:
    made = (await ask("POST", "/clients", {"name": "CRM", "scopes": ["calls:read", "admin"]})).json()
    client = made["id"]
    token = await token_of(world, client, made["clientSecret"], "admin")
    assert token is not None
    assert (await ask("PATCH", f"/clients/{client}", {"scopes": ["calls:read"]})).json()["scopes"] == ["calls:read"]
    assert (await ask("GET", headers=bearer(token))).status_code == 401
    renewed = (await ask("POST", f"/clients/{client}/secret")).json()["clientSecret"]
    assert await token_of(world, client, made["clientSecret"], "calls:read") is None
    assert await token_of(world, client, renewed, "calls:read") is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"scopes": []}, "scopes must be a list of at least 1"),
        ({"scopes": ["everything"]}, "scopes[0] must be one of calls:create, calls:read"),
        ({"scopes": "admin"}, "scopes must be a list"),
        ({"id": "a b"}, "id must be 1 to 64 letters, digits, dots, dashes or underscores"),
        ({"id": None}, "id must be a string"),
        ({"secret": "mine"}, "Unknown member secret"),
        ({"account": OTHER}, "Unknown member account"),
    ],
)
async def test_what_a_client_may_not_be(ask: Any, body: dict[str, Any], said: str) -> None:
    answer = await ask("POST", "/clients", {"name": "CRM", "scopes": ["admin"], **body})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(said)


async def test_an_operator_makes_operators(world: ApiWorld, operate: Any) -> None:
    made = await operate("POST", "/clients", {"id": "second", "name": "Second", "scopes": ["admin"]})
    assert made.headers["Location"] == "http://calls.test/manage/clients/second"
    token = await token_of(world, "second", made.json()["clientSecret"], "admin")
    assert token is not None
    seen = await world.client.get(f"/manage/accounts/{OTHER}", headers=bearer(token))
    assert seen.status_code == 200
    assert (await operate("DELETE", "/clients/second")).status_code == 204
    seen = await world.client.get(f"/manage/accounts/{OTHER}", headers=bearer(token))
    assert seen.status_code == 401


async def test_the_switchs_state_is_for_operators(world: ApiWorld, operate: Any) -> None:
    assert (await operate("GET", "/switch")).json() == {
        **{"name": "scripted", "reachable": True, "version": "Asterisk 22.10.0", "accepting": True, "database": True},
    }
    assert (await world.client.get("/manage/switch")).status_code == 403
