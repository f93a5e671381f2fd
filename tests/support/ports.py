"""Ports for programs that can't choose one themselves."""

from outdial.asterisk.ports import hold_any


def free_port() -> int:
    """One that is free on loopback for TCP and UDP, and that no outgoing connection is given meanwhile."""
    port = hold_any("127.0.0.1")
    port.release()
    return port.number
