"""A switch's folder: which ports it is given, and what is said of those it can't have."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from outdial.asterisk import ports
from outdial.asterisk.configuration import SwitchSettings
from outdial.asterisk.home import PortTaken, Wanted, furnish, known_settings, matches
from outdial.asterisk.runtime import Runtime
from outdial.asterisk.tls import Tls, TlsUnusable, check_files
from support.certificates import Vouched, vouched
from support.ports import free_port

RUNTIME = Runtime(("asterisk",), Path("/modules"), Path("/data"), "22.5", "private")
SEVERAL = 10
KINDS = {"UDP": socket.SOCK_DGRAM, "TCP": socket.SOCK_STREAM}


def wanted(port: int, host: str = "127.0.0.1") -> Wanted:
    return Wanted("outdial", host, port, 20_000, 29_999, None)


def furnished(folder: Path, wanted: Wanted) -> SwitchSettings:
    made = furnish(folder, RUNTIME, wanted)
    made.release()
    return made.settings


@contextmanager
def taken(kind: socket.SocketKind) -> Iterator[int]:
    """A port that another program has."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("protocol", KINDS)
def test_a_sip_port_that_was_set_and_is_taken_is_one_line_that_names_it(tmp_path: Path, protocol: str) -> None:
    with taken(KINDS[protocol]) as port:
        with pytest.raises(PortTaken) as caught:
            furnish(tmp_path, RUNTIME, wanted(port))
        assert str(caught.value) == f"sip_port {port}: Address already in use (on 127.0.0.1, over {protocol})"
        assert known_settings(tmp_path) is None
    assert furnished(tmp_path, wanted(port)).sip_port == port


def tls_of(own: Vouched, port: int) -> Tls:
    return Tls(port, str(own.certificate), str(own.key), str(own.authority))


def test_a_port_for_tls_that_is_taken_is_one_line_that_names_it(tmp_path: Path) -> None:
    own = vouched(tmp_path / "certificates")
    with taken(socket.SOCK_STREAM) as port:
        with pytest.raises(PortTaken) as caught:
            furnish(tmp_path, RUNTIME, replace(wanted(0), tls=tls_of(own, port)))
        assert str(caught.value) == f"sip_tls_port {port}: Address already in use (on 127.0.0.1, over TCP)"


def test_what_was_set_of_tls_is_known_again(tmp_path: Path) -> None:
    own = vouched(tmp_path / "certificates")
    asked = replace(wanted(0), tls=tls_of(own, free_port()))
    made = furnished(tmp_path, asked)
    assert known_settings(tmp_path) == made
    assert matches(made, asked)
    assert not matches(made, wanted(0))


def test_files_that_the_switch_could_not_use_are_one_line_that_names_the_setting(tmp_path: Path) -> None:
    own, other = vouched(tmp_path / "one"), vouched(tmp_path / "other")
    good = tls_of(own, 5061)
    check_files(good)
    for bad, said in (
        (replace(good, certificate="/no.pem"), "sip_tls_certificate /no.pem: No such file or directory"),
        (replace(good, key="/no.pem"), "sip_tls_key /no.pem: No such file or directory"),
        (replace(good, authorities="/no.pem"), "sip_tls_authorities /no.pem: No such file or directory"),
        (replace(good, key="/a;b.pem"), "sip_tls_key /a;b.pem: its name must not hold any of ; [ ]"),
        (replace(good, authorities=good.key), f"sip_tls_authorities {good.key}: must be certificates as PEM"),
        (replace(good, key=str(other.key)), f"sip_tls_certificate {good.certificate}: it and sip_tls_key must be"),
    ):
        with pytest.raises(TlsUnusable) as caught:
            check_files(bad)
        assert str(caught.value).startswith(said)


def test_an_address_that_is_not_ours_is_one_line_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(PortTaken, match=r"^sip_host 192\.0\.2\.1: Cannot assign requested address$"):
        furnish(tmp_path, RUNTIME, wanted(5060, "192.0.2.1"))


def test_any_free_port_is_kept_until_another_program_has_it(tmp_path: Path) -> None:
    first = furnished(tmp_path, wanted(0))
    assert furnished(tmp_path, wanted(0)) == first
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", first.sip_port))
        assert furnished(tmp_path, wanted(0)).sip_port != first.sip_port


def test_those_that_are_furnished_at_once_get_no_port_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # None of them listens yet, and there are hardly more ports than they need, and than others may have of these.
    monkeypatch.setattr(ports, "_PORTS", range(28_000, 28_000 + 5 * SEVERAL))
    monkeypatch.setattr(ports, "_ATTEMPTS", 10_000)
    all_made = [furnish(tmp_path / str(number), RUNTIME, wanted(0)) for number in range(SEVERAL)]
    try:
        given = [port.number for made in all_made for port in made.held.values()]
        assert len(given) == len(set(given)) == 4 * SEVERAL
        assert given[:4] == [getattr(all_made[0].settings, name) for name in all_made[0].held]
    finally:
        for made in all_made:
            made.release()
