"""What telling CRMs of calls needs of the store, of those that manage it, and of each other, as protocols.

Every method that names an account sees that account's tasks and no others. Times are milliseconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from outdial.domain.crm import CrmSettings
from outdial.domain.crm_task import CrmTask


class TaskState(StrEnum):
    """How far a task has come."""

    WAITING = "waiting"
    """To be told, or to be tried again."""
    DONE = "done"
    """The CRM has it."""
    DEAD = "dead"
    """Refused for good, or tried for three days. People can have it tried again."""


class Verdict(StrEnum):
    """What one attempt means for the next."""

    DONE = "done"
    AGAIN = "again"
    """This task is to be tried later; the others can go on."""
    DOWN = "down"
    """The CRM takes nothing now: everything is to wait."""
    REFUSED = "refused"
    """The same would be refused again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to tell a CRM of a call came to."""

    verdict: Verdict
    status: int | None = None
    """The CRM's; none where it gave none."""
    error: str | None = None
    """A few words; none where it succeeded."""
    record_id: str | None = None
    """What the CRM calls the task, where it said so."""
    rest: int | None = None
    """For how many milliseconds it is to be left in peace, where it is known."""
    took: int = 0
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class CrmEntry:
    """A call's task on its way to the CRM."""

    seq: int
    """Number of the event that the call ended with."""
    task: CrmTask
    state: TaskState = TaskState.WAITING
    attempts: int = 0
    due_at: int = 0
    give_up_at: int = 0
    status: int | None = None
    error: str | None = None
    """What its last attempt came to."""
    record_id: str | None = None
    settled_at: int | None = None


@dataclass(frozen=True, slots=True)
class CrmStanding:
    """How an account's CRM is doing, for people."""

    waiting: int
    done: int
    dead: int
    error: str | None = None
    """What the CRM said last; none where it took the last task."""
    error_at: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """An account's CRM as those that tell it need it."""

    settings: CrmSettings
    private_networks: tuple[str, ...] = ()
    """Networks, public or not, that the operator lets this account's requests reach."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told now, and when there is more; none where nothing waits."""

    entries: Sequence[CrmEntry]
    next_at: int | None
    waiting: int
    """How many wait in all."""
    oldest_at: int | None = None
    """When the call of the oldest of them ended."""


class Crms(Protocol):
    """CRMs as they are managed. `replay` and `remove` raise Unknown for what is not there."""

    async def crm(self, account: str) -> CrmSettings | None: ...
    async def put(self, settings: CrmSettings) -> None:
        """Set it. A CRM that is new is told of calls that end from now on."""
        ...

    async def remove(self, account: str) -> None:
        """With all of its tasks, whatever became of them."""
        ...

    async def standing(self, account: str) -> CrmStanding: ...
    async def tasks(self, account: str, state: TaskState | None, before: int | None, limit: int) -> Sequence[CrmEntry]:
        """Newest first; `before` is the `seq` to go on from."""
        ...

    async def task(self, account: str, call_id: str) -> CrmEntry | None: ...
    async def replay(self, account: str, call_id: str | None, now: int) -> int:
        """Tell it again at once, for another three days: one call, or all that are dead or wait; how many."""
        ...


class CrmStore(Protocol):
    """What telling CRMs needs of the store."""

    async def connections(self) -> Sequence[Connection]:
        """Every CRM that is switched on."""
        ...

    async def cursor(self, settings: CrmSettings) -> int | None:
        """Up to which event calls have been taken; none where the CRM is gone or was made anew."""
        ...

    async def take(self, settings: CrmSettings, ended: Sequence[tuple[int, str]], cursor: int, now: int) -> None:
        """Have the calls that ended told, each once, and move the cursor, in one commit. Each call has its `seq`."""
        ...

    async def due(self, account: str, now: int, limit: int) -> Due: ...
    async def settle(self, account: str, entry: CrmEntry, now: int) -> None:
        """Store what became of a task."""
        ...


class CrmDesk(Protocol):
    """Those that tell CRMs, as management sees them."""

    def changed(self) -> None:
        """A CRM was set or removed, or something is to be told again."""
        ...

    def check(self, settings: CrmSettings) -> None:
        """See whether what is secret can be used. Raises BadRequest."""
        ...

    async def test(self, connection: Connection) -> Attempt:
        """Try the CRM out. Salesforce is asked for a token and for the fields of a task; any other is sent a task."""
        ...


class CrmObserver(Protocol):
    """Watches: metrics. Returns at once and raises nothing."""

    def task_attempted(self, verdict: str) -> None: ...
    def task_given_up(self) -> None: ...
    def lag(self, reader: str, milliseconds: int | None) -> None:
        """How long ago the oldest call ended that a CRM has not been told of; none where the CRM is gone."""
        ...

    def tasks_waiting(self, account: str, count: int | None) -> None:
        """How many tasks wait; none where the account has no CRM any more."""
        ...


class Sealing(Protocol):
    """Keeps secrets unreadable at rest."""

    def seal(self, secret: str, about: str) -> str:
        """What can be stored; `about` says whose it is, and must be said again to open it."""
        ...

    def open(self, sealed: str, about: str) -> str | None:
        """The secret; none where the key is another, or it is not theirs."""
        ...
