"""What managing webhooks and delivering to them need of the store, and of each other, as protocols.

Every method that names an account sees that account's webhooks and no others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from outdial.domain.deliveries import Outcome
from outdial.domain.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook."""

    seq: int
    event_id: str
    type: str
    key: str
    """What its order is kept within: a call, an agent."""
    body: str
    """Exactly what is sent, at every attempt."""
    attempts: int = 0
    parked_at: int = 0
    """When it first failed, or had to wait for an earlier one."""
    due_at: int = 0
    give_up_at: int = 0
    status: int | None = None
    error: str | None = None
    """What its last attempt came to."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a webhook's delivery log."""

    at: int
    seq: int | None
    """None for a test."""
    event_id: str
    type: str
    number: int
    """1 for the first attempt of this event."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a webhook has come."""

    cursor: int
    """Every event up to this number is delivered, not wanted, parked or dead."""
    epoch: int = 0
    """Grows when somebody moves the cursor, so that whoever still delivers from the old one can't move it back."""
    failures: int = 0
    """First attempts that failed in a row."""
    failing_since: int | None = None
    rest_until: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a webhook is doing, for people."""

    progress: Progress
    waiting: int
    """Deliveries that failed and will be tried again, with those that wait for them."""
    dead: int
    """Deliveries that were given up."""
    last: int
    """Number of the account's newest event."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of deliveries, to be stored in one commit."""

    progress: Progress
    parked: Sequence[Delivery] = ()
    """New, or changed, among those that wait."""
    done: Sequence[int] = ()
    """Numbers that wait no more, as they are delivered."""
    dead: Sequence[Delivery] = ()
    attempts: Sequence[Attempt] = ()
    disabled: str | None = None
    """Why the webhook is to be switched off."""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook as those that deliver need it."""

    webhook: Webhook
    private_networks: tuple[str, ...] = field(default=())
    """Networks, public or not, that the operator lets this account's webhooks reach."""


class Webhooks(Protocol):
    """Webhooks as they are managed. `change`, `remove` and what follows raise Unknown for one that is not there."""

    async def webhooks(self, account: str) -> Sequence[Webhook]: ...
    async def webhook(self, account: str, webhook_id: str) -> Webhook | None: ...
    async def add(self, webhook: Webhook) -> None:
        """It is told what happens from now on. Raises TooManyWebhooks."""
        ...

    async def change(self, webhook: Webhook) -> None: ...
    async def remove(self, account: str, webhook_id: str) -> None:
        """With everything that waits for it."""
        ...

    async def standing(self, account: str, webhook_id: str) -> Standing: ...
    async def attempts(
        self, account: str, webhook_id: str, before: int | None, limit: int
    ) -> Sequence[tuple[int, Attempt]]:
        """The delivery log, newest first, each line with its number; `before` is the number to go on from."""
        ...

    async def deliveries(
        self, account: str, webhook_id: str, *, dead: bool, after: int, limit: int
    ) -> Sequence[Delivery]:
        """Those that were given up, or those that wait, by number."""
        ...

    async def replay(self, account: str, webhook_id: str, seqs: Sequence[int] | None, now: int) -> int:
        """Try dead deliveries again, all or some, for another 24 hours; how many there are.

        Where none is named, whatever waits for another attempt is tried at once too.
        """
        ...

    async def replay_after(self, account: str, webhook_id: str, seq: int) -> None:
        """Deliver every event beyond a number that is still kept, again."""
        ...


class DeliveryStore(Protocol):
    """What delivering needs of the store."""

    async def subscriptions(self) -> Sequence[Subscription]:
        """Every webhook that is switched on."""
        ...

    async def load(self, webhook: Webhook) -> tuple[Progress, Sequence[Delivery]] | None:
        """How far it has come, and all that waits; none where it is gone."""
        ...

    async def settle(self, webhook: Webhook, settled: Settled) -> bool:
        """Store what became of deliveries; whether whoever delivers may go on from what it knows."""
        ...

    async def log_attempt(self, webhook: Webhook, attempt: Attempt) -> None:
        """Add one line to the delivery log: a test."""
        ...


class Deliveries(Protocol):
    """Those that deliver, as management sees them."""

    def changed(self) -> None:
        """Some webhook was added, changed or removed, or something is to be replayed."""
        ...

    async def test(self, subscription: Subscription) -> Outcome:
        """Deliver a test event now, out of any order, and say what came of it."""
        ...


class DeliveryObserver(Protocol):
    """Watches deliveries: metrics, logs. Returns at once and raises nothing."""

    def attempted(self, outcome: str) -> None:
        """An attempt was `delivered`, `failed` or `refused`, the last for an address that may not be reached."""
        ...

    def gave_up(self) -> None:
        """A delivery became a dead letter."""
        ...

    def lag(self, reader: str, milliseconds: int | None) -> None:
        """How old the oldest event is that a reader has not settled; none where the reader is gone."""
        ...
