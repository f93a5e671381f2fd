"""What an administrator may set up, and in which words anything else is turned down."""

from dataclasses import replace

import pytest

from outdial.domain.directory import Account, Agent
from outdial.domain.phones import ha1
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.setup import (
    InvalidMember,
    WantedPhone,
    check_countries,
    check_country,
    check_host,
    number_of,
    own_caller_id,
    with_phone,
)

ACCOUNT = Account("acme", "Acme", "GB")
ELSEWHERE = Phone(PhoneKind.ADDRESS, "sip:ann@192.0.2.1")
AGENT = Agent("acme", "7", "Ann", ELSEWHERE)


def test_a_number_is_understood_in_its_country() -> None:
    assert number_of("020 7946 0123", "GB", "number") == "+442079460123"


@pytest.mark.parametrize("text", ["", "999", "12", "+44", "ten", "0207946012345678"])
def test_what_can_not_be_dialled_is_no_number(text: str) -> None:
    with pytest.raises(InvalidMember) as refused:
        number_of(text, "GB", "phone.address")
    assert refused.value.message == (
        "phone.address must be a telephone number that can be dialled, such as +442079460123"
    )
    assert (refused.value.member, refused.value.code) == ("phone.address", "invalid-member")


def test_countries_are_those_that_have_telephones() -> None:
    check_country("GB", "homeCountry")
    with pytest.raises(InvalidMember, match=r"^allowedCountries\[1\] must be a country that has telephone numbers"):
        check_countries(["IE", "ZZ"], "allowedCountries")


def test_a_host_is_a_name_or_an_address() -> None:
    check_host("sip.example.com", "host")
    with pytest.raises(InvalidMember, match=r"^host must be a host name or an IP address$"):
        check_host("sip.example.com;x", "host")


def test_a_caller_id_must_be_the_accounts_own_unless_it_may_present_any() -> None:
    own = ["+442079460100"]
    assert own_caller_id("020 7946 0100", ACCOUNT, own, "callerId") == "+442079460100"
    with pytest.raises(InvalidMember, match=r"^callerId must be one of the account's caller ids$"):
        own_caller_id("020 7946 0101", ACCOUNT, own, "callerId")
    assert own_caller_id("020 7946 0101", replace(ACCOUNT, any_caller_id=True), own, "callerId") == "+442079460101"


def test_a_phone_that_registers_is_named_after_account_and_agent() -> None:
    changed = with_phone(AGENT, ACCOUNT, WantedPhone(PhoneKind.SIP, password="pass-word"))
    assert changed.phone == Phone(PhoneKind.SIP, "acme-7")
    assert changed.sip_user == "acme-7"
    assert changed.sip_ha1 == ha1("acme-7", "pass-word")


def test_without_a_new_password_the_one_it_has_stays() -> None:
    registered = with_phone(AGENT, ACCOUNT, WantedPhone(PhoneKind.SIP, password="pass-word"))
    assert with_phone(registered, ACCOUNT, WantedPhone(PhoneKind.SIP, "acme-7")) == registered


def test_a_phone_elsewhere_takes_the_registration_away() -> None:
    registered = with_phone(AGENT, ACCOUNT, WantedPhone(PhoneKind.SIP, password="pass-word"))
    changed = with_phone(registered, ACCOUNT, WantedPhone(PhoneKind.NUMBER, "020 7946 0123"))
    assert (changed.phone, changed.sip_user, changed.sip_ha1) == (Phone(PhoneKind.NUMBER, "+442079460123"), None, None)
    assert with_phone(registered, ACCOUNT, WantedPhone(PhoneKind.ADDRESS, "sip:ann@192.0.2.1")).phone == ELSEWHERE


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (WantedPhone(PhoneKind.SIP, "other-7"), "phone.address must be left out for a phone of kind sip: it registers"),
        (WantedPhone(PhoneKind.NUMBER, "999"), "phone.address must be a telephone number"),
        (WantedPhone(PhoneKind.NUMBER), "phone.address must be a telephone number"),
        (WantedPhone(PhoneKind.ADDRESS, "ann@host"), "phone.address must be a SIP address such as sip:name@host:5060"),
        (WantedPhone(PhoneKind.ADDRESS), "phone.address must be a SIP address"),
        (WantedPhone(PhoneKind.ADDRESS, "sip:a@h", "pass-word"), "phone.password must be left out"),
    ],
)
def test_a_phone_that_can_not_be_rung_is_turned_down(wanted: WantedPhone, said: str) -> None:
    with pytest.raises(InvalidMember) as refused:
        with_phone(AGENT, ACCOUNT, wanted)
    assert refused.value.message.startswith(said)


def test_a_password_is_not_shown_by_accident() -> None:
    assert "pass-word" not in repr(WantedPhone(PhoneKind.SIP, password="pass-word"))
