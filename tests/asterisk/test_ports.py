"""Ports that are kept for who is to listen on them."""

import socket

import pytest

from outdial.asterisk import ports
from outdial.asterisk.ports import HeldPort, NoFreePort, hold, hold_any


def listens(port: int) -> bool:
    """Whether a server that takes its port as Asterisk does can listen there."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
            server.listen()
        except OSError:
            return False
        return True


def test_one_that_is_held_is_given_to_nobody_else_but_can_be_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = hold_any("127.0.0.1")
    monkeypatch.setattr(ports, "_PORTS", range(chosen.number, chosen.number + 1))
    assert_held(chosen)
    chosen.release()
    # As by a service that finds it in its settings.
    assert_held(known := hold("127.0.0.1", chosen.number))
    known.release()
    known.release()
    hold_any("127.0.0.1").release()


def assert_held(port: HeldPort) -> None:
    with pytest.raises(NoFreePort) as caught:
        hold_any("127.0.0.1")
    assert str(caught.value) == f"no free port was found on 127.0.0.1 from {port.number} to {port.number}"
    assert listens(port.number)


def test_one_that_is_listened_on_is_not_held() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError, match="in use"):
        hold("127.0.0.1", server.getsockname()[1])


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_one_that_is_taken_is_not_chosen(kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_PORTS", range(29_990, 30_000))
    monkeypatch.setattr(ports, "_ATTEMPTS", 1_000)
    first = hold_any("127.0.0.1")
    first.release()
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", first.number))
        for _ in range(20):
            chosen = hold_any("127.0.0.1")
            chosen.release()
            assert chosen.number != first.number
