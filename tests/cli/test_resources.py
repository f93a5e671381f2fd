"""Setting up an installation with commands, from nothing to what a call needs."""

import io

import pytest

from outdial.domain.phones import Registrar, ha1
from outdial.domain.plan import PhoneKind
from support.api_world import ACCOUNT, OTHER, NoPhones
from support.command_line import Line


async def test_an_account_is_added_and_its_token_shown_once(line: Line) -> None:
    ran = await line.run(
        "account", "add", "acme1", "--name", "Acme", "--country", "gb", "--allow", "gb", "--allow", "IE"
    )
    assert (ran.status, ran.err) == (0, "")
    assert "API token" in ran.out
    assert "not shown again" in ran.out
    shown = await line.json("account", "show", "acme1")
    assert (shown["homeCountry"], shown["allowedCountries"]) == ("GB", ["GB", "IE"])
    assert not [name for name in shown if "oken" in name]


async def test_an_account_is_changed_listed_and_removed(line: Line) -> None:
    changed = await line.json("account", "change", OTHER, "--premium", "--wrap-up-seconds", "5", "--record", "both")
    assert (changed["premiumAllowed"], changed["wrapUpSeconds"]) == (True, 5)
    assert (changed["recording"]["legs"], changed["recording"]["whenUnknown"]) == ("both", "agent")
    assert [each["key"] for each in await line.json("account", "list")] == [ACCOUNT, OTHER]
    refused = await line.run("account", "remove", OTHER, "--json")
    assert (refused.status, refused.err) == (1, "outdial: removing an account takes --yes\n")
    assert await line.json("account", "remove", OTHER, "--yes") == {"key": OTHER, "removed": True}
    assert [each["key"] for each in await line.json("account", "list")] == [ACCOUNT]


async def test_an_account_token_is_replaced(line: Line) -> None:
    token = (await line.json("account", "token", ACCOUNT))["apiToken"]
    form = {"grant_type": "client_credentials", "client_id": ACCOUNT, "client_secret": token}
    assert (await line.world.client.post("/v6/oauth2/token", data=form)).status_code == 200


async def test_an_agent_is_added_with_a_sip_phone_and_changed_to_a_number(line: Line) -> None:
    made = await line.json("agent", "add", "77", "--name", "Ann", "--account", ACCOUNT)
    kept = await line.world.directory.agent(ACCOUNT, "77")
    assert kept is not None
    assert kept.sip_ha1 == ha1(f"{ACCOUNT}-77", made["phonePassword"])
    changed = await line.json("agent", "change", "77", "--number", "020 7946 0123", "-a", ACCOUNT)
    assert changed["phone"] == {"kind": "number", "address": "+442079460123", "online": None}
    table = await line.run("agent", "list", "-a", ACCOUNT)
    assert "Ready (16)" in table.out
    assert "number +442079460123" in table.out
    assert await line.json("agent", "remove", "77", "-a", ACCOUNT) == {"id": "77", "removed": True}


@pytest.mark.parametrize(
    ("registrar", "said"),
    [
        (
            Registrar("127.0.0.1", 5060),
            "at 127.0.0.1:5060 over UDP or TCP; phones elsewhere can't reach that: set sip_host",
        ),
        (
            Registrar("10.0.0.2", 5070, 5061, "203.0.113.10"),
            "at 203.0.113.10:5070 over UDP or TCP, or 203.0.113.10:5061 over TLS",
        ),
        (Registrar("2001:db8::5", 5060), "at [2001:db8::5]:5060 over UDP or TCP"),
        (Registrar("0.0.0.0", 5060), "at <an address of the machine>:5060 over UDP or TCP"),
    ],
)
async def test_what_is_typed_into_a_phone_is_told(line: Line, registrar: Registrar, said: str) -> None:
    phones = line.world.parts.phones
    assert isinstance(phones, NoPhones)
    phones.registrar = registrar
    for words in (("agent", "add", "77", "--name", "Ann"), ("agent", "show", "77")):
        ran = await line.run(*words, "--account", ACCOUNT)
        lines = {text[:16].strip(): text[16:].strip() for text in ran.out.splitlines()}
        assert lines["Phone's user"] == f"{ACCOUNT}-77"
        assert lines["Registers"] == said


async def test_an_agent_who_is_rung_elsewhere_registers_nowhere(line: Line) -> None:
    made = await line.json("agent", "add", "77", "--name", "Ann", "--number", "020 7946 0123", "-a", ACCOUNT)
    assert made["registrar"] is None
    assert "Registers" not in (await line.run("agent", "show", "77", "-a", ACCOUNT)).out


async def test_an_agents_presence_is_said(line: Line) -> None:
    told = await line.json("agent", "presence", "1234", "comfortbreak", "-a", ACCOUNT)
    assert told["state"] == {"number": 50, "word": "ComfortBreak"}


async def test_a_password_comes_from_standard_input(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse\n"))
    told = await line.json("agent", "password", "1234", "--ask-password", "-a", ACCOUNT)
    assert told["password"] == "correct-horse"
    kept = await line.world.directory.agent(ACCOUNT, "1234")
    assert kept is not None
    assert kept.phone.kind is PhoneKind.SIP
    assert kept.sip_ha1 == ha1(f"{ACCOUNT}-1234", "correct-horse")


async def test_groups_have_members(line: Line) -> None:
    of = ("--account", ACCOUNT)
    await line.json("group", "add", "night", "--name", "Night", *of)
    await line.json("group", "add-member", "night", "1234", "2001", *of)
    await line.json("group", "remove-member", "night", "2001", *of)
    assert await line.json("group", "show", "night", *of) == {"id": "night", "name": "Night", "members": ["1234"]}
    assert (await line.json("group", "change", "night", "--name", "Late", *of))["name"] == "Late"
    await line.json("group", "remove", "night", *of)
    assert "night" not in [each["id"] for each in await line.json("group", "list", *of)]


async def test_trunks_are_tried_in_the_order_in_which_they_are_listed(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = ("--account", ACCOUNT)
    monkeypatch.setattr("sys.stdin", io.StringIO("carrier's\n"))
    with_login = ("--username", "us", "--ask-password", "--transport", "tcp", "--priority", "7")
    made = await line.json("trunk", "add", "second", "--host", "sip.example.com", *with_login, *of)
    assert made["hasPassword"] is True
    assert "password" not in made
    assert [each["id"] for each in await line.json("trunk", "list", *of)] == ["carrier", "second"]
    changed = await line.json("trunk", "change", "second", "--username", "", "--disabled", *of)
    assert (changed["username"], changed["hasPassword"], changed["enabled"]) == (None, False, False)
    assert "sip.example.com:5060/tcp" in (await line.run("trunk", "list", *of)).out
    await line.json("trunk", "remove", "second", *of)


async def test_caller_ids_are_numbers_as_people_write_them(line: Line) -> None:
    of = ("--account", ACCOUNT)
    made = await line.json("caller-id", "add", "020 7946 0199", "--name", "Front desk", *of)
    assert made == {"number": "+442079460199", "name": "Front desk"}
    assert (await line.json("caller-id", "change", "+442079460199", "--name", "", *of))["name"] is None
    assert (await line.json("caller-id", "show", "+442079460199", *of))["number"] == "+442079460199"
    await line.json("caller-id", "remove", "+442079460199", *of)
    assert [each["number"] for each in await line.json("caller-id", "list", *of)] == ["+442079460100"]


async def test_clients_get_a_secret_and_lose_it(line: Line) -> None:
    of = ("--account", ACCOUNT)
    made = await line.json("client", "add", "--name", "CRM", "--id", "crm", "--scope", "calls:create", *of)
    again = await line.json("client", "secret", "crm", *of)
    assert again["clientSecret"] != made["clientSecret"]
    changed = await line.json("client", "change", "crm", "--scope", "calls:read", *of)
    assert changed["scopes"] == ["calls:read"]
    await line.json("client", "remove", "crm", *of)
    gone = await line.run("client", "show", "crm", *of)
    assert (gone.status, gone.err) == (1, "outdial: There is no such client\n")


async def test_operators_clients_belong_to_no_account(line: Line) -> None:
    made = await line.json("client", "add", "--operator", "--name", "Second", "--id", "second", "--scope", "admin")
    assert made["id"] == "second"
    assert [each["id"] for each in await line.json("client", "list", "--operator")] == ["operator", "second"]
    both = await line.run("client", "list", "--operator", "--account", ACCOUNT)
    assert both.status == 1
