"""Builds the product from its parts and runs it: the one place where adapters meet."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import structlog

from outdial import operator_file
from outdial.api.app import make_app
from outdial.api.parts import Health, Parts
from outdial.api.secrets import hash_secret
from outdial.asterisk.announcements import Announcements
from outdial.asterisk.home import Wanted
from outdial.asterisk.runtime import Runtime
from outdial.asterisk.switch import Switch
from outdial.asterisk.telephony import APP
from outdial.asterisk.tls import Tls
from outdial.calls.count_agents import AgentCensus
from outdial.calls.end_wrap_ups import end_wrap_ups
from outdial.calls.engine import Engine
from outdial.calls.follow_phones import PhoneFollower
from outdial.calls.hear_switch import SwitchEars
from outdial.calls.limits import Limits
from outdial.calls.observers import Observer
from outdial.calls.place_call import Placing
from outdial.calls.record_calls import RecordingTelephony
from outdial.calls.recordings import PlaceUnusable
from outdial.calls.recovery import Recovery
from outdial.calls.watch_recordings import watch_recordings
from outdial.config import Settings
from outdial.crm.sealing import KeySealing
from outdial.crm.worker import Worker as CrmWorker
from outdial.data_directory import held, kept_key
from outdial.http_server import listen, serving, url_of
from outdial.keep_going import keep_going
from outdial.logs import CallLogLines
from outdial.master_keys import MasterKeyFiles
from outdial.metrics import Metrics, Now
from outdial.recordings.keeping import Keeping, Secrets, Stored, keeping
from outdial.recordings.objects import Bucket, Objects
from outdial.storage.calls import StoredCalls
from outdial.storage.crm import StoredCrms
from outdial.storage.database import Database, open_database
from outdial.storage.deliveries import StoredDeliveries
from outdial.storage.directory import StoredDirectory
from outdial.storage.erasures import StoredErasures
from outdial.storage.idempotency import StoredIdempotency
from outdial.storage.ledger import StoredLedger
from outdial.storage.migrate import bring_up_to_date
from outdial.storage.occupancy import occupied
from outdial.storage.outbox import StoredNotices
from outdial.storage.recordings import StoredRecordings
from outdial.storage.retention import forget_from_time_to_time
from outdial.storage.shared_notices import SharedNotices
from outdial.storage.webhooks import StoredWebhooks
from outdial.webhooks.worker import Worker


class WallClock:
    """The machine's time."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


class Outdial:
    """The whole product on one switch. Everything is up inside `running`."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        *,
        observers: Sequence[Observer] = (),
        ends_switch: bool = False,
        taken: socket.socket | None = None,
    ) -> None:
        """`taken` is what the API is served on where that is not for the settings to say."""
        self._settings = settings
        self._given, self._taken = tuple(observers), taken
        self._clock = WallClock()
        self.url = ""
        """Where the API answers; known once it runs."""
        self._runtime, self._ends_switch = runtime, ends_switch
        self.metrics = Metrics(self._measure)

    @property
    def sip(self) -> tuple[str, int]:
        """Where the switch takes SIP."""
        return self._settings.sip_host, self.switch.settings.sip_port

    def hash_secret(self, secret: str) -> str:
        """What is kept of a secret."""
        return hash_secret(secret)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Outdial"]:
        """Everything is up inside; calls outlive it on the switch, unless that is to end with us.

        Raises:
            DataDirectoryError, NoFreePort, PortTaken, TlsUnusable, ListenError, DatabaseError, SwitchError: what
                stands in the way, in one line.
        """
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(held(settings.data_dir))
            taken = stack.enter_context(self._taken or listen(settings.http_host, settings.http_port))
            self.url = url_of(taken)
            self._have_switch()
            stack.callback(self.switch.release_ports)
            occupancy = await stack.enter_async_context(occupied(settings.database))
            await asyncio.to_thread(bring_up_to_date, settings.database, allowed=settings.auto_migrate)
            self._join(await stack.enter_async_context(open_database(settings.database, self.metrics.committed)))
            await operator_file.keep(settings.data_dir, self.url, self.directory, self._clock.now())
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            background = [occupancy.kept(), *self._background()]
            stack.callback(_cancel, [tasks.create_task(work) for work in background])
            await self._recovery.load()
            await stack.enter_async_context(self.switch.running(self._ears))
            # Calls and switch have been compared: whatever else lies in the spool, a crash has left.
            await self.recordings.keeper.sweep(set(self.engine.live))
            proxies, grace = settings.trusted_proxies, settings.stop_grace_seconds
            app = make_app(self._parts(), most_waiting=settings.max_waiting_requests)
            await stack.enter_async_context(serving(app, taken, proxies=proxies, grace_seconds=grace))
            try:
                yield self
            finally:
                app.state.streams.close()
                self.engine.stop_accepting()
                await self.engine.drained()

    def _have_switch(self) -> None:
        """Furnish the switch's folder, or find the switch that runs there: nobody else may, so the folder is held.

        Raises:
            NoFreePort, PortTaken, TlsUnusable: it could not listen.
        """
        settings = self._settings
        self._announcements = Announcements(settings.data_dir / "announcements")
        self.switch = Switch(
            settings.switch_name,
            settings.data_dir / "switch",
            self._runtime,
            wanted_of(settings),
            ends_with_us=self._ends_switch,
            sound_of=self._announcements.path_of,
        )
        self.phones = self.switch.phones

    def _join(self, database: Database) -> None:
        """Make what rests on the database."""
        self._database = database
        self.directory = StoredDirectory(database)
        self._store = StoredCalls(database)
        self._limits = Limits(self._clock)
        observers: tuple[Observer, ...] = (CallLogLines(), self.metrics, self._limits, *self._given)
        self.recordings = self._keeping(database)
        telephony = RecordingTelephony(self.switch.telephony, self.switch.recorder, self.recordings.keeper)
        self.engine = Engine(telephony, self._store, self._clock, observers)
        self._recovery = Recovery(self.engine, telephony, self._store)
        self._follower = PhoneFollower(self.directory, self._clock)
        self._ears = SwitchEars(self.engine, self._recovery, self._follower, self.directory)
        self._census = AgentCensus(self.directory, self._clock)
        self._notices = SharedNotices(StoredNotices(database))
        self._webhook_worker = Worker(StoredDeliveries(database), self._notices, self._clock, self.metrics)
        self._crms = StoredCrms(database, KeySealing(kept_key(self._settings.data_dir / "crm.key")))
        base = self._settings.public_url or self.url
        self._crm_worker = CrmWorker(self._crms, self._notices, self._clock, self.metrics, base.rstrip("/"))

    def _keeping(self, database: Database) -> Keeping:
        """What keeps recordings. Raises DataDirectoryError for keys that are none."""
        settings, folder = self._settings, self._settings.data_dir / "recordings"
        masters = MasterKeyFiles(folder / "keys")
        recordings = StoredRecordings(database, settings.recording_retention_days)
        return keeping(
            folder,
            Stored(recordings, StoredLedger(database), StoredErasures(database), self._store),
            Secrets(masters, kept_key(folder / "keys" / "signing.key")),
            self._clock,
            bucket_of(settings),
            self.metrics,
        )

    def _parts(self) -> Parts:
        settings = self._settings
        return Parts(
            placing=Placing(
                self._store, self.engine, self._clock, self._limits, settings.switch_name, lambda: str(uuid4())
            ),
            calls=self.engine,
            call_log=self._store,
            directory=self.directory,
            idempotency=StoredIdempotency(self._database, settings.switch_name),
            phones=self.phones,
            clock=self._clock,
            token_key=kept_key(settings.data_dir / "token.key"),
            public_url=settings.public_url.rstrip("/") if settings.public_url else None,
            health=self._health,
            events=self._notices,
            webhooks=StoredWebhooks(self._database),
            deliveries=self._webhook_worker,
            crms=self._crms,
            crm_desk=self._crm_worker,
            recordings=self.recordings.library,
            observe_lag=self.metrics.lag,
            metrics=self.metrics.render,
            announcements=self._announcements,
        )

    def _background(self) -> list[Coroutine[Any, Any, None]]:
        """Everything that goes on beside requests. Of all this only the engine's own failure ends the product."""
        spool, days = self._settings.data_dir / "recordings" / "spool", self._settings.retention_days
        beside: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "phones": self._follower.run,
            "webhooks": self._webhook_worker.run,
            "crm": self._crm_worker.run,
            "recordings": self.recordings.keeper.run,
            "erasures": self.recordings.erasing.run,
            "recording failures": lambda: watch_recordings(self.engine, self.switch.recorder, spool),
            "wrap-ups": lambda: end_wrap_ups(self.directory, self._clock),
            "sweep": self._recovery.sweep,
            "census": self._census.run,
            "object store": self._tell_of_object_store,
            "retention": lambda: forget_from_time_to_time(self._database, days, self._clock),
        }
        return [self.engine.run(), *(keep_going(name, work) for name, work in beside.items())]

    async def _tell_of_object_store(self) -> None:
        """Once, so that nobody hears of a wrong key only when a disk is full."""
        bucket = bucket_of(self._settings)
        if bucket is not None:
            try:
                await asyncio.to_thread(Objects(bucket).probe)
            except PlaceUnusable as error:
                structlog.get_logger().warning("recordings stay on this disk until they can be moved", why=str(error))
        await asyncio.Event().wait()

    async def _health(self) -> Health:
        database = await self._database.answers()
        switch = self.switch
        return Health(database, switch.reachable, self.engine.accepting, switch.version, switch.trouble)

    def _measure(self) -> Now:
        queues = {"journal": self._database.waiting, "phones": self._follower.waiting}
        up = self.switch.reachable and self.switch.trouble is None
        return Now(up, self.engine.accepting, self._census.by_state, self.phones.trunks.count(), queues)


def wanted_of(settings: Settings) -> Wanted:
    """What is wanted of the switch."""
    return Wanted(
        APP,
        settings.sip_host,
        settings.sip_port,
        settings.rtp_first_port,
        settings.rtp_last_port,
        settings.public_address,
        _tls(settings),
    )


def _tls(settings: Settings) -> Tls | None:
    """Where the switch listens for SIP over TLS; none where it does not."""
    if settings.sip_tls_port is None:
        return None
    files = (settings.sip_tls_certificate, settings.sip_tls_key, settings.sip_tls_authorities)
    return Tls(settings.sip_tls_port, *map(str, files))


def bucket_of(settings: Settings) -> Bucket | None:
    """Where recordings are moved to; none where they rest on the local disk."""
    if settings.s3_bucket is None:
        return None
    return Bucket(
        settings.s3_bucket,
        settings.s3_access_key_id or "",
        settings.s3_secret_access_key or "",
        settings.s3_endpoint,
        settings.s3_region,
        settings.s3_prefix,
        settings.s3_path_style,
    )


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
