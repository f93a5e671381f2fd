"""A whole keeping of recordings on a real database and a real disk, with tones to record and a clock to set."""

import array
import asyncio
import math
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from outdial.domain.consent import AccountRecording, Consent, Scenario, decide, decision_of
from outdial.domain.ledger import Kind, Record
from outdial.domain.legs import Side
from outdial.domain.recording_records import decision_told
from outdial.domain.recordings import CallRecording, KeptRecording, SpoolFile, State
from outdial.master_keys import MasterKeyFiles
from outdial.recordings.decisions import Decisions
from outdial.recordings.erasing import Erasing
from outdial.recordings.erasure import Signer
from outdial.recordings.keeper import Keeper, Watcher
from outdial.recordings.keys import Keys
from outdial.recordings.library import Library
from outdial.recordings.objects import Bucket, Objects
from outdial.recordings.places import LocalFiles
from outdial.recordings.reading import Reading
from outdial.recordings.renditions import Renditions
from outdial.recordings.selections import Selections
from outdial.recordings.spool import Spool
from outdial.recordings.steps import Steps
from outdial.recordings.under_way import UnderWay
from outdial.recordings.verification import Verification
from outdial.storage.calls import StoredCalls
from outdial.storage.database import Database
from outdial.storage.erasures import StoredErasures
from outdial.storage.ledger import StoredLedger
from outdial.storage.recordings import StoredRecordings

START = 1_764_000_000_000
"""A moment in November 2025."""
BOTH_LEGS = decide(Scenario.AGENT_TO_NUMBER, Consent.ONE_PARTY, Consent.ONE_PARTY, AccountRecording())
TONES = {Side.AGENT: 440, Side.PARTY: 880}


@dataclass(slots=True)
class FixedClock:
    """Stands still until it is set."""

    at: int = START + 3_600_000

    def now(self) -> int:
        return self.at


def tone(frequency: int, milliseconds: int, amplitude: int = 8000) -> bytes:
    """Samples of a tone; of silence where the frequency is 0."""
    count = milliseconds * 8
    turn = 2 * math.pi * frequency / 8000
    return array.array("h", (round(amplitude * math.sin(turn * n)) for n in range(count))).tobytes()


def wav_of(samples: bytes, *, length: int | None = None) -> bytes:
    """A WAV file as the switch writes it; with another length in its header than it has where one is given."""
    size = len(samples) if length is None else length
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt \x10\0\0\0"
        + form
        + b"data"
        + struct.pack("<I", size)
        + samples
    )


def recording_of(
    call_id: str, sides: Sequence[Side] = tuple(Side), *, ms: int = 2_000, **changes: object
) -> CallRecording:
    """A recording that ran for so long and has ended."""
    whole = CallRecording(
        call_id,
        "ours",
        "1",
        START,
        tuple(SpoolFile(side, START) for side in sides),
        groups=("030",),
        number="+442079460123",
        reference="case 5",
        decision=BOTH_LEGS.to_dict(),
        joined_at=START,
        ended_at=START + ms,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def decided(recording: CallRecording) -> Record:
    """What the ledger was told when the recording's call was placed."""
    told = decision_told(decision_of(recording.decision))
    return Record(Kind.DECIDED, recording.account, START, recording.call_id, data=told)


@dataclass(slots=True)
class Vault:
    """Everything that keeps recordings, joined as the product joins it."""

    folder: Path
    database: Database
    bucket: Bucket | None = None
    clock: FixedClock = field(default_factory=FixedClock)
    patience: Callable[[int], float] = lambda _: 0.01
    watcher: Watcher | None = None
    spool: Spool = field(init=False)
    local: LocalFiles = field(init=False)
    objects: Objects | None = field(init=False)
    store: StoredRecordings = field(init=False)
    ledger: StoredLedger = field(init=False)
    calls: StoredCalls = field(init=False)
    masters: MasterKeyFiles = field(init=False)
    keys: Keys = field(init=False)
    steps: Steps = field(init=False)
    keeper: Keeper = field(init=False)
    reading: Reading = field(init=False)
    erasures: StoredErasures = field(init=False)
    erasing: Erasing = field(init=False)
    renditions: Renditions = field(init=False)
    library: Library = field(init=False)

    def __post_init__(self) -> None:
        self.spool = Spool(self.folder / "spool", least_free=0)
        self.local = LocalFiles(self.folder / "kept")
        self.objects = Objects(self.bucket) if self.bucket else None
        self.store = StoredRecordings(self.database)
        self.ledger = StoredLedger(self.database)
        self.calls = StoredCalls(self.database)
        self.masters = MasterKeyFiles(self.folder / "keys")
        self.keys = Keys(self.masters, self.store, self.clock)
        self.reading = Reading(self.keys, self.local, self.objects)
        self.renditions = Renditions(self.reading)
        forget = self.renditions.forget
        self.steps = Steps(self.spool, self.local, self.objects, self.keys, self.store, self.clock, forget)
        self.keeper = Keeper(self.spool, self.steps, self.store, self.clock, self.watcher, self.patience)
        decisions = Decisions(self.calls, self.ledger)
        places = (self.reading, self.spool, self.local, self.objects)
        verification = Verification(self.store, self.ledger, *places, decisions)
        selections = Selections(self.store, UnderWay(self.calls, self.spool), self.keeper)
        self.erasures = StoredErasures(self.database)
        self.erasing = Erasing(self.erasures, selections, self.keys, Signer(bytes(32)), self.clock)
        self.library = Library(
            self.store,
            self.ledger,
            selections,
            self.renditions,
            self.keys,
            verification,
            self.erasing,
            self.clock,
        )

    async def write(self, recording: CallRecording, audio: dict[Side, bytes] | None = None) -> CallRecording:
        """What was decided, and what a switch would have left: a tone on each leg, as long as the recording."""
        await self.ledger.append([decided(recording)])
        folder = await self.keeper.spool(replace(recording, ended_at=None))
        for file in recording.files:
            length = (recording.ended_at or 0) - file.started_at
            samples = (audio or {}).get(file.side)
            if samples is None:
                samples = wav_of(tone(TONES[file.side], length))
            (folder / file.file_name).write_bytes(samples)
        return recording

    async def kept(self, recording: CallRecording, audio: dict[Side, bytes] | None = None) -> KeptRecording:
        """Record, finish, and wait until it rests."""
        await self.write(recording, audio)
        await self.keeper.finish(recording)
        return await self.rests(recording)

    async def rests(self, recording: CallRecording, *states: State) -> KeptRecording:
        """The recording once nothing more is done for it; once it is in one of the states where any are named."""
        while True:
            await self.keeper.rested(recording.account, recording.call_id)
            found = await self.store.find(recording.account, recording.call_id)
            if found is not None and (not states or found.state in states):
                return found
            await asyncio.sleep(0.01)

    async def heard(self, recording: CallRecording, side: Side) -> bytes:
        """A leg's WAV file, read from wherever it lies."""
        found = await self.store.find(recording.account, recording.call_id)
        assert found is not None
        leg = await self.reading.leg(found, side)
        return b"".join([piece async for piece in leg.read(0, leg.size)])

    async def kinds(self, call_id: str | None = None, account: str = "ours") -> list[str]:
        """What the ledger has, in order, of how recordings are kept: what was decided before is left out."""
        entries = await self.ledger.entries(account, 0, 10_000, call_id)
        return [entry.kind for entry in entries if entry.kind != Kind.DECIDED]

    def files(self, folder: str = "kept") -> list[str]:
        """Every file below a folder of the vault."""
        root = self.folder / folder
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@asynccontextmanager
async def working(vault: Vault) -> AsyncIterator[Vault]:
    """The keeper works inside."""
    task = asyncio.create_task(vault.keeper.run())
    await asyncio.sleep(0)
    try:
        yield vault
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
