"""A real browser without a screen: Chromium from Debian, unpacked once below the checkout's cache, spoken to over its
own protocol. Each visit has a profile of its own, and keeps what the browser complained of.
"""

import asyncio
import base64
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from outdial.asterisk.debian import Selection, install
from support.served import PATIENCE_SECONDS, until

FOLDER = Path(__file__).parents[2] / ".cache" / "chromium"
PACKAGES = Selection("bookworm", ("chromium-headless-shell", "fonts-dejavu-core"))
_OF_GLIBC = (
    "ld-linux",
    "libc.",
    "libm.",
    "libmvec.",
    "libpthread.",
    "librt.",
    "libdl.",
    "libutil.",
    "libresolv.",
    "libnss_",
)
"""Of these the machine's own must be taken, as its loader is."""
_SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--proxy-server=direct://"),
    *("--remote-debugging-port=0", "--hide-scrollbars"),
)


@cache
def root() -> Path:
    """Where the packages are unpacked; fetched where they are missing."""
    install(PACKAGES, FOLDER, print)
    return FOLDER / "root"


class Visit:
    """A page in the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._session: str | None = None
        self.complaints: list[str] = []
        """Errors on the console, exceptions nobody caught, and whatever the page's policy turned down."""

    async def begin(self) -> None:
        """Open a blank page."""
        target = await self.ask("Target.createTarget", url="about:blank")
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Audits"):
            await self.ask(f"{domain}.enable")

    async def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        """How large the screen is, and by day or by night."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])

    async def go(self, url: str) -> None:
        """Open an address from nowhere, so that it is loaded anew, and wait until it is there."""
        await self.ask("Page.navigate", url="about:blank")
        await self.ask("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def run(self, script: str) -> Any:
        """What an expression of JavaScript comes to."""
        found = await self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until an expression is true."""

        async def true() -> bool:
            return bool(await self.run(script))

        await until(true, script, lambda: f"{self.complaints}")

    async def type(self, text: str) -> None:
        """Write where the focus is."""
        await self.ask("Input.insertText", text=text)

    async def press(self, key: str, code: int) -> None:
        """Press a key and let it go."""
        given = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": "\r" if key == "Enter" else ""}
        for kind in ("keyDown", "keyUp"):
            await self.ask("Input.dispatchKeyEvent", type=kind, **given)

    async def picture(self, file: Path) -> None:
        """What is on the screen."""
        shot = await self.ask("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))

    async def ask(self, method: str, **parameters: Any) -> Any:
        """One request of the protocol."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await answer

    async def listen(self) -> None:
        """Take what the browser says, until it is gone."""
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                answer = self._waiting.pop(told["id"])
                if "error" in told:
                    answer.set_exception(RuntimeError(told["error"]["message"]))
                else:
                    answer.set_result(told["result"])
            else:
                self._noted(told["method"], told["params"])

    def _noted(self, event: str, said: Mapping[str, Any]) -> None:
        match event:
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "warning", "assert"):
                self.complaints.append(json.dumps(said["args"]))
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                self.complaints.append(said["entry"]["text"])
            case "Audits.issueAdded" if said["issue"]["code"] == "ContentSecurityPolicyIssue":
                self.complaints.append(json.dumps(said["issue"]["details"]))


@asynccontextmanager
async def visiting() -> AsyncIterator[Visit]:
    """A browser is up inside, with one blank page; nothing is left of it afterwards."""
    programs = await asyncio.to_thread(root)
    with tempfile.TemporaryDirectory(prefix="od-chromium-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            str(programs / "usr/lib/chromium/chromium-headless-shell"),
            *(*_SWITCHES, f"--user-data-dir={folder}/profile"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(programs, Path(folder)),
        )
        try:
            assert process.stderr is not None
            async with asyncio.timeout(PATIENCE_SECONDS):
                address = await _address(process.stderr)
            silent = asyncio.create_task(_drained(process.stderr))
            async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
                visit = Visit(socket)
                listening = asyncio.create_task(visit.listen())
                await visit.begin()
                yield visit
                for task in (listening, silent):
                    task.cancel()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _address(said: asyncio.StreamReader) -> str:
    lines = []
    while line := (await said.readline()).decode(errors="replace"):
        lines.append(line)
        if "DevTools listening on " in line:
            return line.split("listening on ", 1)[1].strip()
    raise RuntimeError("the browser did not start: " + "".join(lines))


async def _drained(said: asyncio.StreamReader) -> None:
    while await said.read(65536):
        pass


def _environment(programs: Path, folder: Path) -> dict[str, str]:
    """Its own libraries and fonts, whatever the machine has."""
    libraries = folder / "libraries"
    libraries.mkdir()
    # PulseAudio's own are where its libraries would look for them were they installed.
    for below in ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio"):
        for library in sorted(programs.glob(f"{below}/*.so*")):
            place = libraries / library.name
            if not library.name.startswith(_OF_GLIBC) and not place.exists():
                place.symlink_to(library.resolve())
    fonts = folder / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{programs}/usr/share/fonts</dir><cachedir>{folder}/fonts</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return {
        "LD_LIBRARY_PATH": str(libraries),
        "FONTCONFIG_FILE": str(fonts),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
