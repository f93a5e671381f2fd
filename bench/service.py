"""The service as its users run it: `outdial serve` in a process of its own, with its own switch, in a fresh folder.

The directory is filled beforehand: one account, many agents whose phones are one SIPp, one trunk to another SIPp.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.sides import Service
from outdial import operator_file
from outdial.api.secrets import hash_secret, new_secret
from outdial.asterisk import home, process
from outdial.asterisk.configuration import SwitchSettings
from outdial.asterisk.connections import Connections
from outdial.domain.directory import Account, Agent, Trunk
from outdial.domain.plan import Phone, PhoneKind
from outdial.storage.database import open_database
from outdial.storage.directory import StoredDirectory
from outdial.storage.migrate import migrate

ACCOUNT = "bench"
TRUNK = "carrier"
RUNTIME = Path(__file__).parents[1] / ".cache" / "asterisk"
START_SECONDS = 90
STOP_SECONDS = 20
NO_LIMIT = 10_000


@dataclass(frozen=True)
class Running:
    """The service, and the switch that it keeps up."""

    side: Service
    switch: SwitchSettings
    switch_pid: int


def agent_phone(agent: int, port: int) -> Phone:
    """Where an agent is reached: a SIP address, so that nobody has to register hundreds of phones."""
    return Phone(PhoneKind.ADDRESS, f"sip:agent{agent}@127.0.0.1:{port}")


async def fill(database: str, agents: int, phones_port: int, carrier_port: int) -> str:
    """Write the directory; the account's API token."""
    await asyncio.to_thread(migrate, database)
    token = new_secret()
    async with open_database(database) as opened:
        directory = StoredDirectory(opened)
        await directory.add_account(
            Account(
                ACCOUNT,
                "Bench",
                "GB",
                wrap_up_seconds=0,
                calls_per_second=NO_LIMIT,
                max_concurrent_calls=NO_LIMIT,
                api_token_hash=hash_secret(token),
            )
        )
        await directory.add_trunk(
            Trunk(
                ACCOUNT,
                TRUNK,
                "127.0.0.1",
                carrier_port,
                calls_per_second=NO_LIMIT,
                max_concurrent_calls=NO_LIMIT,
            )
        )
        for agent in range(1, agents + 1):
            await directory.add_agent(Agent(ACCOUNT, str(agent), f"Agent {agent}", agent_phone(agent, phones_port)))
    return token


@asynccontextmanager
async def service(data: Path, database: str | None, token: str, profile: Path | None) -> AsyncIterator[Running]:
    """It is ready inside. Afterwards it is gone, and its switch too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OUTDIAL_")}
    environment |= {
        "OUTDIAL_DATA_DIR": str(data),
        "OUTDIAL_HTTP_PORT": "0",
        "OUTDIAL_SIP_PORT": "0",
        "OUTDIAL_SWITCH_SOURCE": "private",
        "OUTDIAL_RUNTIME_DIR": str(RUNTIME),
    }
    if database is not None:
        environment["OUTDIAL_DATABASE_URL"] = database
    started = await _started(environment, data / "service.log", profile)
    try:
        url = await _ready(started, data)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)))
            bearer = {"Authorization": f"Bearer {await _access_token(http, url, token)}"}
            http.headers.update(bearer)
            lean = await stack.enter_async_context(Connections(url, bearer, most=100, seconds=30))
            switch, running = home.known_settings(data / "switch"), process.running(data / "switch")
            assert switch is not None
            assert running is not None
            yield Running(Service(started.pid, f"{url}/v6/{ACCOUNT}/calls/", http, lean), switch, running.pid)
    finally:
        await _stopped(started)
        left = process.running(data / "switch")
        if left is not None:
            await left.end()


async def _started(environment: Mapping[str, str], log: Path, profile: Path | None) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "outdial", "serve"]
    if profile is not None:
        command = [sys.executable, "-m", "cProfile", "-o", str(profile), *command[1:]]
    with log.open("wb") as file:
        return await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file, env=environment
        )


async def _ready(started: asyncio.subprocess.Process, data: Path) -> str:
    until = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < until:
            if started.returncode is not None:
                break
            found = operator_file.read(data / operator_file.NAME)
            if found is not None and await _answers(http, f"{found['url']}/readyz"):
                return str(found["url"])
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the service did not start:\n{(data / 'service.log').read_text(errors='replace')[-2000:]}")


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False


async def _access_token(http: aiohttp.ClientSession, url: str, token: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": ACCOUNT, "client_secret": token}
    async with http.post(f"{url}/v6/oauth2/token", data=form) as reply:
        reply.raise_for_status()
        return str((await reply.json())["access_token"])


async def _stopped(started: asyncio.subprocess.Process) -> None:
    if started.returncode is None:
        started.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(started.wait(), STOP_SECONDS)
    except TimeoutError:
        started.kill()
        await started.wait()
