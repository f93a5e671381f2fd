"""What is written for Asterisk can't be more than what was meant: no second dial string, no second header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.asterisk.endpoints import address_of, caller_id_text, party_variables, phone_objects, trunk_objects
from outdial.domain.directory import Agent, Trunk
from outdial.domain.plan import CallerId, Phone, PhoneKind

HA1 = "0123456789abcdef0123456789abcdef"


def phone(user: str = "acme-1", name: str = "Ann") -> Agent:
    return Agent("acme", "1", name, Phone(PhoneKind.SIP, user), sip_user=user, sip_ha1=HA1)


@pytest.mark.parametrize(
    ("target", "dialled"),
    [
        (Phone(PhoneKind.SIP, "acme-1"), "PJSIP/acme-1"),
        (Phone(PhoneKind.NUMBER, "+442079460001", "main"), "PJSIP/+442079460001@trunk-acme-main"),
        (Phone(PhoneKind.NUMBER, "+442079460001", "main", "00"), "PJSIP/00442079460001@trunk-acme-main"),
        (Phone(PhoneKind.ADDRESS, "sip:ann@10.0.0.1:5070"), "PJSIP/outside/sip:ann@10.0.0.1:5070"),
    ],
)
def test_each_kind_of_phone_has_its_dial_string(target: Phone, dialled: str) -> None:
    assert address_of(target, "acme") == dialled


@pytest.mark.parametrize(
    "target",
    [
        Phone(PhoneKind.NUMBER, "+44207&PJSIP/other", "main"),
        Phone(PhoneKind.NUMBER, "+442079460001"),
        Phone(PhoneKind.NUMBER, "+", "main"),
        Phone(PhoneKind.ADDRESS, "sip:ann@host&PJSIP/other"),
        Phone(PhoneKind.ADDRESS, "sip:ann@host?X-Header=1"),
        Phone(PhoneKind.ADDRESS, "tel:123"),
    ],
)
def test_an_address_that_could_dial_something_else_is_not_dialled(target: Phone) -> None:
    with pytest.raises(ValueError, match=r".*"):
        address_of(target, "acme")


@given(st.text(max_size=200))
def test_no_name_breaks_out_of_a_caller_id(name: str) -> None:
    text = caller_id_text(CallerId("+442079460001", name))
    assert text is not None
    shown = text.removeprefix('"').removesuffix('" <+442079460001>')
    assert not set(shown) & set('"<>\r\n;\\')
    assert len(shown) <= 60


def test_the_party_is_shown_the_connected_line() -> None:
    assert party_variables(CallerId("+448008888888", "Outdial")) == {
        "CONNECTEDLINE(num,i)": "+448008888888",
        "CONNECTEDLINE(name,i)": "Outdial",
    }


def test_a_withheld_number_is_still_asserted_to_the_carrier() -> None:
    variables = party_variables(CallerId("+448008888888", withheld=True))
    assert variables["CONNECTEDLINE(num,i)"] == "+448008888888"
    assert variables["CONNECTEDLINE(num-pres,i)"] == "prohib"


def test_without_a_caller_id_nothing_is_presented() -> None:
    assert party_variables(CallerId()) == {}
    assert caller_id_text(CallerId()) is None


def test_a_registered_phone_is_one_auth_one_aor_and_one_endpoint_in_this_order() -> None:
    kinds = [kind for kind, _, _ in phone_objects(phone())]
    assert kinds == ["auth", "aor", "endpoint"]
    auth = phone_objects(phone())[0][2]
    assert auth == {"auth_type": "md5", "username": "acme-1", "realm": "outdial", "md5_cred": HA1}


def test_an_agent_reached_by_number_needs_nothing_on_the_switch() -> None:
    assert phone_objects(Agent("acme", "1", "Ann", Phone(PhoneKind.NUMBER, "+442079460001"))) == ()


def test_a_trunk_logs_in_only_where_it_has_a_password() -> None:
    bare = Trunk("acme", "main", "sip.example.net")
    assert [kind for kind, name, _ in trunk_objects(bare) if name == "trunk-acme-main"] == ["aor", "endpoint"]
    known = Trunk("acme", "main", "sip.example.net", username="u", password="p")
    kinds = {kind: fields for kind, name, fields in trunk_objects(known) if name == "trunk-acme-main"}
    assert kinds["endpoint"]["outbound_auth"] == "trunk-acme-main"
    assert kinds["auth"]["password"] == "p"
    assert kinds["endpoint"]["send_pai"] == "yes"


def test_a_carrier_is_asked_once_a_minute_beside_what_calls_go_through() -> None:
    objects = {(kind, name): fields for kind, name, fields in trunk_objects(Trunk("acme", "main", "sip.example.net"))}
    assert objects["aor", "probe-acme-main"]["qualify_frequency"] == "60"
    assert "qualify_frequency" not in objects["aor", "trunk-acme-main"], "calls would be refused for its answer"
    assert objects["endpoint", "trunk-acme-main"]["aors"] == "trunk-acme-main"
    assert objects["endpoint", "probe-acme-main"]["from_user"] == "outdial"
