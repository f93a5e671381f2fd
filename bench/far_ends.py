"""The far ends of the bench: one SIPp plays every agent's phone, another the carrier, and both are the stop-watch.

They see each call from outside of whoever drives it, so that service and bare driver are timed by the same clock at the
same places. A leg is one line of a log, written when the leg's ACK arrives:

    number  INVITE received  200 sent  ACK received          (each time as seconds and microseconds)

The number is unique to a call. The carrier finds it in the address that was dialled, a phone in the caller id it shows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import NamedTuple

from support.ports import free_port

SCENARIOS = Path(__file__).parent / "scenarios"
START_SECONDS = 10


class Leg(NamedTuple):
    """When a far end was rung, picked up, and heard that its answer had arrived. Seconds since the epoch."""

    invited: float
    answered: float
    acknowledged: float


@dataclass
class FarEnd:
    """A SIPp that answers every call; its legs so far, by the number of the call."""

    port: int
    pid: int
    log: Path
    legs: dict[str, Leg] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    _read: int = 0

    def read(self) -> None:
        """Take in what was logged since the last time."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode("ascii", "replace").splitlines():
            self._take(line.split())

    def forget(self) -> None:
        """Drop what is known of earlier calls."""
        self.legs.clear()
        self.ended.clear()

    def _take(self, words: list[str]) -> None:
        match words:
            case ["leg", number, *times] if len(times) == 6:
                seconds = [
                    float(whole) + float(micro) / 1e6 for whole, micro in zip(times[::2], times[1::2], strict=True)
                ]
                self.legs[number] = Leg(*seconds)
            case ["end", number]:
                self.ended.add(number)


@asynccontextmanager
async def far_end(
    sipp: str, name: str, folder: Path, *, ring_ms: int, hold_ms: int, media: Path | None = None
) -> AsyncIterator[FarEnd]:
    """A far end of one of the scenarios, listening inside: `phone` waits for the hang-up, `carrier` hangs up.

    With `media`, raw A-law, it says that over and over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scenario, log = folder / f"{name}.xml", folder / f"{name}.log"
    text = Template((SCENARIOS / f"{name}.xml").read_text(encoding="ascii"))
    scenario.write_text(_saying(text.substitute(ring=ring_ms, hold=hold_ms), media), encoding="ascii")
    log.touch()
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sipp, "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-buff_size", "4194304"),
        *("-trace_logs", "-log_file", str(log), "-log_overwrite", "false"),
        *("-trace_err", "-error_file", str(folder / f"{name}.errors")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        await asyncio.wait_for(_bound(process, port), START_SECONDS)
        yield FarEnd(port, process.pid, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _saying(scenario: str, media: Path | None) -> str:
    if media is None:
        return scenario
    stream = f'<nop><action><exec rtp_stream="{media},-1,8"/></action></nop>'
    joined = scenario.index("</recv>", scenario.index('request="ACK"')) + len("</recv>")
    said = f"{scenario[:joined]}\n  {stream}{scenario[joined:]}"
    return said.replace("[auto_media_port]", "[rtpstream_audio_port]")


async def _bound(process: asyncio.subprocess.Process, port: int) -> None:
    while f":{port:04X} " not in Path("/proc/net/udp").read_text(encoding="ascii"):
        if process.returncode is not None:
            raise RuntimeError(f"SIPp ended with {process.returncode}")
        await asyncio.sleep(0.02)
