"""How many calls an account may place in a second and have at a time."""

import pytest

from outdial.calls.limits import Limits
from outdial.domain.directory import Account, Trunk
from outdial.domain.refusals import TooManyRequests
from support.pages import StoppedTime

ACCOUNT = Account("a", "A", "GB", calls_per_second=2, max_concurrent_calls=3)
TRUNK = Trunk("a", "carrier", "127.0.0.1", calls_per_second=1, max_concurrent_calls=10)


def test_a_burst_is_limited_to_a_seconds_worth_and_fills_up_again() -> None:
    time = StoppedTime()
    limits = Limits(time)
    limits.take(ACCOUNT, None, "c1")
    limits.take(ACCOUNT, None, "c2")
    with pytest.raises(TooManyRequests) as refused:
        limits.take(ACCOUNT, None, "c3")
    assert (refused.value.retry_after_seconds, refused.value.limit) == (1, 2)
    time.at += 500
    limits.take(ACCOUNT, None, "c3")


def test_no_more_calls_live_at_a_time_than_may() -> None:
    time = StoppedTime()
    limits = Limits(time)
    for call_id in ("c1", "c2", "c3"):
        limits.take(ACCOUNT, None, call_id)
        time.at += 1_000
    with pytest.raises(TooManyRequests) as refused:
        limits.take(ACCOUNT, None, "c4")
    assert (refused.value.limit, refused.value.remaining) == (3, 0)
    limits.release("c1")
    limits.release("c1")
    limits.take(ACCOUNT, None, "c4")
    assert limits.live("a") == 3


def test_what_the_trunk_refuses_is_not_counted_for_the_account() -> None:
    limits = Limits(StoppedTime())
    limits.take(ACCOUNT, TRUNK, "c1")
    with pytest.raises(TooManyRequests):
        limits.take(ACCOUNT, TRUNK, "c2")
    assert (limits.live("a"), limits.live("a/carrier")) == (1, 1)
    limits.take(ACCOUNT, None, "c3")


def test_a_call_whose_transaction_is_made_once_more_is_counted_once() -> None:
    limits = Limits(StoppedTime())
    for _ in range(5):
        limits.take(ACCOUNT, TRUNK, "c1")
    assert (limits.live("a"), limits.live("a/carrier")) == (1, 1)
    limits.take(ACCOUNT, None, "c2")
