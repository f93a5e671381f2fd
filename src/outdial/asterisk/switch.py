"""One switch as a whole: its process is kept up, its events are taken, and it is told its phones whenever it is new.

Must not know calls beyond handing events on; what the rest of the product needs of it are the ports it carries.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any, Protocol

import structlog

from outdial.asterisk import home, process
from outdial.asterisk.ami import Ami
from outdial.asterisk.ari import Ari, AriError
from outdial.asterisk.configuration import ARI_USER, SwitchSettings, phones_app, registrar_of, transports
from outdial.asterisk.events_server import EventsServer
from outdial.asterisk.phones import AsteriskPhones
from outdial.asterisk.ports import HeldPort, hold
from outdial.asterisk.readiness import Readiness
from outdial.asterisk.recorder import AsteriskRecorder
from outdial.asterisk.runtime import Runtime
from outdial.asterisk.telephony import APP, AsteriskTelephony, SoundOf, no_sound
from outdial.asterisk.translate import ContactState, PhoneState, phone_state, translate, unsent_through
from outdial.domain.directory import Agent, Trunk
from outdial.domain.events import Event, LegEnded
from outdial.domain.refusals import Unavailable

CALL_EVENTS = (
    "StasisStart",
    "ChannelStateChange",
    "ChannelDestroyed",
    "Dial",
    "ChannelDtmfReceived",
    "ApplicationRegistered",
)
PHONE_EVENTS = ("EndpointStateChange", "ContactStatusChange")
"""What is sent to us; everything else would only cost both sides time."""
PHONES_APP = phones_app(APP)
BOOT_SECONDS = 60
"""How long a switch may take until it can be used; one that stays out of reach for so long is started anew."""
PING_SECONDS = 5
RETRY_SECONDS = 0.2
MOST_BACKOFF_SECONDS = 10
STEADY_SECONDS = 10
"""One that lived for so long is started again at once; one that did not, after growing pauses."""


class SwitchError(Exception):
    """The switch can't be had. One line for people."""


class Listener(Protocol):
    """Who is told what the switch does."""

    def happened(self, call_id: str, event: Event) -> None:
        """Something happened to a call."""
        ...

    def phone_changed(self, sip_user: str, online: bool) -> None:
        """A phone has registered or gone away."""
        ...

    async def inventory(self) -> tuple[Sequence[Agent], Sequence[Trunk]]:
        """Every phone and trunk the switch must know."""
        ...

    async def came_back(self) -> None:
        """Events reach us (again), and everything that waited has been told: compare before anything is commanded."""
        ...

    async def died(self) -> None:
        """The switch is gone, and every channel with it."""
        ...


class Switch:
    """A switch of our own. Use `running`; everything else is quiet, or refuses, while it is away.

    Its folder must be ours alone: making it writes the configuration of a switch that does not run yet.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        runtime: Runtime,
        wanted: home.Wanted,
        *,
        ends_with_us: bool = False,
        sound_of: SoundOf = no_sound,
    ) -> None:
        self._folder, self._runtime, self._wanted, self._ends_with_us = folder, runtime, wanted, ends_with_us
        self._log = structlog.get_logger().bind(switch=name)
        self._process = process.running(folder)
        self._held: dict[str, HeldPort] = {}
        self.settings = self._settings()
        self.ari = Ari(f"http://127.0.0.1:{self.settings.http_port}", ARI_USER, self.settings.ari_password)
        self.ami = Ami(self.settings.manager_port, ARI_USER, self.settings.manager_password)
        self.recorder = AsteriskRecorder(self.ami)
        self.telephony = AsteriskTelephony(name, self.ari, lambda: self.reachable, sound_of)
        self.phones = AsteriskPhones(self.ari, lambda: self._told, registrar_of(self.settings))
        self.version: str | None = None
        self.reachable = False
        self.trouble: str | None = None
        """Why nobody can call or be called though the switch may run, in one line; none where all is well."""
        self._told = False
        self._connected = False
        self._greet = asyncio.Event()
        self._known_start: str | None = None
        self._phones_known: dict[str, bool | None] = {}
        self._ready = asyncio.Event()
        self._readiness = Readiness(lambda why: self._log.warning("the switch can't be used yet", why=why))
        self._tasks: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self, listener: Listener) -> AsyncIterator[None]:
        """It is kept up inside. On leaving it stays up, with its calls, unless it is to end with us.

        Raises:
            SwitchError: it can't be started, or does not come up.
        """
        events = EventsServer(
            ARI_USER,
            self.settings.events_password,
            heard=lambda event: self._heard(event, listener),
            connected=self._connection,
        )
        try:
            async with events.listening(self._events_socket()), self.ari, self.ami, asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                kept = [tasks.create_task(work) for work in (self._keep_up(listener), self._greeting(listener))]
                kept.append(tasks.create_task(self._watch()))
                try:
                    await self._until_ready()
                    yield
                finally:
                    # From here on nothing more is begun, though the switch goes on telling.
                    self._tasks = None
                for task in kept:
                    task.cancel()
        finally:
            self.release_ports()
            self.reachable = self._told = False
            if self._ends_with_us and self._process is not None:
                await self._process.end()

    def release_ports(self) -> None:
        """Hold none of its ports any longer: while we do, it finds them free however often it is started anew."""
        while self._held:
            self._held.popitem()[1].release()

    def _events_socket(self) -> socket:
        """Raises SwitchError where another program has taken the port that a switch that runs knows us by."""
        try:
            held = self._held.pop("events_port", None) or hold("127.0.0.1", self.settings.events_port)
        except OSError as error:
            port, why = self.settings.events_port, error.strerror
            raise SwitchError(f"the switch's events can't be awaited on 127.0.0.1:{port}: {why}") from None
        return held.socket

    async def _until_ready(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), BOOT_SECONDS)
        except TimeoutError:
            log = self._folder / "log" / "messages"
            why = f" ({self._readiness.why})" if self._readiness.why else ""
            raise SwitchError(f"the switch is not up after {BOOT_SECONDS} s{why}; see {log}") from None
        if self.trouble is not None and not self.reachable:
            raise SwitchError(self.trouble)

    def _settings(self) -> SwitchSettings:
        known = home.known_settings(self._folder)
        if self._process is None or known is None:
            made = home.furnish(self._folder, self._runtime, self._wanted)
            self._held |= made.held
            return made.settings
        if not home.matches(known, self._wanted):
            self._log.warning(
                "the switch runs with older settings; for the new ones, which ends its calls: stop the service, "
                "`outdial switch stop`, start the service"
            )
        return known

    async def _keep_up(self, listener: Listener) -> None:
        """Start it, wait until it ends, tell so, and start it again."""
        backoff = RETRY_SECONDS
        if self._process is not None:
            self._log.info("adopting the switch", pid=self._process.pid)
        while True:
            if self._process is None:
                await self._until_it_can_listen()
                command = [*self._runtime.command, "-C", str(self._folder / "etc" / "asterisk.conf"), "-f"]
                self._process = process.start(command, self._folder, ends_with_us=self._ends_with_us)
                self._log.info("switch started", pid=self._process.pid, version=self._runtime.version)
            began = asyncio.get_running_loop().time()
            await self._process.ended()
            self._log.error("switch ended", pid=self._process.pid)
            self._process, self.reachable, self._told = None, False, False
            self.phones.trunks.lost()
            await listener.died()
            lived = asyncio.get_running_loop().time() - began
            backoff = RETRY_SECONDS if lived > STEADY_SECONDS else min(backoff * 2, MOST_BACKOFF_SECONDS)
            await asyncio.sleep(backoff)

    async def _until_it_can_listen(self) -> None:
        """Wait until nobody else has the SIP port: Asterisk would start without it, and say so in its log alone."""
        settings = self.settings
        while trouble := home.sip_trouble(settings.sip_host, settings.sip_port, settings.tls):
            self._in_trouble(trouble)
            # Who waits for the first start is to wait no longer, but to be told.
            self._ready.set()
            await asyncio.sleep(RETRY_SECONDS)
        self.trouble = None

    def _in_trouble(self, trouble: str) -> None:
        if self.trouble != trouble:
            self._log.error("the switch can't call or be called", why=trouble)
        self.trouble = trouble

    def _connection(self, up: bool) -> None:
        self._connected = up
        if not up:
            self.reachable = False
            self._greet.clear()

    def _heard(self, event: dict[str, Any], listener: Listener) -> None:
        if event.get("type") == "ApplicationRegistered" and event.get("application") == APP:
            # What waited for us has been replayed: from here on the switch can be asked.
            self._greet.set()
            return
        self.telephony.heard(event)
        meant = translate(event)
        if isinstance(meant, PhoneState):
            self._phone_is(meant.sip_user, meant.online, listener)
        elif isinstance(meant, ContactState):
            if self._tasks is not None:
                self._tasks.create_task(self.phones.trunks.heard(meant))
        elif meant is not None:
            call_id, happened = meant
            trunk = self.phones.trunks.at(unsent_through(event))
            if trunk is None or not isinstance(happened, LegEnded) or self._tasks is None:
                listener.happened(call_id, happened)
            else:
                self._tasks.create_task(self._tell_why(call_id, happened, trunk, listener))

    async def _tell_why(self, call_id: str, ended: LegEnded, trunk: Trunk, listener: Listener) -> None:
        """A leg has ended that may not have been sent at all: tell so with the reason, where there is one.

        Nothing else happens to the leg meanwhile: it was its last event.
        """
        listener.happened(call_id, replace(ended, detail=await self.phones.trunks.obstacle_before(trunk)))

    def _phone_is(self, sip_user: str, online: bool | None, listener: Listener) -> None:
        """Tell what is new of a phone: the switch says the same again with each call of its."""
        if self._phones_known.get(sip_user) is online:
            return
        self._phones_known[sip_user] = online
        if online is not None:
            listener.phone_changed(sip_user, online)

    async def _greeting(self, listener: Listener) -> None:
        """After each connection, until it succeeds: learn who it is, tell it what it must know, compare."""
        while True:
            await self._greet.wait()
            try:
                if not await self._listens():
                    self._greet.clear()
                    continue
                await self._welcome(listener)
            except (AriError, Unavailable) as error:
                self._readiness.put_off(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._greet.clear()
            self._readiness.reached()
            if self._connected:
                self.reachable = True
                self._ready.set()
                self._log.info("switch ready", version=self.version)

    async def _listens(self) -> bool:
        """Whether the switch may be used: one that could not take its SIP port is started anew, unless it has calls."""
        missing = [name for name in transports(self.settings) if not await self.ari.has_config("transport", name)]
        if not missing:
            self.trouble = None
            return True
        protocols, log = " and ".join(map(str.upper, missing)), self._folder / "log" / "messages"
        self._in_trouble(f"sip_port {self.settings.sip_port}: the switch does not listen over {protocols}; see {log}")
        if await self.ari.channels():
            return True
        if self._process is not None:
            self._process.kill(signal.SIGTERM)
        self._ready.set()
        return False

    async def _welcome(self, listener: Listener) -> None:
        info = await self.ari.info()
        self.version = str(info["system"]["version"])
        started = str(info["status"]["startup_time"])
        await self.ari.allow_events(APP, *CALL_EVENTS)
        await self.ari.allow_events(PHONES_APP, *PHONE_EVENTS)
        await self.ari.subscribe_endpoints(PHONES_APP)
        # From here on a change of the directory reaches the switch at once, so none falls between list and switch.
        self._told = True
        if started != self._known_start:
            await self.phones.provision_all(*await listener.inventory())
            self._known_start = started
        else:
            await self.phones.catch_up()
        self._phones_known.clear()
        for endpoint in await self.ari.endpoints():
            state = phone_state(endpoint)
            if state is not None:
                self._phone_is(state.sip_user, state.online, listener)
        await listener.came_back()

    async def _watch(self) -> None:
        """Ping it: its socket alone does not tell that it hangs. One out of reach for too long is ended."""
        loop = asyncio.get_running_loop()
        well = loop.time()
        while True:
            await asyncio.sleep(PING_SECONDS)
            try:
                await self.ari.info()
            except AriError:
                pass
            else:
                if self.reachable:
                    await self.phones.catch_up()
                # Nor is it ended, with its calls, for what we lack ourselves.
                if self.reachable or self._readiness.is_ours:
                    well = loop.time()
            if self._process is None:
                well = loop.time()
            elif loop.time() - well > BOOT_SECONDS:
                self._log.error("switch out of reach: ending it", pid=self._process.pid)
                self._process.kill(signal.SIGKILL)
                well = loop.time()
