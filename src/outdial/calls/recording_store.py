"""Where what is known of recordings lives: their records, the accounts' keys and retention, and the ledger.

A Protocol only. Every method that names an account sees that account's rows and no others; each is one commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from outdial.domain.ledger import Entry, Record
from outdial.domain.recordings import CallRecording, Foreseen, KeptRecording, State, UnreadableRecord

Change = Callable[[KeptRecording], tuple[KeptRecording, Sequence[Record]] | None]
"""What becomes of a recording and what the ledger is told of it; none where nothing is to be changed. Pure."""

Foresee = Callable[[Foreseen], tuple[Foreseen, Sequence[Record]] | None]
"""The same for a recording that is not there yet."""
Arrival = Callable[[KeptRecording, Foreseen], tuple[KeptRecording, Sequence[Record]]]
"""What a recording is, once it is there, for which something was foreseen, and what the ledger is told of it. Pure."""


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings a listing shows; every member that is set must match. Newest first."""

    call_id: str | None = None
    agent_id: str | None = None
    """The calling or the called agent."""
    group_id: str | None = None
    number: str | None = None
    """E.164."""
    reference: str | None = None
    started_from: int | None = None
    started_to: int | None = None
    deleted: bool | None = False
    """Whether only the audio's record is left; none for both."""
    before: str | None = None
    """Cursor: the id of the last recording of the page before."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account's key as it is kept: sealed with a master key. Generations count from 1."""

    account: str
    generation: int
    master: str
    """Id of the master key that opens it."""
    wrapped: str = field(repr=False)
    """Empty once it is destroyed."""
    created_at: int
    destroyed_at: int | None = None


class RecordingStore(Protocol):
    """Recordings, keys, retention. What the ledger is told goes into the same commit.

    Among many records, one that can't be read is told of as such; a method for that one raises RecordDamaged.
    """

    async def add(self, recording: CallRecording, arrival: Arrival | None = None) -> KeptRecording:
        """Take note of a recording that has ended; the one that is there where it was noted before.

        What was foreseen for it is done in the same commit, and forgotten.
        """
        ...

    async def change(self, account: str, recording_id: str, change: Change) -> KeptRecording | None:
        """Change a recording as `change` says of what is stored, nobody coming between; what is stored then.

        None where there is no such recording.
        """
        ...

    async def change_or_foresee(
        self, account: str, recording_id: str, change: Change, foresee: Foresee
    ) -> KeptRecording | Foreseen:
        """Change a recording; or, where there is none yet, what is to become of it. What is stored then."""
        ...

    async def misfiled(self, account: str, after: str, limit: int) -> Sequence[tuple[str, str | None]]:
        """An account's recordings by id, beyond one: each with what it would be found by wrongly, none for nothing."""
        ...

    async def find(self, account: str, recording_id: str) -> KeptRecording | None: ...

    async def search(self, account: str, wanted: RecordingFilter) -> Sequence[KeptRecording | UnreadableRecord]: ...

    async def in_state(
        self, states: Sequence[State], after: str, limit: int
    ) -> Sequence[KeptRecording | UnreadableRecord]:
        """Recordings of all accounts in any of these states, by id, beyond one; to take work up again."""
        ...

    async def expired(
        self, states: Sequence[State], now: int, after: str, limit: int
    ) -> Sequence[KeptRecording | UnreadableRecord]:
        """Recordings in any of these states that retention would delete now and no hold protects, by id, beyond one."""
        ...

    async def of_account(self, account: str, after: str, limit: int) -> Sequence[KeptRecording | UnreadableRecord]:
        """An account's recordings in whatever state, by id, beyond one."""
        ...

    async def retention_days(self, account: str) -> int:
        """The account's own retention, else the installation's; 0 for keeping for ever."""
        ...

    async def set_retention(self, account: str, days: int, records: Sequence[Record]) -> None:
        """Set it, for the recordings that are there too."""
        ...

    async def keys(self, account: str) -> Sequence[AccountKey]:
        """Every generation, oldest first."""
        ...

    async def keys_of_master(self, master: str | None) -> Sequence[AccountKey]:
        """Every key that is not destroyed and that a master key seals; of any master key where none is named."""
        ...

    async def put_key(self, key: AccountKey, records: Sequence[Record]) -> AccountKey:
        """Add a generation, or replace what is kept of one; the one kept, which is another's where both raced.

        One that was destroyed stays so, and nothing is entered.
        """
        ...


class Ledger(Protocol):
    """The accounts' ledgers. Entries are added and read, never changed."""

    async def append(self, records: Sequence[Record]) -> Sequence[Entry]:
        """Add entries of one account, in order; what they became."""
        ...

    async def entries(self, account: str, after: int, limit: int, call_id: str | None = None) -> Sequence[Entry]:
        """An account's entries beyond a number, oldest first."""
        ...

    async def head(self, account: str) -> tuple[int, str] | None:
        """Number and hash of the entry that was written last; none where there is none."""
        ...

    async def accounts(self) -> Sequence[str]:
        """Every account that has entries or recordings, also one that was removed since."""
        ...
