"""`outdial serve` in a process of its own, with the sandbox's account and far end: for whatever must be killed.

The far end and the data folder outlive the service, as phones and disks do.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from outdial import operator_file
from outdial.api.secrets import hash_secret
from outdial.asterisk import home, process
from outdial.asterisk.ari import Ari
from outdial.asterisk.configuration import ARI_USER
from outdial.domain.directory import Agent, Trunk
from outdial.domain.phones import Registrar
from outdial.domain.reach import Reach
from outdial.sandbox import seed
from outdial.sandbox.configuration import Address
from outdial.sandbox.far_end import FarEnd
from outdial.storage.database import open_database
from outdial.storage.directory import StoredDirectory
from outdial.storage.migrate import migrate
from support.ports import held_port
from support.real_switch import RUNTIME, binary

PATIENCE_SECONDS = 90
"""How long anything may take before it counts as never."""


class NoPhones:
    """Stands in for a switch that is not up yet: it is told its phones when it is."""

    speaks_tls = False
    registrar = Registrar("127.0.0.1", 5060)

    def reach(self, account: str, trunk_id: str) -> Reach:
        return Reach()

    async def provision_agent(self, agent: Agent) -> None: ...
    async def withdraw_agent(self, agent: Agent) -> None: ...
    async def provision_trunk(self, trunk: Trunk) -> None: ...
    async def withdraw_trunk(self, trunk: Trunk) -> None: ...


@dataclass
class Served:
    """A service that can be killed and started again, and what a client and the switch say of it."""

    data: Path
    sip_port: int
    far_end: FarEnd
    secrets: seed.Secrets
    http: aiohttp.ClientSession
    database: str | None = None
    more: dict[str, str] = field(default_factory=dict)
    """Settings beside those that every service here has, in capitals."""
    service: asyncio.subprocess.Process | None = None
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    not_free: list[dict[str, Any]] = field(default_factory=list)
    """Who was not when `everybody_free` was last asked."""

    async def start(self, module: str = "outdial") -> float:
        """Start it, or what a module of the tests makes of it; how many seconds it took until it was ready."""
        began = time.monotonic()
        with (self.data / "service.log").open("ab") as log:
            self.service = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, "serve"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
            )
        await until(self._is_ready, "the service is ready", lambda: self._log()[-3000:])
        took = time.monotonic() - began
        form = {
            "grant_type": "client_credentials",
            "client_id": seed.ACCOUNT,
            "client_secret": self.secrets.api_token,
        }
        async with self.http.post(f"{self.url}/v0/oauth2/token", data=form) as reply:
            self.headers = {"Authorization": f"Bearer {(await reply.json())['access_token']}"}
        return took

    async def kill(self) -> None:
        """As a power cut would."""
        assert self.service is not None
        self.service.kill()
        await self.service.wait()

    async def stop(self) -> None:
        """As an administrator would."""
        if self.service is not None and self.service.returncode is None:
            self.service.terminate()
            await self.service.wait()

    def switch_process(self) -> process.SwitchProcess | None:
        """The switch, if it runs."""
        return process.running(self.data / "switch")

    async def place(self, caller: dict[str, Any], callee: dict[str, Any]) -> str:
        """Place a call; its id."""
        body = {"from": caller, "to": callee}
        async with self.http.post(f"{self._account()}/calls/", json=body, headers=self.headers) as reply:
            told = await reply.json()
            assert reply.status == 201, told
            return str(told["id"])

    async def call(self, call_id: str) -> dict[str, Any]:
        """What the API says of a call."""
        found: dict[str, Any] = await self._get(f"calls/{call_id}")
        return found

    async def hang_up(self, call_id: str) -> None:
        """End a call by the API."""
        async with self.http.delete(f"{self._account()}/calls/{call_id}", headers=self.headers) as reply:
            await reply.read()

    async def available(self) -> int:
        """How many agents could be chosen now."""
        return int((await self._get("agents/?availability=readyForPhoneCall&fields=count"))["count"])

    async def channels(self) -> set[str]:
        """The channels on the switch, by id."""
        settings = home.known_settings(self.data / "switch")
        assert settings is not None
        async with Ari(f"http://127.0.0.1:{settings.http_port}", ARI_USER, settings.ari_password) as ari:
            return {str(channel["id"]) for channel in await ari.channels()}

    async def everybody_free(self) -> bool:
        """Whether every agent whose phone can register is there and free."""
        async with self.http.get(f"{self.url}/manage/accounts/{seed.ACCOUNT}/agents", headers=self.headers) as reply:
            agents = {agent["id"]: agent for agent in (await reply.json())["items"]}
        mine = [agents[agent] for agent in seed.SIP_AGENTS]
        self.not_free = [a for a in mine if not a["phone"]["online"] or a["state"]["word"] != "Ready"]
        return not self.not_free

    async def _get(self, path: str) -> Any:
        async with self.http.get(f"{self._account()}/{path}", headers=self.headers) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()

    async def _is_ready(self) -> bool:
        assert self.service is not None
        assert self.service.returncode is None, self._log()[-3000:]
        found = operator_file.read(self.data / operator_file.NAME)
        if found is None:
            return False
        self.url = found["url"]
        try:
            async with self.http.get(f"{self.url}/readyz") as reply:
                return reply.status == 200
        except aiohttp.ClientError:
            return False

    def _account(self) -> str:
        return f"{self.url}/v6/{seed.ACCOUNT}"

    def _log(self) -> str:
        return (self.data / "service.log").read_text(errors="replace")

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("OUTDIAL_")}
        settings = {
            "DATA_DIR": str(self.data),
            "HTTP_PORT": "0",
            "SIP_PORT": str(self.sip_port),
            "SWITCH_SOURCE": "private",
            "RUNTIME_DIR": str(RUNTIME),
            **({"DATABASE_URL": self.database} if self.database else {}),
            **self.more,
        }
        own["PYTHONPATH"] = os.pathsep.join(sys.path)
        return own | {f"OUTDIAL_{name}": value for name, value in settings.items()}


@asynccontextmanager
async def served(
    data: Path, *, database: str | None = None, more: dict[str, str] | None = None
) -> AsyncIterator[Served]:
    """It runs inside, with every phone registered; afterwards nothing of it does."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        sip_port = stack.enter_context(held_port())
        secrets = seed.Secrets.new()
        far_end = FarEnd(
            data / "far-end",
            await asyncio.to_thread(binary),
            Address("127.0.0.1", sip_port),
            seed.special_extensions(),
            seed.registrations(secrets),
            listen_seconds=0,
        )
        await stack.enter_async_context(far_end.running())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        url = database or f"sqlite:///{data / 'outdial.db'}"
        await asyncio.to_thread(migrate, url)
        async with open_database(url) as opened:
            now = time.time_ns() // 1_000_000
            directory = StoredDirectory(opened)
            await seed.plant(directory, NoPhones(), secrets, hash_secret, far_end.sip, now)
            account = seed.account(secrets, hash_secret)
            # What rings for ever must still ring after a restart, however slow the machine. Tests say what is recorded.
            account = replace(account, agent_ring_seconds=120, party_ring_seconds=120, recording={})
            await directory.change_account(account)
        world = Served(data, sip_port, far_end, secrets, http, database, more or {})
        try:
            await world.start()
            await until(world.everybody_free, "every phone has registered", lambda: f"{world.not_free}")
            yield world
        finally:
            await world.stop()
            left = world.switch_process()
            if left is not None:
                await left.end()


async def until(true: Callable[[], Awaitable[bool]], what: str, more: Callable[[], str] = str) -> float:
    """Wait until something is true; how many seconds that took."""
    began = time.monotonic()
    while not await true():
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise TimeoutError(f"never: {what} {more()}")
        await asyncio.sleep(0.05)
    return time.monotonic() - began
