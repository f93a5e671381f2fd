"""What the use cases need of the directory (accounts, agents, groups, trunks, caller ids, clients) and of idempotency.

Protocols and their errors only. Every method that names an account sees that account's rows and no others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from outdial.domain.call import Call
from outdial.domain.directory import Account, Agent, ApiClient, CallerIdNumber, Group, Trunk
from outdial.domain.phones import Registrar
from outdial.domain.presence import Presence
from outdial.domain.reach import Reach


class DirectoryError(Exception):
    """Something in the directory stands in the way. Carries a sentence for people."""


class AlreadyExists(DirectoryError):
    """The id is taken."""


class Unknown(DirectoryError):
    """There is no such thing in this account."""


class InUse(DirectoryError):
    """It can't be removed while something depends on it, such as a live call."""


class Directory(Protocol):
    """Accounts and what belongs to them. `add_*` raises AlreadyExists, `change_*` and `remove_*` raise Unknown."""

    async def accounts(self) -> Sequence[Account]: ...
    async def account(self, key: str) -> Account | None:
        """By key, compared without regard to case."""
        ...

    async def add_account(self, account: Account) -> None: ...
    async def change_account(self, account: Account) -> None: ...
    async def remove_account(self, key: str) -> None:
        """Out of use at once, for everybody, its tokens void. Raises InUse while it has live calls or recordings."""
        ...

    async def clear_removed(self) -> None:
        """Delete all that removed accounts had, a little at a time: nobody's call waits for it."""
        ...

    async def agents(self, account: str) -> Sequence[Agent]: ...
    async def agent(self, account: str, agent_id: str) -> Agent | None: ...
    async def all_agents(self) -> Sequence[Agent]:
        """Every agent of every account: what the switch must be told after it starts."""
        ...

    async def available_agents(self, account: str, groups: Sequence[str], now: int) -> Sequence[Agent]:
        """Who could be chosen now, longest idle first; of any account group where none is named. Without the groups
        they are in."""
        ...

    async def add_agent(self, agent: Agent) -> None: ...
    async def change_agent(self, agent: Agent) -> None:
        """Everything but presence, reservation and phone state, which have statements of their own."""
        ...

    async def remove_agent(self, account: str, agent_id: str) -> None: ...
    async def set_presence(self, account: str, agent_id: str, presence: Presence, now: int) -> None:
        """Going ready ends a wrap-up and starts the idle time anew only where the agent was not ready before."""
        ...

    async def set_phone_online(self, sip_user: str, online: bool, now: int) -> None: ...
    async def end_wrap_ups(self, now: int) -> int:
        """Note for everybody whose time to wrap up is over that they are ready again; how many there were."""
        ...

    async def groups(self, account: str) -> Sequence[Group]: ...
    async def group(self, account: str, group_id: str) -> Group | None: ...
    async def add_group(self, group: Group) -> None: ...
    async def change_group(self, group: Group) -> None: ...
    async def remove_group(self, account: str, group_id: str) -> None: ...
    async def members(self, account: str, group_id: str) -> Sequence[str]: ...
    async def add_member(self, account: str, group_id: str, agent_id: str) -> None:
        """Adding a member twice is no error."""
        ...

    async def remove_member(self, account: str, group_id: str, agent_id: str) -> None: ...

    async def trunks(self, account: str) -> Sequence[Trunk]: ...
    async def all_trunks(self) -> Sequence[Trunk]: ...
    async def trunk(self, account: str, trunk_id: str) -> Trunk | None: ...
    async def add_trunk(self, trunk: Trunk) -> None: ...
    async def change_trunk(self, trunk: Trunk) -> None: ...
    async def remove_trunk(self, account: str, trunk_id: str) -> None: ...

    async def caller_ids(self, account: str) -> Sequence[CallerIdNumber]: ...
    async def add_caller_id(self, caller_id: CallerIdNumber) -> None: ...
    async def change_caller_id(self, caller_id: CallerIdNumber) -> None: ...
    async def remove_caller_id(self, account: str, number: str) -> None: ...

    async def clients(self, account: str | None) -> Sequence[ApiClient]: ...
    async def client(self, client_id: str) -> ApiClient | None: ...
    async def add_client(self, client: ApiClient) -> None: ...
    async def change_client(self, client: ApiClient) -> None: ...


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls a listing shows; every member that is set must match. Times are milliseconds since the epoch."""

    agent_id: str | None = None
    reference: str | None = None
    number: str | None = None
    live: bool | None = None
    created_from: int | None = None
    created_to: int | None = None
    before: str | None = None
    """Cursor: the id of the last call of the page before; newest calls come first."""
    limit: int = 50


class CallLog(Protocol):
    """Reading calls, live or ended."""

    async def find(self, account: str, call_id: str) -> Call | None: ...
    async def search(self, account: str, wanted: CallFilter) -> Sequence[Call]: ...


class Claim(StrEnum):
    """What an idempotency key turned out to be."""

    NEW = "new"
    REPLAY = "replay"
    UNDER_WAY = "under_way"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim; with REPLAY, the first answer: its status, body and headers as JSON."""

    claim: Claim
    idempotency_id: str
    answer: dict[str, Any] | None = None
    call: Call | None = None
    """With REPLAY where the first answer was never settled: the call that was placed, of which to make it anew."""


class Idempotency(Protocol):
    """Keys kept for 24 hours, per account."""

    async def claim(self, account: str, key: str, body_hash: str, now: int) -> Claimed:
        """Take a key, or learn what became of it.

        A key left under way by a process that died is free again unless its call was stored, in which case
        its call's answer is replayed.
        """
        ...

    async def settle(self, idempotency_id: str, answer: dict[str, Any]) -> None:
        """Keep the first answer for replays."""
        ...

    async def abandon(self, idempotency_id: str) -> None:
        """Free a key whose request got no lasting answer (429, 503, a fault)."""
        ...


class Phones(Protocol):
    """The switch, as far as phones and trunks must be known there. Quiet while the switch is away: it is told all
    of them whenever it comes back."""

    @property
    def speaks_tls(self) -> bool:
        """Whether trunks and phones can be reached over TLS."""
        ...

    @property
    def registrar(self) -> Registrar:
        """Where phones register."""
        ...

    def reach(self, account: str, trunk_id: str) -> Reach:
        """Whether a carrier answers when the switch asks it, as far as is known."""
        ...

    async def provision_agent(self, agent: Agent) -> None: ...
    async def withdraw_agent(self, agent: Agent) -> None: ...
    async def provision_trunk(self, trunk: Trunk) -> None: ...
    async def withdraw_trunk(self, trunk: Trunk) -> None: ...
