"""Recorded calls of a real sandbox: the files seen on disk while they are made, and what is kept, measured by tone."""

import asyncio
import io
import math
import os
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from outdial.sandbox import seed
from outdial.sandbox.behaviours import AGENT_TONE, CALLED_AGENT_TONE, PARTY_TONE
from outdial.sandbox.tones import Sound, Span, power_at, spans
from support.sandbox_world import Members, World, until

TONES = (AGENT_TONE, PARTY_TONE, CALLED_AGENT_TONE)
ACCOUNT = f"/v6/{seed.ACCOUNT}"
LOOK_SECONDS = 0.02
FULL_SCALE = 32_767


@dataclass
class Spool:
    """What has lain in the spool of a sandbox at any moment while this looked."""

    folder: Path
    seen: dict[str, set[str]] = field(default_factory=dict)
    """By call, the names of its files; whatever is not known of a recording but heard."""

    def look(self) -> None:
        for call in os.scandir(self.folder) if self.folder.is_dir() else ():
            try:
                names = {entry.name for entry in os.scandir(call.path)}
            except FileNotFoundError:
                continue
            self.seen.setdefault(call.name, set()).update(name for name in names if not name.startswith("about.json"))


@asynccontextmanager
async def looking(data: Path) -> AsyncIterator[Spool]:
    """The spool is looked into all the time inside."""
    spool = Spool(data / "recordings" / "spool")

    async def look() -> None:
        while True:
            spool.look()
            await asyncio.sleep(LOOK_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(look())
        yield spool
        spool.look()
        looking.cancel()


@dataclass(frozen=True)
class Kept:
    """A recording as it is kept, and each leg's sound."""

    call: Members
    details: Members
    legs: dict[str, Sound]
    ends: dict[str, int]
    """When each leg ended."""

    def talk_ms(self, leg: str) -> int:
        """How long a leg lasted once both sides were joined."""
        return self.ends[leg] - moment(self.call["times"]["joined"])

    @property
    def late_ms(self) -> int:
        """How long after the join the recording begins."""
        return moment(self.details["startedAt"]) - moment(self.call["times"]["joined"])

    def spans(self, leg: str) -> list[Span]:
        return spans(self.legs[leg], TONES)


def moment(told: str) -> int:
    """Milliseconds since the epoch."""
    return round(datetime.fromisoformat(told).timestamp() * 1000)


def level(sound: Sound, tone: int) -> float:
    """How loud a tone is in all of a sound, in decibels below full scale."""
    power: float = power_at(sound.samples, sound.rate, tone)
    # A sine at full scale has half of the square of its amplitude.
    return -200.0 if power <= 0 else 10 * math.log10(power / (FULL_SCALE**2 / 2))


async def set_recording(world: World, **settings: Any) -> None:
    """Change what the sandbox's account records."""
    given = {"overrides": [], "announcement": None, "autoResumeSeconds": 0, "recordOrDrop": False, **settings}
    await world.manage("PATCH", f"/accounts/{seed.ACCOUNT}", {"recording": given})


async def kept(world: World, call_id: str) -> Kept:
    """What is kept of an ended call of which something was recorded."""
    call, details = await world.ended(call_id), {}

    async def there() -> bool:
        nonlocal details
        reply = await world.ask("GET", f"{ACCOUNT}/recordings/{call_id}")
        details = reply.body
        return reply.status == 200 and details["status"] != "Processing"

    await until(there, f"{call_id} is kept")
    legs = {leg["leg"]: await heard(world, call_id, leg["leg"]) for leg in details["legs"]}
    told = await world.manage("GET", f"/accounts/{seed.ACCOUNT}/calls/{call_id}")
    return Kept(call, details, legs, {leg: moment(told[f"{leg}Leg"]["endedAt"]) for leg in ("agent", "party")})


async def is_not_kept(world: World, call_id: str) -> bool:
    """Whether there is no recording of an ended call."""
    await world.ended(call_id)
    return (await world.ask("GET", f"{ACCOUNT}/recordings/{call_id}")).status == 404


async def heard(world: World, call_id: str, leg: str) -> Sound:
    """One leg's sound, as the API gives it."""
    url = f"{world.ready['url']}{ACCOUNT}/recordings/{call_id}/audio?leg={leg}"
    headers = {"Authorization": f"Bearer {world.ready['access_token']}"}
    async with world.http.get(url, headers=headers) as reply:
        assert reply.status == 200, await reply.text()
        with wave.open(io.BytesIO(await reply.read())) as file:
            return Sound(array("h", file.readframes(file.getnframes())), file.getframerate())


async def ledger(world: World, call_id: str) -> list[tuple[str, str | None]]:
    """What the ledger says of a call: what, and who did it, in order."""
    told = await world.manage("GET", f"/accounts/{seed.ACCOUNT}/recordings/ledger?callId={call_id}&limit=200")
    return [(entry["kind"], entry["who"]) for entry in told["items"]]
