"""SIP over TLS on the real switch: it calls a carrier that proves who it is, no other, and lets phones in by it."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from outdial.asterisk.endpoints import OUTSIDE, trunk_endpoint
from outdial.asterisk.home import Wanted
from outdial.asterisk.switch import Switch
from outdial.asterisk.telephony import APP
from outdial.asterisk.tls import Tls
from outdial.domain.directory import Trunk
from support.certificates import ADDRESS, Vouched, vouched
from support.ears import Ears
from support.ports import free_port
from support.real_switch import runtime


@dataclass
class Carrier:
    """Is busy whenever it is called, and says that it was."""

    port: int = 0
    invited: list[str] = field(default_factory=list)


@asynccontextmanager
async def carrier(own: Vouched) -> AsyncIterator[Carrier]:
    """It listens inside, over TLS alone."""
    made = Carrier()
    connected: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = re.search(r"(?im)^(?:Content-Length|l): *(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                if head.startswith("INVITE "):
                    made.invited.append(head)
                    kept = [line for line in head.split("\r\n") if re.match(r"(?i)(via|from|to|call-id|cseq):", line)]
                    lines = ["SIP/2.0 486 Busy Here", *kept, "Content-Length: 0", "", ""]
                    writer.write("\r\n".join(lines).encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    server = await asyncio.start_server(serve, ADDRESS, 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for writer in connected:
            cut(writer)


def cut(writer: asyncio.StreamWriter) -> None:
    """End a connection at once: the goodbye of TLS waits for the other side's, for longer than a test's loop lasts."""
    # One that is gone already can't be ended by every version of Python.
    if not writer.transport.is_closing():
        writer.transport.abort()


def make(folder: Path, own: Vouched, authority: Path) -> Switch:
    port = free_port()
    tls = Tls(port, str(own.certificate), str(own.key), str(authority))
    return Switch("main", folder, runtime(), Wanted(APP, ADDRESS, 0, 21_000, 21_999, None, tls), ends_with_us=True)


async def test_a_carrier_that_proves_who_it_is_is_called_and_another_is_not(tmp_path: Path) -> None:
    own, stranger = vouched(tmp_path / "known"), vouched(tmp_path / "unknown")
    # An authority that is trusted vouches for it, as somebody elsewhere.
    other = vouched(tmp_path / "impostor", "192.0.2.1")
    trusted = tmp_path / "authorities.pem"
    trusted.write_bytes(own.authority.read_bytes() + other.authority.read_bytes())
    switch, ears = make(tmp_path / "switch", own, trusted), Ears()
    async with (
        carrier(own) as known,
        carrier(stranger) as unknown,
        carrier(other) as impostor,
        switch.running(ears),
    ):
        assert switch.phones.speaks_tls
        for name, each in (("known", known), ("unknown", unknown), ("impostor", impostor)):
            await switch.phones.provision_trunk(Trunk("acc", name, ADDRESS, port=each.port, transport="tls"))
            dial = f"PJSIP/442072068888@{trunk_endpoint('acc', name)}"
            await switch.ari.originate(f"{name}-party", dial, APP, timeout_seconds=20, caller_id=None, variables={})
        sips = f"PJSIP/{OUTSIDE}/sips:bob@{ADDRESS}:{known.port}"
        await switch.ari.originate("sips-party", sips, APP, timeout_seconds=20, caller_id=None, variables={})
        await ears.until(
            lambda: {f"{each} LegEnded" for each in ("known", "unknown", "impostor", "sips")} <= set(ears.told)
        )
    assert len(known.invited) == 2
    assert all("Via: SIP/2.0/TLS" in head for head in known.invited)
    assert unknown.invited == impostor.invited == []


async def test_phones_are_let_in_over_tls(tmp_path: Path) -> None:
    own = vouched(tmp_path / "known")
    switch = make(tmp_path / "switch", own, own.authority)
    async with switch.running(Ears()):
        assert switch.settings.tls is not None
        port = switch.settings.tls.port
        trusting = ssl.create_default_context(cafile=str(own.authority))
        reader, writer = await asyncio.open_connection(ADDRESS, port, ssl=trusting)
        lines = (
            f"OPTIONS sip:{ADDRESS}:{port};transport=tls SIP/2.0",
            f"Via: SIP/2.0/TLS {ADDRESS}:5061;branch=z9hG4bK1;rport",
            f"From: <sip:acc-1@{ADDRESS}>;tag=1",
            f"To: <sip:{ADDRESS}>",
            "Call-ID: 1",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        )
        writer.write("\r\n".join((*lines, "", "")).encode())
        try:
            assert (await reader.readuntil(b"\r\n")).startswith(b"SIP/2.0 401 ")
        finally:
            cut(writer)
