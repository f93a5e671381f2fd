"""The far end: a second Asterisk that plays our agents' phones and the carrier, over real SIP and RTP.

It knows our switch by its SIP address only. It ends with the process that started it.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from outdial.sandbox import configuration
from outdial.sandbox.behaviours import Behaviour
from outdial.sandbox.configuration import Address, Binary, Registration
from outdial.sandbox.dialplan import Listening, extensions
from outdial.sandbox.journal import Heard, read_journal
from outdial.sandbox.tones import Sound, read_sound

BOOT_SECONDS = 30
STOP_SECONDS = 5
PORT_ATTEMPTS = 5
LONGEST_SOCKET_PATH = 107
"""Bytes; the kernel takes no more."""
FOLDERS = ("etc", "lib", "run", "log", "heard", "spool", "spool/monitor", "spool/recording", "spool/tmp")


class FarEndError(Exception):
    """The far end did not start, or did not stay. One line for people."""


class FarEnd:
    """A far end in a folder of its own: start it with `running`, then ask what it was called with and what it heard."""

    def __init__(
        self,
        folder: Path,
        binary: Binary,
        switch: Address,
        special: Mapping[str, Behaviour],
        registrations: Sequence[Registration],
        *,
        listen_seconds: int = 0,
    ) -> None:
        self._folder = folder
        self._binary = binary
        self._switch = switch
        self._special = special
        self._registrations = registrations
        self._listening = Listening(folder / "heard.log", folder / "heard", listen_seconds)
        self.sip = Address(switch.host, 0)
        """Where it can be called; known once it runs."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FarEnd"]:
        """It is up inside: it answers calls, and its phones are registering."""
        process = await self._start()
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(_must_stay(process))
                yield self
                watch.cancel()
        finally:
            await _stop(process)

    def calls(self) -> list[Heard]:
        """Every call that has come in so far."""
        return read_journal(self._listening.journal)

    def sound_of(self, call: Heard) -> Sound:
        """What was heard on a call after it was answered, as far as it has been recorded."""
        return read_sound(self._listening.recordings / f"{call.channel}.wav")

    async def _start(self) -> asyncio.subprocess.Process:
        if len(os.fsencode(self._folder / "run" / "asterisk.ctl")) > LONGEST_SOCKET_PATH:
            raise FarEndError(f"the path {self._folder} is too long for the far end's control socket")
        for _ in range(PORT_ATTEMPTS):
            self.sip = Address(self._switch.host, _free_udp_port(self._switch.host))
            self._write_configuration()
            process = await self._spawn()
            try:
                if await self._booted(process):
                    return process
            except BaseException:
                await _stop(process)
                raise
            await _stop(process)
        raise FarEndError(f"the far end found no free SIP port on {self._switch.host}")

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            # The kernel kills it when we die, however we die.
            *("setpriv", "--pdeathsig", "KILL"),
            *self._binary.command,
            *("-C", str(self._folder / "etc" / "asterisk.conf"), "-f"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # Its own session: a Ctrl-C is for us, and we stop it in our own order.
            start_new_session=True,
        )

    async def _booted(self, process: asyncio.subprocess.Process) -> bool:
        """Wait until it is up; whether it got its SIP port."""
        give_up = time.monotonic() + BOOT_SECONDS
        while not await self._command("core waitfullybooted"):
            if process.returncode is not None:
                raise FarEndError(f"the far end ended with status {process.returncode}; see {self._folder / 'log'}")
            if time.monotonic() > give_up:
                raise FarEndError(f"the far end is not up after {BOOT_SECONDS} s; see {self._folder / 'log'}")
            await asyncio.sleep(0.05)
        log = (self._folder / "log" / "messages").read_text(encoding="utf-8", errors="replace")
        return "could not be started" not in log

    async def _command(self, words: str) -> bool:
        process = await asyncio.create_subprocess_exec(
            *self._binary.command,
            *("-C", str(self._folder / "etc" / "asterisk.conf"), "-rx", words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0

    def _write_configuration(self) -> None:
        for name in FOLDERS:
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / "log" / "messages").unlink(missing_ok=True)
        files = {
            "asterisk.conf": configuration.asterisk_conf(self._binary, self._folder),
            "modules.conf": configuration.modules_conf(),
            "pjsip.conf": configuration.pjsip_conf(self.sip, self._switch, self._registrations),
            "extensions.conf": extensions(self._special, self._listening),
            "rtp.conf": configuration.RTP_CONF,
            "cdr.conf": configuration.CDR_CONF,
            "logger.conf": configuration.LOGGER_CONF,
        }
        for name, text in files.items():
            path = self._folder / "etc" / name
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")


async def _must_stay(process: asyncio.subprocess.Process) -> None:
    status = await process.wait()
    raise FarEndError(f"the far end ended by itself, with status {status}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_udp_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
