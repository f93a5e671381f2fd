"""The API with everything real behind it but the switch: SQLite in a file, the engine, and the account of the page.

`async with api_world(file) as world:` gives a world whose `client` speaks to the API without a socket.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import time_ns
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from outdial.api.app import make_app
from outdial.api.auth import CALLS_CREATE, SCOPES
from outdial.api.parts import Health, Parts
from outdial.api.secrets import hash_secret
from outdial.api.tokens import Tokens
from outdial.asterisk.announcements import Announcements
from outdial.calls.crm import Attempt, Connection, Verdict
from outdial.calls.engine import Engine
from outdial.calls.limits import Limits
from outdial.calls.place_call import Placing
from outdial.calls.webhooks import Subscription
from outdial.crm.sealing import KeySealing
from outdial.crm.tokens import check_secret_of
from outdial.domain.call import Call
from outdial.domain.crm import CrmSettings
from outdial.domain.deliveries import Outcome
from outdial.domain.directory import Account, Agent, ApiClient, Trunk
from outdial.domain.phones import Registrar
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.presence import Presence
from outdial.domain.reach import Reach
from outdial.domain.recordings import CallRecording
from outdial.master_keys import MasterKeyFiles
from outdial.recordings.keeper import Keeper
from outdial.recordings.keeping import Keeping, Secrets, Stored, keeping
from outdial.sandbox import seed
from outdial.sandbox.configuration import Address
from outdial.storage.calls import StoredCalls
from outdial.storage.crm import StoredCrms
from outdial.storage.database import Database, open_database
from outdial.storage.directory import StoredDirectory
from outdial.storage.erasures import StoredErasures
from outdial.storage.idempotency import StoredIdempotency
from outdial.storage.ledger import StoredLedger
from outdial.storage.outbox import StoredNotices
from outdial.storage.recordings import StoredRecordings
from outdial.storage.webhooks import StoredWebhooks
from support.scripted_switch import ScriptedSwitch
from support.vault import TONES, decided, tone, wav_of

ACCOUNT = seed.ACCOUNT
OTHER = "t0te2h4rrrp"
OTHERS_SECRET = "the other's secret"
OPERATORS_SECRET = "the operator's secret"
DIALLERS_SECRET = "the dialler's secret"
BASE = "http://calls.test"
SECRETS = seed.Secrets("the account's secret", "the sandbox client's secret", defaultdict(lambda: "a phone's password"))
TOKEN_KEY = b"a key for tests, of more than thirty-two bytes"
AGENT_TO_NUMBER = {"from": {"agentId": "1234"}, "to": {"telephoneNumber": "02072068888"}}


class MovableTime:
    """Stands still until a test moves it; begins at some Tuesday."""

    def __init__(self) -> None:
        self.at = 1_795_000_000_000

    def now(self) -> int:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += round(seconds * 1000)


class PassingTime(MovableTime):
    """The real one."""

    def now(self) -> int:
        return time_ns() // 1_000_000


class NoPhones:
    """A switch that is told of phones and trunks, and keeps the names."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.speaks_tls = False
        self.registrar = Registrar("127.0.0.1", 5060)
        self.reaches: dict[tuple[str, str], Reach] = {}

    def reach(self, account: str, trunk_id: str) -> Reach:
        return self.reaches.get((account, trunk_id), Reach())

    async def provision_agent(self, agent: Agent) -> None:
        self.told.append(f"agent {agent.id}")

    async def withdraw_agent(self, agent: Agent) -> None:
        self.told.append(f"no agent {agent.id}")

    async def provision_trunk(self, trunk: Trunk) -> None:
        self.told.append(f"trunk {trunk.id}")

    async def withdraw_trunk(self, trunk: Trunk) -> None:
        self.told.append(f"no trunk {trunk.id}")


class NoDeliveries:
    """Delivers nothing, and counts how often it was told to look."""

    def __init__(self) -> None:
        self.told = 0
        self.tested: list[Subscription] = []
        self.outcome = Outcome(204, None, 7)

    def changed(self) -> None:
        self.told += 1

    async def test(self, subscription: Subscription) -> Outcome:
        self.tested.append(subscription)
        return self.outcome


class NoCrms:
    """Tells no CRM, and counts how often it was told to look."""

    def __init__(self) -> None:
        self.told = 0
        self.tested: list[Connection] = []
        self.attempt = Attempt(Verdict.DONE, 200, took=7)

    def changed(self) -> None:
        self.told += 1

    def check(self, settings: CrmSettings) -> None:
        check_secret_of(settings)

    async def test(self, connection: Connection) -> Attempt:
        self.tested.append(connection)
        return self.attempt


@dataclass
class ApiWorld:
    """The API under test and what stands behind it."""

    app: FastAPI
    parts: Parts
    client: httpx.AsyncClient
    """Bears the account's token unless told otherwise."""
    switch: ScriptedSwitch
    engine: Engine
    store: StoredCalls
    directory: StoredDirectory
    database: Database
    time: MovableTime
    kept: Keeping
    """What keeps recordings."""
    health: list[Health] = field(default_factory=lambda: [Health(True, True, True, "Asterisk 22.10.0")])

    def token(
        self,
        account: str = ACCOUNT,
        scopes: frozenset[str] = frozenset(SCOPES),
        *,
        secret: str | None = None,
        lifetime_seconds: int = 3600,
        key: bytes = TOKEN_KEY,
    ) -> str:
        """A token as the account's API token would get it."""
        secret_hash = hash_secret(SECRETS.api_token if secret is None else secret)
        return Tokens(key).issue(
            account,
            account,
            scopes,
            secret_hash,
            is_client=False,
            now=self.time.now(),
            lifetime_seconds=lifetime_seconds,
        )

    async def place(self, body: object = AGENT_TO_NUMBER, *, n: int = 6, **more: Any) -> httpx.Response:
        """POST …/calls/ with a JSON body; by default the simplest one."""
        return await self.client.post(f"/v{n}/{ACCOUNT}/calls/", json=body, **more)

    async def call(self, response: httpx.Response) -> Call:
        """The stored call of a reply."""
        found = await self.store.find(ACCOUNT, response.json()["id"])
        assert found is not None
        return found

    async def keep(self, recording: CallRecording) -> None:
        """What was decided of a recording, and a tone of two seconds on each of its legs, as the keeper keeps them."""
        recording, keeper = replace(recording, account=ACCOUNT), self.kept.keeper
        await StoredLedger(self.database).append([decided(recording)])
        folder = await keeper.spool(recording)
        for file in recording.files:
            (folder / file.file_name).write_bytes(wav_of(tone(TONES[file.side], 2_000)))
        await keeper.finish(recording)
        await keeper.rested(ACCOUNT, recording.call_id)

    async def change_account(self, **changes: Any) -> None:
        account = await self.directory.account(ACCOUNT)
        assert account is not None
        await self.directory.change_account(replace(account, **changes))

    async def presence(self, agent_id: str, presence: Presence) -> None:
        await self.directory.set_presence(ACCOUNT, agent_id, presence, self.time.now())

    async def settled(self) -> None:
        """Let the engine finish what it was told."""
        for _ in range(20):
            await asyncio.sleep(0)
        await self.engine.drained()


def bearer(token: str) -> dict[str, str]:
    """The header that bears a token."""
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def api_world(
    file: Path, *, public_url: str | None = None, time: MovableTime | None = None
) -> AsyncIterator[ApiWorld]:
    """A world on a migrated database file, which is furnished where nothing is in it yet."""
    time, switch = time or MovableTime(), ScriptedSwitch()
    async with open_database(f"sqlite:///{file}") as database:
        store, directory = StoredCalls(database), StoredDirectory(database)
        limits, deliveries = Limits(time), NoDeliveries()
        engine = switch.engine = Engine(switch, store, time, [limits])
        kept = recordings_of(file, database, time)
        world: ApiWorld

        async def health() -> Health:
            return world.health[-1]

        parts = Parts(
            placing=Placing(store, engine, time, limits, switch.name, lambda: str(uuid4())),
            calls=engine,
            call_log=store,
            directory=directory,
            idempotency=StoredIdempotency(database, "this process"),
            phones=NoPhones(),
            clock=time,
            token_key=TOKEN_KEY,
            public_url=public_url,
            health=health,
            events=StoredNotices(database),
            webhooks=StoredWebhooks(database),
            deliveries=deliveries,
            crms=StoredCrms(database, KeySealing(bytes(32))),
            crm_desk=NoCrms(),
            recordings=kept.library,
            observe_lag=lambda reader, milliseconds: None,
            announcements=Announcements(file.parent / "announcements"),
            metrics=lambda: (b"outdial_ready 1.0\n", "text/plain; version=1.0.0; charset=utf-8"),
        )
        app = make_app(parts)
        if await directory.account(ACCOUNT) is None:
            await _furnish(directory, parts)
        transport = httpx.ASGITransport(app)
        async with (
            _running(engine),
            kept_going(kept.keeper),
            httpx.AsyncClient(transport=transport, base_url=BASE) as client,
        ):
            world = ApiWorld(app, parts, client, switch, engine, store, directory, database, time, kept)
            client.headers.update(bearer(world.token()))
            yield world


async def _furnish(directory: StoredDirectory, parts: Parts) -> None:
    """The page's account as the sandbox has it, a second one beside it, and an operator's client."""
    now = MovableTime().now()
    await seed.plant(directory, parts.phones, SECRETS, hash_secret, Address("127.0.0.1", 5060), now)
    account = seed.account(SECRETS, hash_secret)
    # Nobody picks up here unless a test says so: a phone must not stop ringing because the machine is slow. Nothing is
    # recorded unless a test says so, either.
    await directory.change_account(replace(account, agent_ring_seconds=180, party_ring_seconds=180, recording={}))
    await directory.add_account(Account(OTHER, "Another", "GB", api_token_hash=hash_secret(OTHERS_SECRET)))
    phone = Phone(PhoneKind.SIP, "another-10")
    await directory.add_agent(Agent(OTHER, "10", "Agent 10", phone))
    operator = ApiClient("operator", None, "Operator", tuple(SCOPES), hash_secret(OPERATORS_SECRET), now)
    await directory.add_client(operator)
    caller = ApiClient("dialler", ACCOUNT, "Dialler", (CALLS_CREATE,), hash_secret(DIALLERS_SECRET), now)
    await directory.add_client(caller)


def recordings_of(file: Path, database: Database, time: MovableTime) -> Keeping:
    """What keeps recordings, beside the database's file."""
    folder = file.with_name(f"{file.stem}-recordings")
    secrets = Secrets(MasterKeyFiles(folder / "keys"), bytes(32))
    erasures = StoredErasures(database)
    stored = Stored(StoredRecordings(database), StoredLedger(database), erasures, StoredCalls(database))
    return keeping(folder, stored, secrets, time, least_free=0)


@asynccontextmanager
async def kept_going(keeper: Keeper) -> AsyncIterator[None]:
    """The keeper of recordings works inside."""
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _running(engine: Engine) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(engine.run())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await engine.drained()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
