"""What may be asked of the recordings that are kept: found, heard, held, erased, proved. A Protocol and its records.

Each access and each change is in the ledger, with `who`, before anything is given out.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from outdial.calls.recording_store import RecordingFilter
from outdial.domain.ledger import Entry
from outdial.domain.recordings import KeptRecording, UnreadableRecord


class Hearing(StrEnum):
    """What is to be heard of a recording."""

    AGENT = "agent"
    PARTY = "party"
    MIXED = "mixed"
    """Both, in one channel."""
    STEREO = "stereo"
    """The agent on the left, the other side on the right."""


class Form(StrEnum):
    """How it is encoded."""

    WAV = "wav"
    OPUS = "opus"
    """In Ogg."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A file that can be read in any stretch."""

    size: int
    media_type: str
    etag: str
    """Changes when any byte does; without quotes."""
    file_name: str
    read: Callable[[int, int], AsyncIterator[bytes]]
    """The bytes from one up to another, in pieces. Raises Damaged or PlaceUnusable."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, found by a verification. `code` is stable and in kebab case."""

    account: str
    code: str
    subject: str
    """Which entry, file or recording."""
    detail: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at in an account, all of it; the findings were told before."""

    account: str
    entries: int
    recordings: int
    files: int
    size: int
    """Bytes of sealed audio that were read."""
    head: tuple[int, str] | None
    """Number and hash of the ledger's last entry: kept elsewhere, it proves later that nothing before it changed."""
    unproved: int = 0
    """Recordings whose records have no hash in the ledger, as they were kept before there were such hashes."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Recordings to be held, released or erased: those that match all that is given, or all of an account."""

    call_id: str | None = None
    number: str | None = None
    """E.164."""
    reference: str | None = None
    agent_id: str | None = None
    """On either side."""
    started_from: int | None = None
    started_to: int | None = None
    """When it was begun; a call of which nothing is recorded yet, when it was placed."""
    whole_account: bool = False

    @property
    def by(self) -> str:
        """By what they are selected; never the value, which is to be forgotten."""
        if self.whole_account:
            return "account"
        given = {"call": self.call_id, "number": self.number, "reference": self.reference, "agent": self.agent_id}
        dates = self.started_from is not None or self.started_to is not None
        return " and ".join([*(name for name, value in given.items() if value), *(["dates"] if dates else [])])


@dataclass(frozen=True, slots=True)
class Counted:
    """How many recordings a selection has, of how long and from when."""

    recordings: int
    held: int
    """Those of them that a hold protects."""
    length_ms: int
    first: int | None
    """When the earliest was begun, and the latest."""
    last: int | None
    under_way: Sequence[str]


@dataclass(frozen=True, slots=True)
class Selected:
    """The recordings that were selected, by id, and the calls under way whose recordings will be treated alike."""

    recordings: Sequence[str]
    under_way: Sequence[str]
    unreadable: Sequence[str] = field(default_factory=list)
    """Those whose record can't be read: they are left as they are."""


class Recordings(Protocol):
    """Kept recordings, as the API needs them. What an account has not got is none, or an empty list."""

    async def search(
        self, account: str, wanted: RecordingFilter, who: str
    ) -> Sequence[KeptRecording | UnreadableRecord]: ...

    async def find(self, account: str, recording_id: str, who: str) -> KeptRecording | None:
        """One recording's details. Raises RecordDamaged."""
        ...

    async def audio(
        self, account: str, recording_id: str, hearing: Hearing | None, form: Form, who: str, asked: str | None = None
    ) -> Audio | None:
        """What is to be heard; both in stereo, or the one leg there is, where `hearing` is none.

        `asked` is for the ledger: which stretch.

        Raises:
            NothingToRead: a leg it takes was not recorded, or all is deleted.
            Damaged, PlaceUnusable: it can't be read.
        """
        ...

    async def peaks(
        self, account: str, recording_id: str, hearing: Hearing | None, per_second: int, who: str
    ) -> dict[str, Any] | None:
        """The waveform; raises as `audio`."""
        ...

    async def count(self, account: str, selection: Selection) -> Counted:
        """What a hold or an erasure would be of; nothing is told of any, and nothing changed."""
        ...

    async def hold(self, account: str, selection: Selection, matter: str, who: str) -> Selected:
        """Put a legal hold on recordings; all that bear it now, or will as soon as their calls have ended."""
        ...

    async def release(self, account: str, selection: Selection, matter: str, who: str) -> Selected:
        """Take it off; those that bore it."""
        ...

    async def erase(self, account: str, selection: Selection, reason: str, who: str) -> dict[str, Any]:
        """Erase recordings that no hold protects; the certificate.

        What is under way is erased as soon as its call has ended. Of a whole account the keys are destroyed too,
        unless one is held, under way or unreadable. What is interrupted is done to its end later, and certified.
        """
        ...

    async def certificate(self, account: str, certificate_id: str) -> dict[str, Any] | None:
        """A certificate of an erasure that is complete, as it was given then."""
        ...

    async def certificates(self, account: str, limit: int) -> Sequence[dict[str, Any]]:
        """The latest of an account's certificates, newest first."""
        ...

    @property
    def signing_key(self) -> str:
        """The public key of certificates, Ed25519, in Base64."""
        ...

    async def retention_days(self, account: str) -> int:
        """How long recordings are kept, from their end; 0 is for ever."""
        ...

    async def set_retention(self, account: str, days: int, who: str) -> None: ...

    async def ledger(self, account: str, after: int, limit: int, call_id: str | None = None) -> Sequence[Entry]: ...

    async def evidence(
        self, account: str, recording_id: str, who: str, about: Callable[[KeptRecording], dict[str, Any]]
    ) -> AsyncIterator[bytes] | None:
        """All that proves a recording, in one zip file, piece by piece; `about` tells of it in that file.

        Raises:
            Damaged, PlaceUnusable: its audio can't be read; also from the iterator.
        """
        ...

    def verify(self, account: str | None, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """Hold audio, ledger and database of one account, or of all, against each other.

        `expected` are heads of earlier verifications, by account.
        """
        ...

    async def renew_account_key(self, account: str, who: str) -> int:
        """Seal all keys of an account's files with a new one; its generation."""
        ...

    async def renew_master_key(self, who: str) -> int:
        """Seal every account's key with a new master key; how many."""
        ...
