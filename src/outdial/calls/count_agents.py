"""How many agents are in each state, counted anew from time to time: for metrics, which can't wait for a database."""

import asyncio
from collections import Counter

from outdial.calls.directory import Directory
from outdial.calls.ports import Clock
from outdial.domain.agents import state_of
from outdial.domain.refusals import Unavailable

COUNT_SECONDS = 10
"""How old the numbers may be."""


class AgentCensus:
    """The numbers as they were last counted; none while the directory does not answer."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self.by_state: dict[str, int] = {}

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            try:
                now, agents = self._clock.now(), await self._directory.all_agents()
                self.by_state = dict(Counter(state_of(agent, now).name.lower() for agent in agents))
            except Unavailable:
                self.by_state = {}
            await asyncio.sleep(COUNT_SECONDS)
