"""What stands between us and a carrier: asked of the resolver and the network, as they are where the switch is too.

The switch says 503 of a host that can't be found as of a carrier that has no line free. Must not know calls.
"""

import asyncio
import errno
import os
import socket
from dataclasses import dataclass, field

from outdial.domain.directory import Trunk

PATIENCE_SECONDS = 1.0
"""How long either may take to answer: somebody waits meanwhile for a call that has failed."""
GOOD_SECONDS = 10
"""For how long an answer stands, so that many calls that fail at once ask only once."""


@dataclass(slots=True)
class _Known:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = 0
    obstacle: str | None = None


class Obstacles:
    """Finds out why trunks can't be reached."""

    def __init__(self) -> None:
        self._known: dict[Trunk, _Known] = {}

    async def before(self, trunk: Trunk) -> str | None:
        """What keeps anybody here from reaching a trunk; none where nothing seems to."""
        now = asyncio.get_running_loop().time
        self._known = {each: known for each, known in self._known.items() if known.turn.locked() or known.until > now()}
        known = self._known.setdefault(trunk, _Known())
        async with known.turn:
            if known.until <= now():
                known.obstacle = await _obstacle(trunk)
                known.until = now() + GOOD_SECONDS
            return known.obstacle


async def _obstacle(trunk: Trunk) -> str | None:
    loop = asyncio.get_running_loop()
    kind = socket.SOCK_DGRAM if trunk.transport == "udp" else socket.SOCK_STREAM
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(trunk.host, trunk.port, type=kind), PATIENCE_SECONDS)
    except (OSError, UnicodeError):
        # The resolver's time-out is one too; the other is a name that can't even be asked for.
        return f"{trunk.host} can't be found"
    family, _, _, _, address = found[0]
    with socket.socket(family, kind) as probe:
        probe.setblocking(False)
        try:
            # Over UDP nothing is sent by this; it only asks for a way there.
            await asyncio.wait_for(loop.sock_connect(probe, address), PATIENCE_SECONDS)
        except TimeoutError:
            return f"{trunk.host} does not take connections on port {trunk.port}"
        except OSError as error:
            return f"{trunk.host} can't be reached on port {trunk.port}: {os.strerror(error.errno or errno.EIO)}"
    return None
