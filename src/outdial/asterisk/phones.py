"""The phones port on Asterisk: agents' phones and trunks as dynamic PJSIP objects, pushed again after each restart.

Must not know calls.
"""

from collections.abc import Awaitable, Callable, Iterable

import structlog

from outdial.asterisk.ari import Ari, AriError
from outdial.asterisk.endpoints import audio_at, phone_objects, trunk_objects
from outdial.domain.directory import Agent, Trunk

Objects = tuple[tuple[str, str, dict[str, str]], ...]


class AsteriskPhones:
    """Keeps one switch's phones and trunks as the directory has them."""

    def __init__(
        self, ari: Ari, is_reachable: Callable[[], bool], sip_host: str = "127.0.0.1", *, speaks_tls: bool = False
    ) -> None:
        self._ari = ari
        self._is_reachable = is_reachable
        self._audio = audio_at(sip_host)
        self._speaks_tls = speaks_tls
        self._log = structlog.get_logger()

    @property
    def speaks_tls(self) -> bool:
        """Whether the switch has a transport for SIP over TLS."""
        return self._speaks_tls

    async def provision_agent(self, agent: Agent) -> None:
        """Make an agent's phone known; quiet while the switch is away."""
        await self._quietly(self._push, phone_objects(agent))

    async def withdraw_agent(self, agent: Agent) -> None:
        """Forget an agent's phone; quiet while the switch is away."""
        await self._quietly(self._remove, phone_objects(agent))

    async def provision_trunk(self, trunk: Trunk) -> None:
        """Make a trunk known, or forget it where it is switched off."""
        await self._quietly(self._push if trunk.enabled else self._remove, trunk_objects(trunk))

    async def withdraw_trunk(self, trunk: Trunk) -> None:
        """Forget a trunk; quiet while the switch is away."""
        await self._quietly(self._remove, trunk_objects(trunk))

    async def provision_all(self, agents: Iterable[Agent], trunks: Iterable[Trunk]) -> None:
        """After the switch has started: tell it everything. Raises AriError where it goes away meanwhile."""
        for trunk in trunks:
            if trunk.enabled:
                if trunk.transport == "tls" and not self._speaks_tls:
                    self._log.warning("no call can go through this trunk without sip_tls_port", trunk=trunk.id)
                await self._push(trunk_objects(trunk))
        for agent in agents:
            await self._push(phone_objects(agent))

    async def _quietly(self, do: Callable[[Objects], Awaitable[None]], objects: Objects) -> None:
        if not self._is_reachable():
            return
        try:
            await do(objects)
        except AriError:
            return

    async def _push(self, objects: Objects) -> None:
        for kind, name, fields in objects:
            if "contact" in fields:
                # The switch would add the contact to those it has, and go on calling the carrier where it was.
                await self._ari.delete_config(kind, name)
            await self._ari.put_config(kind, name, {**fields, **self._audio} if kind == "endpoint" else fields)

    async def _remove(self, objects: Objects) -> None:
        for kind, name, _ in reversed(objects):
            await self._ari.delete_config(kind, name)
