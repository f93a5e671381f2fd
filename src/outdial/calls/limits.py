"""How many calls an account and a trunk may place each second, and have at a time. In memory, in the engine's process.

Checked synchronously while a call is being placed, so that a burst can't slip through between check and count.
"""

import math
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outdial.calls.ports import Clock
from outdial.domain.call import Call, State
from outdial.domain.commands import Command
from outdial.domain.directory import Account, Trunk
from outdial.domain.events import Event
from outdial.domain.refusals import TooManyRequests


@dataclass(slots=True)
class _Bucket:
    """A token bucket: refills at `rate` a second, holds one second's worth (at least one call)."""

    tokens: float
    filled_at: int

    def refill(self, rate: float, now: int) -> None:
        capacity = max(1.0, rate)
        self.tokens = min(capacity, self.tokens + max(0, now - self.filled_at) * rate / 1000)
        self.filled_at = now


class Limits:
    """Counts the live calls of each account, the live legs of each trunk, and how fast new ones come.

    A trunk that carries both legs of a call has two calls of it. A call is counted where it is placed, which may be the
    store's thread, and released in the engine's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._live: Counter[str] = Counter()
        self._owners: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def take(self, account: Account, trunks: Sequence[Trunk], call_id: str) -> None:
        """Count one more call, with the trunk of each leg that goes through one, or refuse it and count nothing.

        Raises:
            TooManyRequests: the account or the trunk has too many calls, or too many in this second.
        """
        owners = [(account_owner(account.key), account.calls_per_second, account.max_concurrent_calls)]
        owners += [
            (trunk_owner(trunk.account, trunk.id), trunk.calls_per_second, trunk.max_concurrent_calls)
            for trunk in dict.fromkeys(trunks)
        ]
        legs = Counter(_owners(account.key, (trunk.id for trunk in trunks)))
        now = self._clock.now()
        with self._lock:
            if call_id in self._owners:
                # Its transaction is made once more.
                return
            for owner, rate, most in owners:
                self._check(owner, legs[owner], rate, most, now)
            for owner, count in legs.items():
                self._buckets[owner].tokens -= count
            self._hold(call_id, tuple(legs.elements()))

    def release(self, call_id: str) -> None:
        """The call has ended, or was never stored."""
        with self._lock:
            for owner in self._owners.pop(call_id, ()):
                self._live[owner] -= 1
                if not self._live[owner]:
                    del self._live[owner]

    def live(self, owner: str) -> int:
        """How many calls an owner has now."""
        return self._live.get(owner, 0)

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        """Keep count of calls taken over from another process, and of those that end."""
        if after.state is State.ENDED:
            self.release(after.id)
        elif before is None:
            with self._lock:
                if after.id not in self._owners:
                    self._hold(after.id, _owners_of(after))

    def event(self, call_id: str, event: Event) -> None:
        """Nothing to count."""

    def command(self, call_id: str, command: Command) -> None:
        """Nothing to count."""

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        """Nothing to count."""

    def _check(self, owner: str, count: int, rate: float, most: int, now: int) -> None:
        """Both legs of a call may go through at once where one may: the second is owed, and the next call waits."""
        if self.live(owner) + count > most:
            raise TooManyRequests(retry_after_seconds=1, limit=most, remaining=0)
        bucket = self._buckets.setdefault(owner, _Bucket(max(1.0, rate), now))
        bucket.refill(rate, now)
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / rate) if rate > 0 else 60
            raise TooManyRequests(retry_after_seconds=max(1, wait), limit=math.ceil(rate), remaining=0)

    def _hold(self, call_id: str, owners: tuple[str, ...]) -> None:
        self._owners[call_id] = owners
        self._live.update(owners)


def account_owner(account: str) -> str:
    """Under which name an account's calls are counted."""
    return account


def trunk_owner(account: str, trunk: str) -> str:
    """Under which name a trunk's calls are counted."""
    return f"{account}/{trunk}"


def _owners_of(call: Call) -> tuple[str, ...]:
    phones = (call.plan.agent_phone, call.plan.party_phone)
    return _owners(call.account, (phone.trunk for phone in phones if phone.trunk is not None))


def _owners(account: str, trunks: Iterable[str]) -> tuple[str, ...]:
    """Who a call is counted for: its account, and each leg's trunk."""
    return (account_owner(account), *(trunk_owner(account, trunk) for trunk in trunks))
