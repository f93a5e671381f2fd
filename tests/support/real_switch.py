"""A real Asterisk with our configuration, for as long as a test needs it. Installed once below the checkout's cache."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from outdial.asterisk.ari import Ari, AriRefused
from outdial.asterisk.configuration import ARI_USER, SwitchSettings
from outdial.asterisk.events_server import EventsServer
from outdial.asterisk.home import Wanted, furnish
from outdial.asterisk.runtime import Runtime, have_runtime
from outdial.sandbox.configuration import Binary

RUNTIME = Path(__file__).parents[2] / ".cache" / "asterisk"
BOOT_SECONDS = 60


@dataclass
class RealSwitch:
    """What a test can ask of a running switch."""

    ari: Ari
    settings: SwitchSettings
    listener: Callable[[dict[str, Any]], None] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, event: dict[str, Any]) -> None:
        """The switch told something."""
        self.events.append(event)
        if self.listener is not None:
            self.listener(event)


@cache
def runtime() -> Runtime:
    """The private Asterisk below the checkout's cache; installed where it is missing."""
    return have_runtime("private", RUNTIME, print)


def binary() -> Binary:
    """The same, as the far end takes it."""
    found = runtime()
    return Binary(found.command, found.modules, found.data)


@asynccontextmanager
async def real_switch(own: Path) -> AsyncIterator[RealSwitch]:
    """It is up inside, its events reach us, and it is gone afterwards."""
    program = await asyncio.to_thread(runtime)
    made = furnish(own, program, Wanted("outdial", "127.0.0.1", 0, 10_000, 19_999, None))
    settings = made.settings
    ari = Ari(f"http://127.0.0.1:{settings.http_port}", ARI_USER, settings.ari_password)
    switch = RealSwitch(ari, settings)
    connected = asyncio.Event()
    events = EventsServer(
        ARI_USER, settings.events_password, heard=switch.heard, connected=lambda up: connected.set() if up else None
    )
    async with AsyncExitStack() as stack:
        stack.callback(made.release)
        await stack.enter_async_context(events.listening(made.held["events_port"].socket))
        await stack.enter_async_context(ari)
        process = await asyncio.create_subprocess_exec(
            *program.command,
            *("-C", own / "etc" / "asterisk.conf", "-f"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await asyncio.wait_for(connected.wait(), BOOT_SECONDS)
            await _booted(ari)
            yield switch
        finally:
            process.kill()
            await process.wait()


async def _booted(ari: Ari) -> None:
    """It opens its event socket a moment before it takes commands; until then it answers 404, then 503."""
    for _ in range(BOOT_SECONDS * 10):
        try:
            await ari.info()
        except AriRefused as error:
            if error.status not in (404, 503):
                raise
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError("the switch takes no commands")
