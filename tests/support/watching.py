"""What the switch itself says of its channels, beside what the product makes of it: a second listener, and a look at
all of them again and again."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from outdial.asterisk import home
from outdial.asterisk.ari import Ari, AriError
from outdial.asterisk.configuration import ARI_USER

APP = "watching"
LOOK_SECONDS = 0.05
CREATED, DESTROYED = "ChannelCreated", "ChannelDestroyed"

Agents = Mapping[str, Sequence[str]]
"""Who is in a call, by the call's id."""


@dataclass
class Watch:
    """Every channel that came and went, in the switch's own order, and every look at those that were there."""

    history: list[tuple[str, str]] = field(default_factory=list)
    looks: list[frozenset[str]] = field(default_factory=list)

    @property
    def calls(self) -> set[str]:
        """Every call that had a channel."""
        return {_call_of(channel) for _, channel in self.history}

    def in_two_calls(self, agents: Agents) -> list[str]:
        """Who was in more than one call at a time, by any of what was seen."""
        return [*self._by_history(agents), *self._by_looks(agents)]

    def left(self) -> set[str]:
        """The channels that came and did not go."""
        there = set()
        for kind, channel in self.history:
            (there.add if kind == CREATED else there.discard)(channel)
        return there

    def _by_history(self, agents: Agents) -> list[str]:
        """A call has its agents from its first channel until its last one is gone."""
        channels: dict[str, set[str]] = {}
        holds: dict[str, str] = {}
        found = []
        for kind, channel in self.history:
            call = _call_of(channel)
            if kind == CREATED:
                channels.setdefault(call, set()).add(channel)
                others = {agent: holds.setdefault(agent, call) for agent in agents[call]}
                found += [f"{agent} in {other} and {call}" for agent, other in others.items() if other != call]
            else:
                channels[call].discard(channel)
                if not channels[call]:
                    for agent in agents[call]:
                        if holds.get(agent) == call:
                            del holds[agent]
        return found

    def _by_looks(self, agents: Agents) -> list[str]:
        found = []
        for look in self.looks:
            busy = [agent for call in {_call_of(channel) for channel in look} for agent in agents[call]]
            found += [f"{agent} in two calls of {sorted(look)}" for agent in set(busy) if busy.count(agent) > 1]
        return found


def _call_of(channel: str) -> str:
    return channel.rpartition("-")[0]


@asynccontextmanager
async def watching(switch: Path) -> AsyncIterator[Watch]:
    """The switch of this folder is watched inside."""
    settings = home.known_settings(switch)
    assert settings is not None
    url = f"http://127.0.0.1:{settings.http_port}"
    headers = {"Authorization": aiohttp.encode_basic_auth(ARI_USER, settings.ari_password)}
    watch = Watch()
    async with aiohttp.ClientSession(headers=headers) as http, Ari(url, ARI_USER, settings.ari_password) as ari:
        events = f"{url}/ari/events?app={APP}&subscribeAll=true"
        async with http.ws_connect(events) as socket:
            await ari.allow_events(APP, CREATED, DESTROYED)
            tasks = [asyncio.create_task(_listen(socket, watch)), asyncio.create_task(_look(ari, watch))]
            try:
                yield watch
            finally:
                for task in tasks:
                    task.cancel()
                for ended in await asyncio.gather(*tasks, return_exceptions=True):
                    if isinstance(ended, Exception):
                        raise ended


async def _listen(socket: aiohttp.ClientWebSocketResponse, watch: Watch) -> None:
    async for message in socket:
        event = json.loads(message.data)
        if event["type"] in (CREATED, DESTROYED):
            watch.history.append((event["type"], event["channel"]["id"]))
    raise ConnectionError("the switch closed the second listener")


async def _look(ari: Ari, watch: Watch) -> None:
    while True:
        with suppress(AriError):  # a look that takes too long shows nothing
            watch.looks.append(frozenset(str(channel["id"]) for channel in await ari.channels()))
        await asyncio.sleep(LOOK_SECONDS)
