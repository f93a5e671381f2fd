"""Ports of this machine: what stands in the way of one, and how one is kept for who is to listen on it.

Must not know what listens there.
"""

import random
import socket
from collections.abc import Collection

_PORTS = range(20_000, 30_000)
"""Below the range that the kernel takes ports for outgoing connections from: they stay free while we are away."""
_ATTEMPTS = 200
BOTH = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


class NoFreePort(Exception):
    """No port is free on an address. One line for people."""


class HeldPort:
    """A port that no other `hold_any` and no outgoing connection is given, though nobody listens on it yet.

    Who sets SO_REUSEADDR, as Asterisk's own servers do, can listen on it over TCP all the while.
    """

    def __init__(self, held: socket.socket) -> None:
        self.socket = held
        """Bound for TCP. Who listens on it himself closes it."""
        self.number: int = held.getsockname()[1]

    def release(self) -> None:
        """Leave it to whoever comes. Does nothing the second time."""
        self.socket.close()


def hold(host: str, port: int) -> HeldPort:
    """Hold a port that was decided on before. Raises OSError where another program listens on it."""
    found = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return HeldPort(found)


def hold_any(host: str, taken: Collection[int] = ()) -> HeldPort:
    """Hold a port that is free for TCP and for UDP on an address, and not among those taken.

    Raises:
        NoFreePort: every port tried is taken.
    """
    for _ in range(_ATTEMPTS):
        port = random.choice(_PORTS)  # noqa: S311 -- only to keep out of each other's way
        if port in taken or obstacle(host, port, (socket.SOCK_DGRAM,)) is not None:
            continue
        found = socket.socket(_family(host), socket.SOCK_STREAM)
        try:
            found.bind((host, port))
        except OSError:
            found.close()
            continue
        # Only now: before, the kernel would have given us what another has bound in the same way.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return HeldPort(found)
    raise NoFreePort(f"no free port was found on {host} from {_PORTS.start} to {_PORTS.stop - 1}")


def obstacle(
    host: str, port: int, kinds: tuple[socket.SocketKind, ...] = BOTH
) -> tuple[socket.SocketKind, OSError] | None:
    """What stands in the way of listening on a port; none where nothing does."""
    for kind in kinds:
        with socket.socket(_family(host), kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                return kind, error
    return None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
