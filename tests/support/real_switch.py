"""A real Asterisk with our configuration, for as long as a test needs it. Installed once below the checkout's cache."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from outdial.asterisk.ari import Ari, AriRefused
from outdial.asterisk.configuration import ARI_USER, OWN_FOLDERS, Folders, SwitchSettings, files
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
    authorized: list[bool] = field(default_factory=list)


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


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
    settings = SwitchSettings(
        sip_host="127.0.0.1",
        sip_port=free_port(socket.SOCK_DGRAM),
        rtp_first_port=20_000,
        rtp_last_port=29_999,
        http_port=free_port(),
        events_port=free_port(),
        manager_port=free_port(),
        app="outdial",
        ari_password="one",
        events_password="other",
        manager_password="third",
    )
    for name in OWN_FOLDERS:
        (own / name).mkdir(parents=True)
    folders = Folders(program.modules, program.data, own)
    for name, text in files(folders, settings).items():
        (own / "etc" / name).write_text(text, encoding="utf-8")
    ari = Ari(f"http://127.0.0.1:{settings.http_port}", ARI_USER, settings.ari_password)
    switch = RealSwitch(ari, settings)
    async with _listening(switch) as connected, ari:
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


@asynccontextmanager
async def _listening(switch: RealSwitch) -> AsyncIterator[asyncio.Event]:
    connected = asyncio.Event()
    expected = aiohttp.encode_basic_auth(ARI_USER, switch.settings.events_password)

    async def take(request: web.Request) -> web.WebSocketResponse:
        switch.authorized.append(request.headers.get("Authorization") == expected)
        response = web.WebSocketResponse(protocols=("ari",))
        await response.prepare(request)
        async for message in response:
            event = json.loads(message.data)
            switch.events.append(event)
            if switch.listener is not None:
                switch.listener(event)
            connected.set()
        return response

    app = web.Application()
    app.router.add_get("/{rest:.*}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", switch.settings.events_port).start()
    try:
        yield connected
    finally:
        await runner.cleanup()
