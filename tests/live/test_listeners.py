"""Where a sandbox can be reached from: the loopback and nowhere else, audio included."""

import os
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from outdial.asterisk import process
from support.sandbox_world import World

AUDIO = range(10_000, 20_000)
LISTENING = "0A"


async def test_api_sip_audio_and_the_control_of_the_switch_are_on_the_loopback(world: World) -> None:
    call_id = await world.dial("1234", "020 7206 8801")
    await world.until(call_id, "Connected")
    switch = process.running(world.data / "switch")
    assert switch is not None
    ours = int((world.data / "lock").read_text(encoding="ascii"))
    inodes = sockets_of(switch.pid) | sockets_of(ours)
    tcp = [(address, port) for address, port, state in table("tcp", inodes) if state == LISTENING]
    udp = [(address, port) for address, port, _ in table("udp", inodes)]
    sip = world.ready["sip"]["port"]
    assert int(world.ready["url"].rpartition(":")[2]) in [port for _, port in tcp]
    assert (sip in [port for _, port in tcp], sip in [port for _, port in udp]) == (True, True)
    audio = [(address, port) for address, port in udp if port in AUDIO]
    assert len(audio) >= 4, "audio and its control, for both sides"
    elsewhere = [
        (str(address), port)
        for address, port in (*tcp, *audio, *(each for each in udp if each[1] == sip))
        if not address.is_loopback
    ]
    assert elsewhere == []


def sockets_of(pid: int) -> set[str]:
    """The inodes of a process's sockets."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def table(kind: str, inodes: set[str]) -> Iterator[tuple[IPv4Address | IPv6Address, int, str]]:
    """Local address, port and state of these sockets, as the kernel has them."""
    for name, family in ((kind, IPv4Address), (f"{kind}6", IPv6Address)):
        for line in Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[9] in inodes:
                # Words of 32 bits, each in the machine's own order.
                words = [int(address[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(address), 8)]
                yield family(b"".join(words)), int(port, 16), fields[3]
