"""The ledger: what was decided, agreed, recorded, kept, heard and erased, each entry chained to the one before by hash.

Pure. Entries name calls and recordings, never a telephone number or a reference: they outlive every erasure.
"""

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

BEGINNING = "0" * 64
"""What stands for the hash before the first entry."""
MISSING = ("the entry is missing", "the entries are missing")
"""What is said of one that is not there, and of several in a row."""


class Kind(StrEnum):
    """What an entry is about."""

    DECIDED = "recording.decided"
    """Which legs may be recorded, by which rule, from which inputs."""
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    STARTED = "recording.started"
    PAUSED = "recording.paused"
    RESUMED = "recording.resumed"
    STOPPED = "recording.stopped"
    FAILED = "recording.failed"
    """Something that was allowed, or found, could not be recorded or kept."""
    KEPT = "file.kept"
    """A leg's file is sealed in the store, with this hash."""
    UPLOADED = "file.uploaded"
    """It is in the object store, read back and compared."""
    ACCESSED = "recording.accessed"
    HELD = "recording.held"
    RELEASED = "recording.released"
    ERASED = "recording.erased"
    """Asked for by somebody."""
    ERASURE_ORDERED = "erasure.ordered"
    """The same, while its call was under way: it is erased as soon as it has ended."""
    EXPIRED = "recording.expired"
    """The account's retention has deleted it."""
    CERTIFIED = "erasure.certified"
    """An erasure's certificate was issued, with this hash."""
    RETENTION_SET = "retention.set"
    KEY_ROTATED = "key.rotated"
    KEY_DESTROYED = "key.destroyed"
    """Nothing that was sealed for the account can be read any more."""


@dataclass(frozen=True, slots=True)
class Record:
    """An entry that is to be made. `at` is milliseconds since the epoch; `data` is JSON, and small."""

    kind: Kind
    account: str
    at: int
    call_id: str | None = None
    """Also names the recording: a call has one at most."""
    who: str | None = None
    """Who did it: `agent 1234`, `client reporting`, `retention`; none for the call itself."""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in an account's ledger. `seq` counts from 1 without gaps."""

    account: str
    seq: int
    at: int
    kind: str
    call_id: str | None
    who: str | None
    data: str
    """The record's `data` as canonical JSON: these very characters are hashed."""
    previous: str
    hash: str

    @property
    def details(self) -> dict[str, Any] | None:
        """What `data` says; none where somebody has made something else of it."""
        try:
            said = json.loads(self.data)
        except ValueError:
            return None
        return said if isinstance(said, dict) else None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a ledger: at which entry, and what."""

    seq: int
    what: str
    last: int | None = None
    """The last entry of which the same is true, where there are several in a row."""


def canonical(value: object) -> str:
    """One text for one value: members sorted, no blanks, no escapes but the needed ones, no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chained(record: Record, seq: int, previous: str) -> Entry:
    """The entry that a record becomes after the entry with this hash."""
    entry = Entry(
        account=record.account,
        seq=seq,
        at=record.at,
        kind=record.kind.value,
        call_id=record.call_id,
        who=record.who,
        data=canonical(record.data),
        previous=previous,
        hash="",
    )
    return replace(entry, hash=hash_of(entry))


def text_of(entry: Entry) -> str:
    """What is hashed: everything in an entry but its own hash, in order."""
    return canonical([getattr(entry, member.name) for member in fields(entry)[:-1]])


def entry_of(text: str) -> Entry:
    """The entry that this text was made of. Raises ValueError or TypeError for any other text."""
    return Entry(*[*json.loads(text), hashlib.sha256(text.encode()).hexdigest()])


def hash_of(entry: Entry) -> str:
    """SHA-256 of that text, in hexadecimal digits."""
    return hashlib.sha256(text_of(entry).encode()).hexdigest()


class Chain:
    """Holds an account's entries against each other, in order of `seq`, one at a time."""

    def __init__(self) -> None:
        self._seq, self._last = 0, BEGINNING

    def follow(self, entry: Entry) -> list[Fault]:
        """What is wrong with the next entry, or missing before it."""
        found = _missing(self._seq + 1, entry.seq - 1)
        if entry.hash != hash_of(entry):
            found.append(Fault(entry.seq, "the entry was changed: its hash does not match its content"))
        elif not found and entry.previous != self._last:
            found.append(Fault(entry.seq, "the chain is broken: it does not continue the entry before"))
        self._seq, self._last = entry.seq, entry.hash
        return found

    def end(self, head: tuple[int, str] | None) -> list[Fault]:
        """What is wrong with the end; `head` is what the store says of the entry that was written last."""
        if head is None:
            return [Fault(self._seq, "the record of the last entry is missing")] if self._seq else []
        if head[0] < self._seq:
            return [Fault(head[0] + 1, "the entry was not written by the ledger")]
        if head[0] == self._seq and head[1] != self._last:
            return [Fault(self._seq, "the last entry is not the one that was written last")]
        return _missing(self._seq + 1, head[0])


def _missing(first: int, last: int) -> list[Fault]:
    """One fault, however many entries: a number changed by hand can leave out millions."""
    if first > last:
        return []
    one, several = MISSING
    return [Fault(first, one) if first == last else Fault(first, several, last)]
