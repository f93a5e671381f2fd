"""The phones port on Asterisk: agents' phones and trunks as dynamic PJSIP objects, pushed again after each restart.

Must not know calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from outdial.asterisk.ari import Ari, AriError, AriRefused
from outdial.asterisk.endpoints import audio_at, phone_objects, trunk_objects
from outdial.asterisk.trunks import Trunks
from outdial.domain.directory import Agent, Trunk
from outdial.domain.phones import Registrar
from outdial.domain.reach import Reach

ON_LOOPBACK = Registrar("127.0.0.1", 5060)
Objects = tuple[tuple[str, str, dict[str, str]], ...]
Doing = Callable[[Objects], Awaitable[None]]
NOT_YET = (404, 503)
"""What a switch answers that has just started and takes no commands yet, whatever they are."""


class AsteriskPhones:
    """Keeps one switch's phones and trunks as the directory has them."""

    def __init__(self, ari: Ari, is_reachable: Callable[[], bool], registrar: Registrar = ON_LOOPBACK) -> None:
        self._ari = ari
        self._is_reachable = is_reachable
        self._audio = audio_at(registrar.listens_on)
        self._registrar = registrar
        self.trunks = Trunks()
        self._owed: dict[str, tuple[Doing, Objects]] = {}
        """What the switch has not been told yet, by the object's name; only the last of each counts."""
        self._lock = asyncio.Lock()
        self._log = structlog.get_logger()

    @property
    def speaks_tls(self) -> bool:
        """Whether the switch has a transport for SIP over TLS."""
        return self._registrar.tls_port is not None

    @property
    def registrar(self) -> Registrar:
        """Where phones register."""
        return self._registrar

    def reach(self, account: str, trunk_id: str) -> Reach:
        """Whether a carrier answers."""
        return self.trunks.reach(account, trunk_id)

    async def provision_agent(self, agent: Agent) -> None:
        """Make an agent's phone known; later, where the switch can't be asked now."""
        await self._see_to(self._push, phone_objects(agent))

    async def withdraw_agent(self, agent: Agent) -> None:
        """Forget an agent's phone; later, where the switch can't be asked now."""
        await self._see_to(self._remove, phone_objects(agent))

    async def provision_trunk(self, trunk: Trunk) -> None:
        """Make a trunk known, or forget it where it is switched off; later, where the switch can't be asked now."""
        if not trunk.enabled:
            await self.withdraw_trunk(trunk)
            return
        self.trunks.keep(trunk)
        await self._see_to(self._push, trunk_objects(trunk))

    async def withdraw_trunk(self, trunk: Trunk) -> None:
        """Forget a trunk; later, where the switch can't be asked now."""
        self.trunks.forget(trunk)
        await self._see_to(self._remove, trunk_objects(trunk))

    async def provision_all(self, agents: Iterable[Agent], trunks: Iterable[Trunk]) -> None:
        """After the switch has started: tell it everything. What it refuses is logged, and stands in nobody's way.

        Raises:
            AriError: it went away meanwhile, or takes no commands yet.
        """
        # It knew nothing when it started.
        self._owed.clear()
        for trunk in trunks:
            if trunk.enabled:
                self.trunks.keep(trunk)
                if trunk.transport == "tls" and not self.speaks_tls:
                    self._log.warning("no call can go through this trunk without sip_tls_port", trunk=trunk.id)
                await self._carried_out(self._push, trunk_objects(trunk))
        for agent in agents:
            await self._carried_out(self._push, phone_objects(agent))

    async def catch_up(self) -> None:
        """Do what the switch could not be asked to. Old credentials are good until then."""
        for name in tuple(self._owed):
            await self._settle(name)

    async def _see_to(self, do: Doing, objects: Objects) -> None:
        if objects:
            *_, (_, name, _) = objects
            self._owed[name] = do, objects
            if self._is_reachable():
                await self._settle(name)

    async def _settle(self, name: str) -> None:
        # One at a time: what was asked for last must reach the switch last.
        async with self._lock:
            owed = self._owed.get(name)
            if owed is None:
                return
            try:
                await self._carried_out(*owed)
            except AriError as error:
                self._log.warning("the switch is told later of a phone or trunk", name=name, why=str(error))
                return
            if self._owed.get(name) is owed:
                del self._owed[name]

    async def _carried_out(self, do: Doing, objects: Objects) -> None:
        try:
            await do(objects)
        except AriRefused as error:
            if error.status in NOT_YET:
                raise
            self._log.error("the switch refuses a phone or trunk", name=objects[-1][1], why=str(error))

    async def _push(self, objects: Objects) -> None:
        for kind, name, fields in objects:
            if "contact" in fields:
                # The switch would add the contact to those it has, and go on calling the carrier where it was.
                await self._ari.delete_config(kind, name)
            await self._ari.put_config(kind, name, {**fields, **self._audio} if kind == "endpoint" else fields)

    async def _remove(self, objects: Objects) -> None:
        for kind, name, _ in reversed(objects):
            await self._ari.delete_config(kind, name)
