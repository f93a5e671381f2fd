"""The far end's configuration: loopback only, nothing of a system installation, phones that never give up."""

from pathlib import Path

from outdial.sandbox.configuration import (
    MODULES,
    Address,
    Binary,
    Registration,
    asterisk_conf,
    modules_conf,
    pjsip_conf,
)

BINARY = Binary(("/runtime/asterisk",), Path("/runtime/modules"), Path("/runtime/data"))
OWN, SWITCH = Address("127.0.0.1", 5070), Address("127.0.0.1", 5060)


def test_it_writes_only_into_its_own_folder() -> None:
    folders = dict(
        line.split(" => ") for line in asterisk_conf(BINARY, Path("/sandbox/far-end")).splitlines() if "=>" in line
    )
    assert folders.pop("astmoddir") == "/runtime/modules"
    assert folders.pop("astdatadir") == "/runtime/data"
    assert {Path(path).parent for path in folders.values()} == {Path("/sandbox/far-end")}


def test_it_loads_only_what_it_names() -> None:
    text = modules_conf()
    assert "autoload = no" in text
    assert text.count("\nload = ") == len(MODULES) == len(set(MODULES))


def test_it_takes_calls_on_its_own_address_only() -> None:
    text = pjsip_conf(OWN, SWITCH, [])
    assert "bind = 127.0.0.1:5070" in text
    assert "media_address = 127.0.0.1" in text


def test_each_phone_registers_by_digest_and_never_gives_up() -> None:
    text = pjsip_conf(OWN, SWITCH, [Registration("a1b2c3d4e5-1234", "secret")])
    assert "server_uri = sip:127.0.0.1:5060" in text
    assert "client_uri = sip:a1b2c3d4e5-1234@127.0.0.1:5060" in text
    assert "contact_user = a1b2c3d4e5-1234" in text
    assert "password = secret" in text
    assert "auth_rejection_permanent = no" in text
