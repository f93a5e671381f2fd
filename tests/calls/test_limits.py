"""How many calls, and how fast, an account and a trunk may place."""

from dataclasses import replace

import pytest

from outdial.calls.limits import Limits
from outdial.domain.call import State, place
from outdial.domain.directory import Account, Trunk
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.refusals import TooManyRequests
from support.pages import StoppedTime

ACCOUNT = Account("a", "A", "GB", calls_per_second=2, max_concurrent_calls=3)
TRUNK = Trunk("a", "t", "host", calls_per_second=1, max_concurrent_calls=10)


def test_a_burst_of_a_seconds_worth_then_one_at_a_time_as_the_bucket_fills() -> None:
    time = StoppedTime()
    limits = Limits(time)
    limits.take(ACCOUNT, [], "1")
    limits.take(ACCOUNT, [], "2")
    with pytest.raises(TooManyRequests) as refused:
        limits.take(ACCOUNT, [], "3")
    assert (refused.value.retry_after_seconds, refused.value.limit) == (1, 2)
    time.at += 500
    limits.take(ACCOUNT, [], "3")


def test_a_refused_call_counts_for_nobody() -> None:
    time = StoppedTime()
    limits = Limits(time)
    limits.take(ACCOUNT, [TRUNK], "1")
    with pytest.raises(TooManyRequests):
        limits.take(ACCOUNT, [TRUNK], "2")
    limits.take(ACCOUNT, [], "3")
    assert limits.live("a") == 2
    assert limits.live("a/t") == 1


def test_a_call_that_ends_makes_room() -> None:
    time = StoppedTime()
    limits = Limits(time)
    fast = replace(ACCOUNT, calls_per_second=100)
    for call in "123":
        limits.take(fast, [], call)
    with pytest.raises(TooManyRequests):
        limits.take(fast, [], "4")
    limits.release("2")
    limits.release("2")
    limits.take(fast, [], "4")


def test_calls_taken_over_are_counted_and_let_go_at_their_end() -> None:
    limits = Limits(StoppedTime())
    party = Phone(PhoneKind.NUMBER, "+442072068888", "t")
    call, _ = place("c", "a", "main", CallPlan("1", Phone(PhoneKind.SIP, "a"), party, created_at=0, dial_by=1))
    limits.changed(None, call, 0)
    assert (limits.live("a"), limits.live("a/t")) == (1, 1)
    limits.changed(call, replace(call, state=State.ENDED), 0)
    assert (limits.live("a"), limits.live("a/t")) == (0, 0)


def test_a_trunk_that_carries_both_legs_has_two_calls_of_them() -> None:
    time = StoppedTime()
    limits = Limits(time)
    narrow = replace(TRUNK, max_concurrent_calls=2)
    with pytest.raises(TooManyRequests):
        limits.take(ACCOUNT, [replace(TRUNK, max_concurrent_calls=1)] * 2, "0")
    limits.take(ACCOUNT, [narrow, narrow], "1")
    assert (limits.live("a"), limits.live("a/t")) == (1, 2)
    # One a second: the second leg is still owed after one second.
    time.at += 1_000
    limits.release("1")
    with pytest.raises(TooManyRequests) as refused:
        limits.take(ACCOUNT, [narrow], "2")
    assert refused.value.retry_after_seconds == 1
    time.at += 1_000
    limits.take(ACCOUNT, [narrow], "2")
    assert limits.live("a/t") == 1


def test_both_legs_of_a_call_taken_over_are_counted() -> None:
    limits = Limits(StoppedTime())
    phone = Phone(PhoneKind.NUMBER, "+442072068888", "t")
    call, _ = place("c", "a", "main", CallPlan("1", phone, phone, created_at=0, dial_by=1))
    limits.changed(None, call, 0)
    assert (limits.live("a"), limits.live("a/t")) == (1, 2)
    limits.changed(call, replace(call, state=State.ENDED), 0)
    assert limits.live("a/t") == 0


def test_one_account_never_uses_up_what_is_anothers() -> None:
    limits = Limits(StoppedTime())
    for call in "12":
        limits.take(ACCOUNT, [], call)
    limits.take(replace(ACCOUNT, key="b"), [], "3")
