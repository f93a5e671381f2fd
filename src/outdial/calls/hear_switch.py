"""What becomes of the switch's news: events go to their calls, phones to the directory, its comings and goings to
recovery. Knows no switch."""

from collections.abc import Sequence

from outdial.calls.directory import Directory
from outdial.calls.engine import Engine
from outdial.calls.follow_phones import PhoneFollower
from outdial.calls.recovery import Recovery
from outdial.domain.directory import Agent, Trunk
from outdial.domain.events import Event


class SwitchEars:
    """Listens to one switch on behalf of the engine that drives its calls."""

    def __init__(self, engine: Engine, recovery: Recovery, follower: PhoneFollower, directory: Directory) -> None:
        self._engine = engine
        self._recovery = recovery
        self._follower = follower
        self._directory = directory

    def happened(self, call_id: str, event: Event) -> None:
        """Something happened to a call."""
        self._engine.notify(call_id, event)

    def phone_changed(self, sip_user: str, online: bool) -> None:
        """A phone has registered or gone away."""
        self._follower.changed(sip_user, online=online)

    async def inventory(self) -> tuple[Sequence[Agent], Sequence[Trunk]]:
        """Every phone and trunk the switch must know."""
        return await self._directory.all_agents(), await self._directory.all_trunks()

    async def came_back(self) -> None:
        """Compare calls and switch before anything is commanded."""
        await self._recovery.compare()
        await self._recovery.rejoin()

    async def died(self) -> None:
        """End the calls that went with the switch."""
        await self._recovery.lost()
