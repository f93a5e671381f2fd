"""One real sandbox in a process of its own, and what a client, an operator and the switch say of it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from outdial import operator_file
from outdial.asterisk import home
from outdial.asterisk.ari import Ari
from outdial.asterisk.configuration import ARI_USER
from outdial.sandbox import seed
from outdial.sandbox.journal import Heard, read_journal
from outdial.sandbox.tones import HEAD_BYTES, Sound, read_sound
from support.real_switch import RUNTIME, runtime

PATIENCE_SECONDS = 90
"""How long anything may take before it counts as never."""
WRITTEN_SECONDS = 10
"""How long what a phone heard may take to be on the disk: what is not there then was not heard."""
LISTEN_SECONDS = 30
"""How much of each call the far end of the shared sandbox records."""
RINGING_SECONDS = {"agentRingSeconds": 8, "partyRingSeconds": 10}
"""How long phones ring in the shared sandbox: longer than number 0007 takes to answer on a machine that stands still
for a few seconds, and no longer than that."""
NOTHING = {"legs": "none", "announcement": None}
"""What the shared sandbox records, other than one as delivered."""
NUMBER = "02072068888"

Members = dict[str, Any]


@dataclass(frozen=True)
class Running:
    """A command that runs."""

    process: subprocess.Popen[str]
    errors: Path

    def ready(self) -> Members:
        """The one line that it prints when it is ready."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.process.wait(), self.errors.read_text(encoding="utf-8")[-3000:])
        found: Members = json.loads(line)
        return found

    def end(self, sign: int = signal.SIGINT) -> int:
        """Interrupt it; its exit status."""
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def outdial(folder: Path, *words: str) -> Iterator[Running]:
    """The real command runs inside, with its errors in a file; afterwards it does not."""
    runtime()
    folder.mkdir(parents=True, exist_ok=True)
    errors = folder / f"errors-{time.monotonic_ns()}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("OUTDIAL_")}
    settings = {"OUTDIAL_RUNTIME_DIR": str(RUNTIME), "OUTDIAL_SWITCH_SOURCE": "private", "TMPDIR": str(folder)}
    with errors.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "outdial", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=own | settings,
        )
    with process:
        try:
            yield Running(process, errors)
        finally:
            if process.poll() is None:
                process.kill()


@dataclass(frozen=True)
class Reply:
    """What the API answered."""

    status: int
    body: Members
    headers: dict[str, str]

    @property
    def id(self) -> str:
        """The id of the call that was placed."""
        assert self.status == 201, self.body
        return str(self.body["id"])

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and message."""
        return self.status, str(self.body["message"])


@dataclass(frozen=True)
class World:
    """A sandbox that is up, as seen by its clients."""

    ready: Members
    http: aiohttp.ClientSession
    began: int
    """Milliseconds since the epoch: what the far end saw before is not this test's."""
    placed: list[str] = field(default_factory=list)
    """The sandbox's own calls that were placed."""

    @property
    def data(self) -> Path:
        return Path(self.ready["data"])

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> Reply:
        """One request; JSON in, JSON out."""
        bearer = {"Authorization": f"Bearer {token or self.ready['access_token']}"}
        async with self.http.request(method, self.ready["url"] + path, json=body, headers=bearer | headers) as reply:
            told = await reply.read()
            return Reply(reply.status, json.loads(told) if told else {}, dict(reply.headers))

    async def place(
        self, caller: Members, callee: Members, *, account: str = seed.ACCOUNT, token: str | None = None, **more: Any
    ) -> Reply:
        """Place a call, in version 6."""
        body = {"from": caller, "to": callee, **more}
        reply = await self.ask("POST", f"/v6/{account}/calls/", body, token=token)
        if reply.status == 201 and account == seed.ACCOUNT:
            self.placed.append(reply.id)
        return reply

    async def dial(self, agent: str, number: str = NUMBER, **caller: Any) -> str:
        """Let an agent of the sandbox call a number; the call's id."""
        return (await self.place({"agentId": agent, **caller}, {"telephoneNumber": number})).id

    async def call(self, call_id: str, *, account: str = seed.ACCOUNT, token: str | None = None) -> Members:
        """A call as the API tells it."""
        reply = await self.ask("GET", f"/v6/{account}/calls/{call_id}", token=token)
        assert reply.status == 200, reply.body
        return reply.body

    async def hang_up(self, call_id: str) -> Reply:
        """End a call by the API."""
        return await self.ask("DELETE", f"/v6/{seed.ACCOUNT}/calls/{call_id}")

    async def hang_up_all(self) -> None:
        """End every call that was placed, and wait until all of them have ended."""
        for call_id in self.placed:
            await self.hang_up(call_id)
        for call_id in self.placed:
            await self.ended(call_id)

    async def is_free(self, agent: str) -> bool:
        """Whether an agent of the sandbox is in no call."""
        told = (await self.ask("GET", f"/v6/{seed.ACCOUNT}/agents/{agent}")).body
        return told["currentCallGuid"] is None and [link["rel"] for link in told["links"]] == ["_self"]

    async def until(self, call_id: str, status: str | None, **of: Any) -> Members:
        """Wait until a call says this status (none once it has ended); the call."""
        told: Members = {}

        async def there() -> bool:
            nonlocal told
            told = await self.call(call_id, **of)
            assert told["status"] is not None or status is None, f"never {status}: {told}"
            return bool(told["status"] == status)

        await until(there, f"{call_id} is {status}")
        return told

    async def ended(self, call_id: str, **of: Any) -> Members:
        """Wait until a call has ended; the call."""
        return await self.until(call_id, None, **of)

    async def channels(self) -> set[str]:
        """The channels that the switch has, by id."""
        async with self.ari() as ari:
            return {str(channel["id"]) for channel in await ari.channels()}

    def now(self) -> int:
        """Milliseconds since the epoch, as the far end counts them."""
        return time.time_ns() // 1_000_000

    def ari(self) -> Ari:
        """The switch itself."""
        settings = home.known_settings(self.data / "switch")
        assert settings is not None
        return Ari(f"http://127.0.0.1:{settings.http_port}", ARI_USER, settings.ari_password)

    async def operator(self) -> str:
        """A token that manages the whole installation, for the client that the data folder keeps."""
        found = operator_file.read(self.data / operator_file.NAME)
        assert found is not None
        return await self._token("/Auth/connect/token", found["client_id"], found["client_secret"])

    async def token_of(self, account: str, api_token: str) -> str:
        """A token for everything within an account."""
        return await self._token("/v0/oauth2/token", account, api_token)

    async def _token(self, path: str, client_id: str, secret: str) -> str:
        headers = {"Authorization": aiohttp.encode_basic_auth(client_id, secret)}
        form = {"grant_type": "client_credentials"}
        async with self.http.post(self.ready["url"] + path, data=form, headers=headers) as reply:
            told = await reply.json()
            assert reply.status == 200, told
            return str(told["access_token"])

    async def manage(self, method: str, path: str, body: object = None) -> Members:
        """One request to the management API, as the operator."""
        reply = await self.ask(method, f"/manage{path}", body, token=await self.operator())
        assert reply.status < 300, reply
        return reply.body

    def rang(self, called: str) -> list[Heard]:
        """The calls that the far end has taken for a phone or a number since this test began."""
        calls = read_journal(self.data / "far-end" / "heard.log")
        return [call for call in calls if call.called == called and call.called_at >= self.began]

    def leg(self, called: str) -> Heard:
        """The one call that the far end has taken for a phone or a number."""
        (found,) = self.rang(called)
        return found

    def phone_of(self, agent: str) -> Heard:
        """The one call on the phone of an agent."""
        return self.leg(seed.sip_user(agent))

    def sound_of(self, leg: Heard) -> Sound:
        """What was heard on a call after it was answered, as far as it has been written."""
        return read_sound(self._sound_file(leg))

    def is_written(self, leg: Heard) -> bool:
        """Whether all that was heard on a call is written: how long it is comes last, to the end of the file's head."""
        path = self._sound_file(leg)
        return not path.exists() or any(path.read_bytes()[HEAD_BYTES - 4 : HEAD_BYTES])

    def _sound_file(self, leg: Heard) -> Path:
        return self.data / "far-end" / "heard" / f"{leg.channel}.wav"


@asynccontextmanager
async def world_of(ready: Members) -> AsyncIterator[World]:
    """What a client can do with a sandbox; whatever calls it leaves are hung up."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        world = World(ready, http, time.time_ns() // 1_000_000)
        yield world
        await world.hang_up_all()


def set_for_tests(ready: Members) -> None:
    """Let nobody wait longer than must be for phones that ring for ever; record only what a test says."""

    async def change() -> None:
        async with world_of(ready) as world:
            await world.manage("PATCH", f"/accounts/{seed.ACCOUNT}", RINGING_SECONDS | {"recording": NOTHING})

    asyncio.run(change())


async def until(true: Callable[[], Awaitable[bool]], what: str, patience: float = PATIENCE_SECONDS) -> None:
    """Wait until something is true that nobody would tell us of."""
    give_up = time.monotonic() + patience
    while not await true():
        if time.monotonic() > give_up:
            raise TimeoutError(f"never: {what}")
        await asyncio.sleep(0.05)


def e164(number: str) -> str:
    """A British number as it stands on the wire."""
    return "+44" + number.replace(" ", "").removeprefix("0")
