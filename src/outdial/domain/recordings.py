"""A call's recording: what is known while it is made, and what it is once it is kept. Records only, no I/O.

Times are milliseconds since the epoch unless a name says otherwise.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from outdial.domain.legs import Side

DAY_MS = 24 * 3600 * 1000


class ConsentAct(StrEnum):
    """What a side did about being recorded."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ConsentTaken:
    """A consent as it was captured: when, on whose leg, in which way (`dtmf`, `api` …) and by whom."""

    at: int
    act: ConsentAct
    side: Side
    way: str
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch that holds silence because somebody paused the recording; `until` is none where it never resumed."""

    since: int
    until: int | None = None
    who: str | None = None
    """Who paused it."""
    resumed_by: str | None = None


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One WAV file of one leg in the spool folder: 8 kHz, 16 bit, mono, sample 0 at `started_at`.

    A leg that is stopped and begun again has several; they are laid side by side on one line of time when kept.
    """

    side: Side
    started_at: int
    name: str = ""
    """Small letters, digits and dashes, `.wav`; the side's own name where it is empty."""
    stopped_at: int | None = None
    """When it was to be stopped before the recording's end (a consent withdrawn, a failure); none where it was not.
    What was written later is not kept."""
    unconfirmed: bool = False
    """Nobody knew that it was written: the switch never confirmed that it had begun. Nothing of it is kept."""

    @property
    def file_name(self) -> str:
        """Its name in the spool folder."""
        return self.name or f"{self.side.value}.wav"


@dataclass(frozen=True, slots=True)
class CallRecording:
    """What is known of a call's recording; `ended_at` is none while it is made. Its id is the call's."""

    call_id: str
    account: str
    agent_id: str
    started_at: int
    files: tuple[SpoolFile, ...]
    """What may be kept. Any other file found in the spool folder is destroyed and reported."""
    called_agent_id: str | None = None
    groups: tuple[str, ...] = ()
    number: str | None = None
    reference: str | None = None
    decision: dict[str, Any] = field(default_factory=dict)
    """As `consent.RecordingDecision.to_dict` gives it."""
    joined_at: int | None = None
    ended_at: int | None = None
    pauses: tuple[Pause, ...] = ()
    consents: tuple[ConsentTaken, ...] = ()
    cut_short: bool = False
    """A crash ended it, or nobody knows when and how it ended."""

    def retained_until(self, days: int) -> int | None:
        """When a retention of so many days deletes it; none for never."""
        begun = self.started_at if self.ended_at is None else self.ended_at
        return begun + days * DAY_MS if days else None


class State(StrEnum):
    """How far a recording has come on its way to where it is kept. It only moves forward."""

    SPOOLED = "spooled"
    """It has ended; its audio is still as the switch wrote it."""
    KEPT = "kept"
    """Sealed on the local disk."""
    UPLOADING = "uploading"
    """Sealed on the local disk, and on its way to the object store."""
    UPLOADED = "uploaded"
    """In the object store, read back and found right; still on the local disk."""
    REMOTE = "remote"
    """In the object store alone."""
    DELETING = "deleting"
    """Its end is decided and in the ledger; its keys are gone, its files perhaps not yet."""
    DELETED = "deleted"
    """Nothing but this record is left."""
    FAILED = "failed"
    """Nothing was recorded that could be kept."""


READABLE = frozenset({State.KEPT, State.UPLOADING, State.UPLOADED, State.REMOTE})
"""The states in which there is audio to hear."""


GONE = (State.DELETING, State.DELETED)
"""The states in which there is none any more."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One leg, sealed. Sample 0 is at the recording's `started_at`."""

    side: Side
    length_ms: int
    size: int
    """Bytes of the WAV file."""
    sha256: str
    """Of the WAV file."""
    sealed_size: int
    sealed_sha256: str
    """Of the sealed file, as it lies on the disk or in the object store."""
    wrapped_key: str = field(repr=False)
    """The file's own key, sealed with the account's key of this generation; empty once it is destroyed."""
    key_generation: int
    set_aside: str = ""
    """The name it had in the spool, of a file that is no audio: it is sealed as it was found, all its bytes."""

    @property
    def label(self) -> str:
        """Tells a recording's files apart: the leg, or the name of one that was set aside."""
        return self.set_aside or self.side.value


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing deletes the recording while one is on it. `matter` names what it is for."""

    matter: str
    placed_at: int
    placed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """An object store where files may lie: enough to know it again, and no secret."""

    name: str
    endpoint: str | None = None
    """None for Amazon's own."""
    prefix: str = ""

    @property
    def where(self) -> str:
        """Which store it is, as the ledger names it."""
        return f"{self.endpoint or 's3:/'}/{self.name}"

    def __str__(self) -> str:
        return "/".join(part for part in (self.where, self.prefix) if part)


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """A recording as the database knows it."""

    recording: CallRecording
    state: State
    files: tuple[KeptFile, ...] = ()
    holds: tuple[Hold, ...] = ()
    retain_until: int | None = None
    """When the account's retention deletes it; none for never."""
    deleted_at: int | None = None
    revision: int = 0
    salt: str = ""
    """What keys the record's hash in the ledger; destroyed with the recording. See `recording_proof`.

    Empty for what was kept before there were such hashes.
    """
    set_aside: tuple[KeptFile, ...] = ()
    """What the spool had of it that could not be read, sealed on the local disk and never moved from there."""
    buckets: tuple[Bucket, ...] = ()
    """Every object store that its files were taken to, and that has not confirmed yet that they are gone."""
    failures: tuple[str, ...] = ()
    """What went wrong while it was kept: sentences for people."""

    @property
    def id(self) -> str:
        """The recording's id, which is its call's."""
        return self.recording.call_id

    @property
    def sealed(self) -> tuple[KeptFile, ...]:
        """Every file there is of it, to be heard or not."""
        return (*self.files, *self.set_aside)

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return max((file.length_ms for file in self.files), default=0)

    def file(self, side: Side) -> KeptFile | None:
        """One leg's file; none where that leg was not recorded."""
        return next((file for file in self.files if file.side is side), None)


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """Stands where a recording's record can't be read any more: the database was damaged, or changed by hand."""

    account: str
    id: str
    why: str
    """A sentence for people; names no value of the record."""


@dataclass(frozen=True, slots=True)
class OrderedErasure:
    """An erasure that was asked for and certified while the call was under way."""

    at: int
    who: str
    why: dict[str, Any]
    """By what it was selected, the reason, the certificate."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is to become of a recording that is not there yet, as its call lives or has only just ended."""

    account: str
    call_id: str
    holds: tuple[Hold, ...] = ()
    erasure: OrderedErasure | None = None

    @property
    def id(self) -> str:
        """The recording's id to come, which is its call's."""
        return self.call_id
