"""SIPp as a far end of our own making: a scenario is a list of steps, and whether it was followed is its exit code."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.options import answer, method_of
from support.ports import held_port
from support.programs import command_of

KEPT = {"caller": "From", "sequence": "CSeq"}
VIA = "[last_Via:]\n[last_From:]\n{to}\n[last_Call-ID:]\n[last_CSeq:]\n"
CONTACT = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
SDP = (
    "Content-Type: application/sdp\nContent-Length: [len]\n\n"
    "v=0\no=sipp 1 1 IN IP[local_ip_type] [local_ip]\ns=-\nc=IN IP[media_ip_type] [media_ip]\nt=0 0\n"
    "m=audio [auto_media_port] RTP/AVP 8\na=rtpmap:8 PCMA/8000\n"
)
REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
    603: "Decline",
}


def receive(request: str, *, optional: bool = False) -> str:
    """Wait for a request; what is needed of an INVITE later on is kept, for a CANCEL or an ACK hides its headers."""
    maybe = ' optional="true"' if optional else ""
    if request != "INVITE":
        return f'<recv request="{request}" crlf="true"{maybe}/>'
    kept = "".join(
        f'<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{variable}"/>'
        for variable, header in KEPT.items()
    )
    return f'<recv request="INVITE" crlf="true" rrs="true"{maybe}><action>{kept}</action></recv>'


def reply(code: int, *, sdp: bool = False, extra: str = "") -> str:
    """Answer the request that was last received; with 487, the INVITE that was cancelled."""
    tag = "" if code == 100 else ";tag=[pid]SIPpTag01[call_number]"
    body = SDP if sdp else "Content-Length: 0\n\n"
    headers = VIA.format(to=f"[last_To:]{tag}")
    if code == 487:
        headers = headers.replace("[last_CSeq:]", "CSeq:[$sequence]")
    text = f"SIP/2.0 {code} {REASONS[code]}\n{headers}{CONTACT}{extra}{body}"
    return f"<send><![CDATA[\n\n{text}\n]]></send>"


def reply_to_bye() -> str:
    """The To of a BYE has its tag already."""
    text = f"SIP/2.0 200 OK\n{VIA.format(to='[last_To:]')}{CONTACT}Content-Length: 0\n\n"
    return f"<send><![CDATA[\n\n{text}\n]]></send>"


def bye() -> str:
    """Hang up, as the side that was called."""
    text = (
        "BYE [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        "From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPpTag01[call_number]\nTo:[$caller]\n[last_Call-ID:]\n"
        "CSeq: 1 BYE\nMax-Forwards: 70\nContent-Length: 0\n\n"
    )
    return f'<send retrans="500"><![CDATA[\n\n{text}\n]]></send>'


def pause(milliseconds: int) -> str:
    """Do nothing for a while."""
    return f'<pause milliseconds="{milliseconds}"/>'


class Porter(asyncio.DatagramProtocol):
    """Stands before a SIPp, which plays one call and would stumble over being asked whether it is there."""

    def __init__(self, port: int) -> None:
        self._inner_port = port
        self._caller: Any = None
        self.port = 0

    def connection_made(self, transport: Any) -> None:
        self._outer = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr[1] == self._inner_port:
            self._outer.sendto(data, self._caller)
        elif method_of(data) == "OPTIONS":
            self._outer.sendto(answer(data), addr)
        else:
            self._caller = addr
            self._outer.sendto(data, ("127.0.0.1", self._inner_port))


@dataclass(frozen=True)
class Sipp:
    """A scenario that is being played; `messages` is every message as it stood on the wire."""

    port: int
    process: asyncio.subprocess.Process
    folder: Path

    @property
    def messages(self) -> str:
        path = self.folder / "messages"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    async def finished(self) -> bool:
        """Wait for its end; whether everything happened that the scenario says, and nothing else."""
        return await self.process.wait() == 0


@asynccontextmanager
async def playing(folder: Path, steps: Sequence[str], *, seconds: int = 40) -> AsyncIterator[Sipp]:
    """SIPp waits for one call inside."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = folder / "scenario.xml"
    scenario.write_text(
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="far end">\n'
        + "\n".join(steps)
        + '\n<Reference variables="caller,sequence"/>\n</scenario>\n'
    )
    command = await asyncio.to_thread(command_of, "sipp")
    # Several begin at once, each some time before it has its port.
    with held_port() as port:
        process = await asyncio.create_subprocess_exec(
            *(*command, "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port)),
            *("-m", "1", "-nostdin", "-timeout", f"{seconds}s"),
            *("-trace_msg", "-message_file", str(folder / "messages")),
            *("-trace_err", "-error_file", str(folder / "errors")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=sys.stderr,
            cwd=folder,
        )
        try:
            while not _is_bound(port):
                said = (folder / "errors").read_text() if (folder / "errors").exists() else ""
                assert process.returncode is None, said
                await asyncio.sleep(0.02)
            loop = asyncio.get_running_loop()
            transport, porter = await loop.create_datagram_endpoint(lambda: Porter(port), ("127.0.0.1", 0))
            try:
                yield Sipp(porter.port, process, folder)
            finally:
                transport.close()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _is_bound(port: int) -> bool:
    return any(line.split()[1].endswith(f":{port:04X}") for line in Path("/proc/net/udp").read_text().splitlines()[1:])
