"""Names of phones, what is kept of their passwords, and which addresses and hosts are let in."""

import pytest

from outdial.domain.phones import Registrar, ha1, is_host, is_sip_address, sip_user


def test_a_phone_registers_as_its_account_and_agent() -> None:
    assert sip_user("A1b2", "007") == "a1b2-007"


def test_of_a_password_the_digest_of_user_realm_and_password_is_kept() -> None:
    # echo -n 'a1b2-007:outdial:secret' | md5sum
    assert ha1("a1b2-007", "secret") == "1eb75780f9b85443b9e0a8c536c53bca"


@pytest.mark.parametrize(
    "address", ["sip:bob@10.0.0.1", "sips:bob@phones.example.com:5061", "sip:bob@[2001:db8::1]:5060;transport=tcp"]
)
def test_a_sip_address_is_let_in(address: str) -> None:
    assert is_sip_address(address)


@pytest.mark.parametrize(
    "address", ["bob@10.0.0.1", "sip:bob", "sip:a&b@h", "sip:bob@h\n", "sip:bob@h;x=y", "sip:b,c@h", 'sip:"b"@h', ""]
)
def test_what_could_end_a_dial_string_is_no_sip_address(address: str) -> None:
    assert not is_sip_address(address)


@pytest.mark.parametrize(
    "host", ["localhost", "sip.example.com", "a-b.example", "_sip.example.com", "127.0.0.1", "2001:db8::1", "x" * 63]
)
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "a\n",
        "-a",
        "a..b",
        "a.",
        "host:5060",
        "1.2.3",
        "256.1.1.1",
        "224.0.0.1",
        "0.0.0.0",
        "::",
        "fe80::1%eth0",
        "[::1]",
        "a;b",
        "a@b",
        "é.example",
        "x" * 64,
        "x." * 127 + "x",
    ],
)
def test_anything_else_is_no_host(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize(
    ("listens_on", "seen_as", "host", "local"),
    [
        ("127.0.0.1", None, "127.0.0.1", True),
        ("::1", None, "::1", True),
        ("localhost", None, "localhost", True),
        ("192.0.2.10", None, "192.0.2.10", False),
        ("pbx.example", None, "pbx.example", False),
        ("10.0.0.2", "203.0.113.10", "203.0.113.10", False),
        ("0.0.0.0", "203.0.113.10", "203.0.113.10", False),
        ("0.0.0.0", None, None, False),
        ("::", None, None, False),
        # Seen from elsewhere or not: nobody there gets through to a loopback.
        ("127.0.0.1", "203.0.113.10", "127.0.0.1", True),
    ],
)
def test_phones_are_told_the_address_that_they_can_reach(
    listens_on: str, seen_as: str | None, host: str | None, local: bool
) -> None:
    registrar = Registrar(listens_on, 5060, seen_as=seen_as)
    assert (registrar.host, registrar.is_local) == (host, local)
