"""The carriers that a switch knows: whether each answers it, and why one can't be had.

The switch asks each of them once a minute. Must not know calls; what is found here stops none.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import structlog

from outdial.asterisk.endpoints import contact_of, probe_endpoint, trunk_endpoint
from outdial.asterisk.obstacles import Obstacles
from outdial.asterisk.translate import ContactState
from outdial.domain.directory import Trunk
from outdial.domain.reach import Answers, Reach


class Trunks:
    """Those of one switch, as the directory has them."""

    def __init__(self) -> None:
        self._by_endpoint: dict[str, Trunk] = {}
        self._by_probe: dict[str, tuple[Trunk, Reach]] = {}
        self._obstacles = Obstacles()
        self._log = structlog.get_logger()

    def keep(self, trunk: Trunk) -> None:
        """The switch is told of a trunk, and will ask it anew."""
        self._by_endpoint[trunk_endpoint(trunk.account, trunk.id)] = trunk
        self._by_probe[probe_endpoint(trunk.account, trunk.id)] = trunk, Reach()

    def forget(self, trunk: Trunk) -> None:
        """The switch is not to know a trunk any more."""
        self._by_endpoint.pop(trunk_endpoint(trunk.account, trunk.id), None)
        self._by_probe.pop(probe_endpoint(trunk.account, trunk.id), None)

    def lost(self) -> None:
        """The switch is gone: nobody asks any more."""
        self._by_probe = {name: (trunk, Reach()) for name, (trunk, _) in self._by_probe.items()}

    def at(self, endpoint: str | None) -> Trunk | None:
        """The trunk whose endpoint has this name."""
        return self._by_endpoint.get(endpoint or "")

    def reach(self, account: str, trunk_id: str) -> Reach:
        """What is known of a trunk."""
        known = self._by_probe.get(probe_endpoint(account, trunk_id))
        return known[1] if known else Reach()

    def count(self) -> Mapping[str, int]:
        """How many are in each state."""
        found = Counter(reach.state for _, reach in self._by_probe.values())
        return {state.value: found[state] for state in Answers}

    async def obstacle_before(self, trunk: Trunk) -> str | None:
        """Why a trunk can't be had, in a few words; none where nothing seems to be in the way."""
        found = await self._obstacles.before(trunk)
        return None if found is None else f"trunk {trunk.id}: {found}"

    async def heard(self, news: ContactState) -> None:
        """A carrier has answered, or has not."""
        known = self._by_probe.get(news.aor)
        if known is None or contact_of(known[0]) != news.uri or known[1].state is news.state:
            # The address that it had before, or no news.
            return
        trunk, reach = known[0], Reach(news.state, news.at, news.round_trip_ms)
        self._by_probe[news.aor] = trunk, reach
        told = {"account": trunk.account, "trunk": trunk.id}
        if news.state is Answers.REACHABLE:
            self._log.info("trunk answers", round_trip_ms=news.round_trip_ms, **told)
        if news.state is not Answers.UNREACHABLE:
            return
        why = await self._obstacles.before(trunk)
        self._log.warning("trunk does not answer", why=why, **told)
        if self._by_probe.get(news.aor) == (trunk, reach):
            self._by_probe[news.aor] = trunk, replace(reach, why=why)
