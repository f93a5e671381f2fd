"""What the use cases and the engine need from outside, as protocols. The adapters implement them; `app.py` joins both.

Must not know any adapter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from outdial.domain.call import Call
from outdial.domain.commands import Command
from outdial.domain.directory import Account, Agent, CallerIdNumber, Trunk
from outdial.domain.events import Event
from outdial.domain.ledger import Record
from outdial.domain.legs import LegState, Side
from outdial.domain.notices import Notice


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


class Telephony(Protocol):
    """The switch, as far as a call needs it."""

    @property
    def name(self) -> str:
        """The switch's name, as calls and the store know it."""
        ...

    @property
    def reachable(self) -> bool:
        """Whether commands can be given now."""
        ...

    async def perform(self, call: Call, command: Command) -> Event | None:
        """Carry out one command.

        What goes wrong comes back as an event and is never raised: `LegRefused` where the switch would not take
        the leg, `LegEnded` where a leg to be hung up is not there, `CommandFailed` where the outcome is unknown.
        """
        ...

    async def leg_state(self, call_id: str, side: Side) -> LegState | None:
        """What the switch says of one leg now: `GONE` where it has no such channel; none where it can't be asked."""
        ...

    async def legs_held(self) -> Mapping[str, Mapping[Side, LegState]] | None:
        """Every leg of ours the switch holds and how far it has come, by call id; none where it can't be asked."""
        ...

    async def drop(self, call_id: str, side: Side) -> None:
        """End a channel that belongs to no live call. Quiet where it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Reserved:
    """The agents a placing transaction has just reserved, with what is needed to plan the call."""

    account: Account
    agent: Agent
    called: Agent | None
    caller_ids: tuple[CallerIdNumber, ...]
    trunks: tuple[Trunk, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a placing transaction is to reserve: one agent by id, or one of the groups', and perhaps a called agent."""

    call_id: str
    """The call that is to be built; agents are reserved in its name."""
    account: str
    agent_id: str | None
    groups: tuple[str, ...]
    called_agent_id: str | None
    excluded: frozenset[str] = frozenset()
    """Agents already tried for this request whose phones the switch could not ring."""


class CallStore(Protocol):
    """Where calls live, and where agents are reserved. Every method is one durable commit."""

    async def place(
        self, wanted: Wanted, build: Callable[[Reserved], Call], now: int, idempotency_id: str | None = None
    ) -> Call:
        """Reserve, build, insert and note, all or nothing.

        In the contract's order: account switched on, agents known, agents free, then whatever `build` refuses.
        `build` runs inside the transaction, perhaps in another thread, and once more where the transaction has to be
        repeated; what it raises undoes the reservation.

        Raises:
            Refusal: the first rule broken.
        """
        ...

    async def save(self, call: Call, notices: Sequence[Notice], records: Sequence[Record] = ()) -> None:
        """Store a changed call with its notices, and what the ledger is told; a call that has ended frees its agents
        in the same commit.

        Any revision above the stored one is taken: after a failed commit the next one may skip some. A stale one
        changes nothing.
        """
        ...

    async def live_calls(self, switch: str) -> Sequence[Call]:
        """Every call of a switch that has not ended."""
        ...

    async def find(self, account: str, call_id: str) -> Call | None:
        """One call of an account, live or ended."""
        ...


class Calls(Protocol):
    """The engine as the use cases see it."""

    @property
    def accepting(self) -> bool:
        """Whether a call placed now could ring anybody."""
        ...

    async def start(self, call: Call) -> Call:
        """Take a call that has just been stored, ring its agent; the call as it is once the switch has answered."""
        ...

    async def tell(self, call_id: str, event: Event) -> Call | None:
        """Let something happen to a live call; none where there is no such live call here."""
        ...
