"""One webhook's line: order within a call, retries, rest for a receiver that is down, dead letters, the cursor."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.calls.webhooks import Delivery, Progress, Settled
from outdial.domain import deliveries as rule
from outdial.domain.deliveries import Outcome
from outdial.webhooks import line as line_module
from outdial.webhooks.line import MOST_AT_ONCE, WINDOW, Line

GOOD = Outcome(200, None, 1)
BAD = Outcome(500, "answered 500", 1)
GONE = Outcome(410, "answered 410", 1)


def new(cursor: int = 0, parked: Iterable[Delivery] = (), **progress: int) -> Line:
    return Line(Progress(cursor, **progress), parked, lambda: 0.5)


def event(seq: int, key: str = "calls/a") -> Delivery:
    return Delivery(seq, f"id{seq}", "call.placed.v1", key, f"body{seq}")


def fed(*events: Delivery, line: Line | None = None) -> Line:
    line = line or new()
    for each in events:
        line.feed(each.seq, each)
    return line


def numbers(deliveries: Iterable[Delivery]) -> list[int]:
    return [each.seq for each in deliveries]


def stored(line: Line, now: int = 0) -> Settled:
    settled = line.changes(now)
    assert settled is not None
    return settled


def test_one_event_of_a_call_at_a_time_and_other_calls_beside_it() -> None:
    line = fed(event(1, "a"), event(2, "a"), event(3, "b"))
    first = line.start(0)
    assert numbers(first) == [1, 3]
    assert line.start(0) == []
    line.finish(first[0], GOOD, 0, 0)
    assert numbers(line.start(0)) == [2]


def test_the_cursor_follows_what_is_settled_without_a_hole() -> None:
    line = fed(event(1, "a"), event(2, "b"), event(3, "c"))
    one, two, three = line.start(0)
    line.finish(three, GOOD, 0, 0)
    assert line.cursor == 0
    line.finish(one, GOOD, 0, 0)
    assert line.cursor == 1
    line.finish(two, GOOD, 0, 0)
    assert line.cursor == 3
    assert stored(line).progress.cursor == 3
    assert line.changes(0) is None


def test_unwanted_events_move_the_cursor() -> None:
    line = new()
    line.feed(1, None)
    line.feed(2, event(2))
    line.feed(3, None)
    assert line.cursor == 1
    line.finish(line.start(0)[0], GOOD, 0, 0)
    assert line.cursor == 3


def test_a_failed_event_waits_and_its_call_with_it_while_others_go_on() -> None:
    line = fed(event(1, "a"), event(2, "a"), event(3, "b"))
    one, three = line.start(0)
    line.finish(one, BAD, 0, 0)
    line.finish(three, GOOD, 0, 0)
    assert line.start(0) == []
    settled = stored(line)
    assert settled.progress.cursor == 3
    assert [(each.seq, each.attempts) for each in settled.parked] == [(1, 1), (2, 0)]
    assert line.wake_at(0) == rule.PAUSES[0]
    assert numbers(line.start(rule.PAUSES[0] - 1)) == []
    again = line.start(rule.PAUSES[0])
    assert numbers(again) == [1]
    assert (again[0].event_id, again[0].body) == (one.event_id, one.body)
    line.finish(again[0], GOOD, 0, 6_000)
    assert numbers(line.start(6_000)) == [2]
    assert stored(line).done == (1,)


def test_a_later_event_of_a_waiting_call_does_not_overtake_it() -> None:
    line = fed(event(1, "a"))
    line.finish(line.start(0)[0], BAD, 0, 0)
    fed(event(2, "a"), event(3, "b"), line=line)
    assert numbers(line.start(0)) == [3]
    assert numbers(line.start(rule.PAUSES[0])) == [1]


def test_after_a_day_a_delivery_is_given_up_and_the_next_of_its_call_has_its_turn() -> None:
    line, now = fed(event(1, "a"), event(2, "a")), 0
    given_up = False
    while not given_up:
        [delivery] = line.start(now)
        assert delivery.seq == 1
        given_up = line.finish(delivery, BAD, now, now)
        now = max(now, line.wake_at(now) or now)
    assert now > rule.GIVE_UP_AFTER - 5 * rule.HOUR
    settled = stored(line)
    assert numbers(settled.dead) == [1]
    assert numbers(settled.parked) == [2]
    assert numbers(line.start(now)) == [2]


def test_one_event_that_a_receiver_can_not_digest_does_not_count_as_its_being_down() -> None:
    line = fed(event(1, "a"))
    line.finish(line.start(0)[0], BAD, 0, 0)
    now = 0
    for _ in range(8):
        now = line.wake_at(now) or now
        line.finish(line.start(now)[0], BAD, now, now)
    fed(*(event(seq, f"k{seq}") for seq in range(2, 12)), line=line)
    assert len(line.start(now)) == MOST_AT_ONCE


def failing(times: int = rule.OPEN_AFTER) -> tuple[Line, int]:
    line = fed(*(event(seq, f"k{seq}") for seq in range(1, 30)))
    for _ in range(times):
        pending = line.start(0)
        line.finish(pending[0], BAD, 0, 0)
        for each in pending[1:]:
            line._flying.pop(each.key)
    return line, 0


def test_a_receiver_that_is_down_is_left_in_peace_then_asked_by_one_and_then_by_all_at_once() -> None:
    line, now = failing()
    assert line.start(now) == []
    rest = rule.rest_after(rule.OPEN_AFTER, 0.5)
    now += rest
    probe = line.start(now)
    assert len(probe) == 1
    line.finish(probe[0], GOOD, now, now)
    assert len(line.start(now)) == MOST_AT_ONCE
    assert stored(line).progress.failures == 0


def test_what_waited_for_a_receiver_that_is_back_waits_no_longer() -> None:
    line, _ = failing()
    waiting = {each.seq for each in stored(line).parked}
    now = 5_500
    probe = line.start(now)
    line.finish(probe[0], GOOD, now, now)
    retried = set()
    for _ in range(6):
        for each in line.start(now):
            retried.add(each.seq)
            line.finish(each, GOOD, now, now)
    assert waiting <= retried | {probe[0].seq}


def test_fresh_and_waiting_take_turns_where_there_is_one_slot() -> None:
    line, _ = failing()
    kinds = []
    now = 5_500
    for _ in range(4):
        [each] = line.start(now)
        kinds.append(each.attempts > 0)
        line.finish(each, BAD, now, now)
        now += 3 * rule.LONGEST_REST
    assert set(kinds[:2]) == {True, False}
    assert set(kinds[2:]) == {True, False}


def test_a_receiver_that_asks_for_peace_gets_it() -> None:
    line = fed(event(1, "a"), event(2, "b"))
    one, two = line.start(0)
    line.finish(one, Outcome(429, "answered 429", 1, retry_after=60_000), 0, 0)
    line.finish(two, GOOD, 0, 0)
    fed(event(3, "c"), line=line)
    assert line.start(59_999) == []
    assert line.wake_at(59_999) == 60_000
    assert sorted(numbers(line.start(60_000))) == [1, 3]


def test_gone_means_gone() -> None:
    line = fed(event(1, "a"), event(2, "b"), event(3, "a"))
    one, _ = line.start(0)
    line.finish(one, GONE, 0, 0)
    assert line.start(10**9) == []
    assert line.room == 0
    assert stored(line).disabled == "the receiver answered 410 Gone"


def test_five_days_without_a_success_end_it() -> None:
    line = new(failures=20, failing_since=1)
    fed(event(1, "a"), line=line)
    line.finish(line.start(1 + rule.DISABLE_AFTER)[0], BAD, 0, 1 + rule.DISABLE_AFTER)
    assert line.disabled is not None


def test_what_waits_is_taken_over_from_the_store_and_not_fed_twice() -> None:
    line = fed(event(1, "a"), event(2, "a"), event(3, "b"))
    for each in line.start(0):
        line.finish(each, BAD, 0, 0)
    line.start(0)
    settled = stored(line)
    other = Line(Progress(0), settled.parked, lambda: 0.5)
    fed(event(1, "a"), event(2, "a"), event(3, "b"), line=other)
    assert other.cursor == 3
    assert numbers(other.start(rule.PAUSES[0])) == [1, 3]


def test_an_event_before_those_that_wait_goes_first() -> None:
    other = new(parked=[event(5, "a")])
    fed(event(3, "a"), line=other)
    assert numbers(other.start(0)) == [3]


def test_there_is_room_for_so_many_and_no_more() -> None:
    line = new()
    for seq in range(1, WINDOW + 1):
        assert line.room > 0
        line.feed(seq, event(seq, f"k{seq}"))
    assert line.room == 0
    full = new(parked=[event(seq, f"k{seq}") for seq in range(1, line_module.MOST_PARKED + 1)])
    assert full.room == 0


class Play:
    """A line whose process is killed now and then: what is stored is all that survives."""

    def __init__(self, keys: list[str]) -> None:
        self.events = {seq: event(seq, key) for seq, key in enumerate(keys, 1)}
        self.kept: dict[int, Delivery] = {}
        self.progress, self.now = Progress(0), 0
        self.delivered: list[int] = []
        self.restart()

    def restart(self) -> None:
        self.line = Line(self.progress, self.kept.values(), lambda: 0.5)
        self.flying: list[Delivery] = []
        for seq in range(self.progress.cursor + 1, len(self.events) + 1):
            self.line.feed(seq, self.events[seq])

    def attempt(self, which: int, good: bool) -> None:
        self.flying += self.line.start(self.now)
        if self.flying:
            each = self.flying.pop(which % len(self.flying))
            if good:
                self.delivered.append(each.seq)
            self.line.finish(each, GOOD if good else BAD, self.now, self.now)

    def save(self) -> None:
        settled = self.line.changes(self.now)
        if settled is not None:
            assert not settled.dead, "half an hour is too short to give up"
            self.progress = settled.progress
            self.kept |= {each.seq: each for each in settled.parked}
            for seq in settled.done:
                self.kept.pop(seq, None)

    def finish(self) -> None:
        """From here on the receiver takes everything."""
        for _ in range(500):
            self.now = max(self.now, self.line.wake_at(self.now) or self.now)
            self.attempt(0, good=True)
        self.save()


@settings(max_examples=300, deadline=None)
@given(
    keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=25),
    steps=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(0, 4_000), st.booleans()), max_size=120),
    kills=st.sets(st.integers(0, 120), max_size=4),
)
def test_whatever_happens_nothing_is_lost_or_overtaken(
    keys: list[str], steps: list[tuple[int, int, int, bool]], kills: set[int]
) -> None:
    play = Play(keys)
    for number, (which, luck, wait, saves) in enumerate(steps):
        play.attempt(which, luck > 0)
        play.now += wait
        if saves:
            play.save()
        if number in kills:
            play.restart()
    play.finish()
    assert set(play.delivered) == set(play.events)
    assert (play.progress.cursor, play.kept) == (len(keys), {})
    for key in set(keys):
        firsts = list(dict.fromkeys(seq for seq in play.delivered if play.events[seq].key == key))
        assert firsts == sorted(firsts), "a later event of a call came before an earlier one"
