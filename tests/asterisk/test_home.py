"""A switch's folder: which ports it is given, and what is said of those it can't have."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outdial.asterisk.home import PortTaken, Wanted, furnish, known_settings
from outdial.asterisk.runtime import Runtime

RUNTIME = Runtime(("asterisk",), Path("/modules"), Path("/data"), "22.5", "private")
KINDS = {"UDP": socket.SOCK_DGRAM, "TCP": socket.SOCK_STREAM}


def wanted(port: int, host: str = "127.0.0.1") -> Wanted:
    return Wanted("outdial", host, port, 20_000, 29_999, None)


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
    assert furnish(tmp_path, RUNTIME, wanted(port)).sip_port == port


def test_an_address_that_is_not_ours_is_one_line_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(PortTaken, match=r"^sip_host 192\.0\.2\.1: Cannot assign requested address$"):
        furnish(tmp_path, RUNTIME, wanted(5060, "192.0.2.1"))


def test_any_free_port_is_kept_until_another_program_has_it(tmp_path: Path) -> None:
    first = furnish(tmp_path, RUNTIME, wanted(0))
    assert furnish(tmp_path, RUNTIME, wanted(0)) == first
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", first.sip_port))
        assert furnish(tmp_path, RUNTIME, wanted(0)).sip_port != first.sip_port
