"""The switch's configuration: what listens where, and that no setting can add a line of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from outdial.asterisk.configuration import Folders, SwitchSettings, files
from outdial.asterisk.tls import Tls

FOLDERS = Folders(Path("/m"), Path("/d"), Path("/own"))
SETTINGS = SwitchSettings(
    "127.0.0.1", 5060, 10000, 19999, 8088, 8089, 5038, "outdial", "ari-secret", "events-secret", "manager-secret"
)


def test_ari_and_its_events_stay_on_loopback_wherever_sip_listens() -> None:
    made = files(FOLDERS, replace(SETTINGS, sip_host="0.0.0.0"))
    assert "bindaddr = 127.0.0.1\n" in made["http.conf"]
    assert "uri = ws://127.0.0.1:8089\n" in made["websocket_client.conf"]
    assert "bindaddr = 127.0.0.1\nport = 5038\n" in made["manager.conf"]
    assert made["pjsip.conf"].count("bind = 0.0.0.0:5060\n") == 2


def test_audio_is_taken_where_sip_listens_and_nowhere_else() -> None:
    assert "media_address = 127.0.0.1\nbind_rtp_to_media_address = yes\n" in files(FOLDERS, SETTINGS)["pjsip.conf"]
    for everywhere in ("0.0.0.0", "::"):
        assert "media_address" not in files(FOLDERS, replace(SETTINGS, sip_host=everywhere))["pjsip.conf"]


def test_events_wait_in_the_switch_while_we_restart() -> None:
    assert "connection_type = persistent\n" in files(FOLDERS, SETTINGS)["websocket_client.conf"]


def test_the_address_behind_nat_is_told_only_where_there_is_one() -> None:
    assert "external_" not in files(FOLDERS, SETTINGS)["pjsip.conf"]
    behind = files(FOLDERS, replace(SETTINGS, public_address="192.0.2.1"))["pjsip.conf"]
    assert "external_media_address = 192.0.2.1\n" in behind


def test_tls_is_spoken_only_where_it_is_set_up_and_no_carrier_is_taken_at_its_word() -> None:
    assert "tls" not in files(FOLDERS, SETTINGS)["pjsip.conf"]
    made = files(FOLDERS, replace(SETTINGS, tls=Tls(5061, "/c.pem", "/k.pem", "/a.pem")))["pjsip.conf"]
    assert "bind = 127.0.0.1:5061\nprotocol = tls\ncert_file = /c.pem\npriv_key_file = /k.pem\n" in made
    assert "ca_list_file = /a.pem\n" in made
    assert "verify_server = yes\n" in made


def test_an_address_of_version_6_is_told_from_its_port() -> None:
    made = files(FOLDERS, replace(SETTINGS, sip_host="::1", tls=Tls(5061, "/c.pem", "/k.pem", "/a.pem")))["pjsip.conf"]
    assert (made.count("bind = [::1]:5060\n"), made.count("bind = [::1]:5061\n")) == (2, 1)


@pytest.mark.parametrize("name", ["sip_host", "app", "ari_password", "manager_password", "public_address"])
@pytest.mark.parametrize("text", ["a\nb", "a;b", "[x]", "a\rb"])
def test_no_setting_can_add_a_line_or_a_section(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="gives a meaning"):
        SwitchSettings(**{**_values(), name: text})


def _values() -> dict[str, object]:
    return {name: getattr(SETTINGS, name) for name in SwitchSettings.__slots__}


def test_secrets_are_not_shown_when_settings_are() -> None:
    assert "secret" not in repr(SETTINGS)


def test_ami_may_only_do_what_recordings_need_and_tells_nothing() -> None:
    made = files(FOLDERS, SETTINGS)["manager.conf"]
    assert "write = system,call\n" in made
    assert "read" not in made
    assert "webenabled = no\n" in made
