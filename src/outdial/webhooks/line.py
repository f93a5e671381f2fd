"""The deliveries of one webhook that are not settled: what may be tried now, and what becomes of each.

Order is kept within a key (a call, an agent): a later event waits for the earlier, other keys go on. Does nothing
itself: no clock, no store, no HTTP. What changed is taken with `changes` and stored by somebody else.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from outdial.calls.webhooks import Attempt, Delivery, Progress, Settled
from outdial.domain.deliveries import (
    GIVE_UP_AFTER,
    OPEN_AFTER,
    Outcome,
    is_hopeless,
    pause_after,
    rest_after,
)

WINDOW = 256
"""How many events beyond the cursor are held; the others wait in the outbox, where they cost nothing."""
MOST_AT_ONCE = 8
"""Attempts to one webhook at a time."""
MOST_PARKED = 5_000
"""How many may wait for another attempt; beyond that no new ones are tried, and they wait in the outbox."""


class Line:
    """Where one webhook stands."""

    def __init__(self, progress: Progress, parked: Iterable[Delivery], chance: Callable[[], float]) -> None:
        self._stored = progress
        self._failures = progress.failures
        self._failing_since = progress.failing_since
        self._rest_until = progress.rest_until
        self._quiet_until = 0
        self._chance = chance
        self.read = progress.cursor
        """Number of the last event that was fed."""
        self._fresh: dict[int, Delivery] = {}
        self._parked: dict[str, list[Delivery]] = {}
        self._numbers: set[int] = set()
        self._flying: dict[str, Delivery] = {}
        self._fresh_goes_first = True
        self._changed: dict[int, Delivery] = {}
        self._done: list[int] = []
        self._dead: list[Delivery] = []
        self._attempts: list[Attempt] = []
        self.disabled: str | None = None
        """Why nothing more is delivered."""
        for delivery in parked:
            self._wait_in_order(delivery)

    @property
    def room(self) -> int:
        """How many more events may be fed."""
        full = len(self._numbers) >= MOST_PARKED or self.disabled is not None
        return 0 if full else WINDOW - len(self._fresh)

    @property
    def flying(self) -> bool:
        """Whether any attempt is under way."""
        return bool(self._flying)

    @property
    def cursor(self) -> int:
        """Every event up to this number is settled or parked."""
        return next(iter(self._fresh)) - 1 if self._fresh else self.read

    @property
    def has_news(self) -> bool:
        """Whether something became of a delivery that is not stored."""
        return bool(self._changed or self._done or self._dead or self._attempts)

    @property
    def has_changed(self) -> bool:
        """Whether anything is not stored, be it only that unwanted events went by."""
        return self.has_news or self._progress() != self._stored

    @property
    def oldest(self) -> int | None:
        """Number of the oldest event that had no turn yet."""
        return next(iter(self._fresh), None)

    def feed(self, seq: int, delivery: Delivery | None) -> None:
        """Take the next event; none where this webhook does not want it."""
        self.read = seq
        if delivery is not None and seq not in self._numbers:
            self._fresh[seq] = delivery

    def start(self, now: int) -> list[Delivery]:
        """What is to be tried now; each counts as under way until it is told what became of it."""
        self._park_followers(now)
        slots = self._slots
        if slots <= 0 or now < self._quiet_until:
            return []
        fresh, parked = self._fresh_heads(now), self._parked_heads(now)
        chosen = self._alternate(fresh, parked, slots)
        self._flying |= {delivery.key: delivery for delivery in chosen}
        return chosen

    def finish(self, delivery: Delivery, outcome: Outcome, started: int, now: int) -> bool:
        """An attempt is over; whether the delivery was given up with it."""
        del self._flying[delivery.key]
        tried = replace(delivery, attempts=delivery.attempts + 1, status=outcome.status, error=outcome.error)
        self._attempts.append(Attempt(started, delivery.seq, delivery.event_id, delivery.type, tried.attempts, outcome))
        if outcome.delivered:
            self._delivered(delivery, now)
            return False
        return self._failed(tried, outcome, now)

    def wake_at(self, now: int) -> int | None:
        """When something may be tried that can't be tried now; none where only an event could change that."""
        if self._slots <= 0:
            return None
        times = [line[0].due_at for key, line in self._parked.items() if key not in self._flying]
        if self._fresh and self._rest_until is not None and now < self._rest_until:
            times.append(self._rest_until)
        if not times:
            return None
        return max(min(times), self._quiet_until)

    def changes(self, now: int) -> Settled | None:
        """What is to be stored, once; none where nothing is."""
        if not self.has_changed:
            return None
        progress = self._progress()
        settled = Settled(
            progress,
            tuple(self._changed.values()),
            tuple(self._done),
            tuple(self._dead),
            tuple(self._attempts),
            self.disabled,
            now,
        )
        self._stored = progress
        self._changed, self._done, self._dead, self._attempts = {}, [], [], []
        return settled

    def _progress(self) -> Progress:
        return Progress(self.cursor, self._stored.epoch, self._failures, self._failing_since, self._rest_until)

    @property
    def _slots(self) -> int:
        """How many more attempts may be under way."""
        if self.disabled is not None:
            return 0
        return (1 if self._failures >= OPEN_AFTER else MOST_AT_ONCE) - len(self._flying)

    def _fresh_heads(self, now: int) -> list[Delivery]:
        """The first of each key that nothing holds up."""
        if self._rest_until is not None and now < self._rest_until:
            return []
        heads: dict[str, Delivery] = {}
        for delivery in self._fresh.values():
            heads.setdefault(delivery.key, delivery)
        return [each for key, each in heads.items() if key not in self._flying and key not in self._parked]

    def _parked_heads(self, now: int) -> list[Delivery]:
        heads = [line[0] for key, line in self._parked.items() if key not in self._flying]
        return sorted((each for each in heads if each.due_at <= now), key=lambda each: (each.due_at, each.seq))

    def _alternate(self, fresh: Sequence[Delivery], parked: Sequence[Delivery], slots: int) -> list[Delivery]:
        """Neither keeps the other out, even where there is one slot."""
        first, second = (fresh, parked) if self._fresh_goes_first else (parked, fresh)
        chosen = list(_in_turns(first, second))[:slots]
        if chosen:
            self._fresh_goes_first = chosen[-1].attempts > 0
        return chosen

    def _park_followers(self, now: int) -> None:
        """Events behind one that waits need not hold up the cursor: they wait with it."""
        for delivery in [each for each in self._fresh.values() if each.key in self._parked]:
            if len(self._numbers) >= MOST_PARKED:
                return
            del self._fresh[delivery.seq]
            self._park(replace(delivery, parked_at=now, due_at=now, give_up_at=now + GIVE_UP_AFTER))

    def _delivered(self, delivery: Delivery, now: int) -> None:
        was_down = self._failures >= OPEN_AFTER
        self._failures, self._failing_since, self._rest_until = 0, None, None
        if self._fresh.pop(delivery.seq, None) is None:
            self._done.append(delivery.seq)
            self._unpark(delivery, now)
        if was_down:
            for key in list(self._parked):
                self._hurry(key, now)

    def _failed(self, tried: Delivery, outcome: Outcome, now: int) -> bool:
        self._failing_since = now if self._failing_since is None else self._failing_since
        if self._fresh.pop(tried.seq, None) is not None:
            # Only first attempts tell of the receiver: one event that it can't digest is no sign that it is down.
            self._failures += 1
            rest = rest_after(self._failures, self._chance())
            self._rest_until = now + rest if rest else None
            tried = replace(tried, parked_at=now, give_up_at=now + GIVE_UP_AFTER)
        else:
            self._unpark(tried, now)
        if outcome.retry_after is not None:
            self._quiet_until = max(self._quiet_until, now + outcome.retry_after)
        tried = replace(tried, due_at=max(now + pause_after(tried.attempts, self._chance()), self._quiet_until))
        self._judge(outcome, now)
        if tried.due_at > tried.give_up_at:
            self._dead.append(tried)
            self._changed.pop(tried.seq, None)
            self._hurry(tried.key, now)
            return True
        self._park(tried)
        return False

    def _judge(self, outcome: Outcome, now: int) -> None:
        """Whether the receiver is to be asked any more."""
        if outcome.wants_no_more:
            self.disabled = "the receiver answered 410 Gone"
        elif is_hopeless(self._failures, self._failing_since, now):
            self.disabled = "nothing could be delivered for five days"

    def _park(self, delivery: Delivery) -> None:
        self._wait_in_order(delivery)
        self._changed[delivery.seq] = delivery

    def _wait_in_order(self, delivery: Delivery) -> None:
        insort(self._parked.setdefault(delivery.key, []), delivery, key=lambda each: each.seq)
        self._numbers.add(delivery.seq)

    def _unpark(self, delivery: Delivery, now: int) -> None:
        """Take a delivery out of those that wait; the next of its key has its turn."""
        line = self._parked[delivery.key]
        line[:] = [each for each in line if each.seq != delivery.seq]
        self._numbers.discard(delivery.seq)
        self._changed.pop(delivery.seq, None)
        if not line:
            del self._parked[delivery.key]
        self._hurry(delivery.key, now)

    def _hurry(self, key: str, now: int) -> None:
        """The first of a key is due at once."""
        line = self._parked.get(key)
        if line and line[0].due_at > now:
            line[0] = replace(line[0], due_at=now)


def _in_turns(first: Sequence[Delivery], second: Sequence[Delivery]) -> Iterator[Delivery]:
    for number in range(max(len(first), len(second))):
        yield from first[number : number + 1]
        yield from second[number : number + 1]
