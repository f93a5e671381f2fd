"""Ports for programs that can't choose one themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

from outdial.asterisk.ports import hold_any


def free_port() -> int:
    """One that is free on loopback for TCP and UDP, and that no outgoing connection is given meanwhile."""
    port = hold_any("127.0.0.1")
    port.release()
    return port.number


@contextmanager
def held_port() -> Iterator[int]:
    """One that nobody else of ours is given inside, however long the program takes that is to have it: one that speaks
    UDP alone, or sets SO_REUSEADDR before it listens."""
    port = hold_any("127.0.0.1")
    try:
        yield port.number
    finally:
        port.release()
