"""What the far end writes down is read back as calls, whole lines only."""

from pathlib import Path

from outdial.sandbox.journal import calls_in, read_journal

CALLED = (
    "event=called&at=1000&channel=far-end-1.0&cause=0&called=%2B442072068888"
    "&from=%22A%3Bb%26c%22%20%3Csip%3A%2B448008888888%40127.0.0.1%3E%3Btag%3D1"
    "&asserted=%3Csip%3A%2B448008888888%40127.0.0.1%3E&privacy=&sip_call=1%40host"
)
ANSWERED = "event=answered&at=2000&channel=far-end-1.0&cause=0"
ENDED = "event=ended&at=3000&channel=far-end-1.0&cause=16"


def test_the_lines_of_a_channel_make_one_call() -> None:
    [call] = calls_in([CALLED, ANSWERED, ENDED])
    assert call.called == "+442072068888"
    assert call.from_header == '"A;b&c" <sip:+448008888888@127.0.0.1>;tag=1'
    assert call.asserted_identity == "<sip:+448008888888@127.0.0.1>"
    assert call.privacy == ""
    assert (call.called_at, call.answered_at, call.ended_at, call.cause) == (1000, 2000, 3000, 16)


def test_a_call_that_was_never_answered_has_no_such_time() -> None:
    [call] = calls_in([CALLED, ENDED])
    assert call.answered_at is None
    assert call.ended_at == 3000


def test_calls_come_in_the_order_of_their_invites() -> None:
    second = CALLED.replace("far-end-1.0", "far-end-1.1")
    assert [call.channel for call in calls_in([CALLED, second, ENDED])] == ["far-end-1.0", "far-end-1.1"]


def test_half_a_line_is_left_for_the_next_reading() -> None:
    assert calls_in([CALLED[:80]]) == []
    [call] = calls_in([CALLED, ENDED[:-9]])
    assert call.ended_at is None


def test_a_channel_nobody_announced_is_ignored() -> None:
    assert calls_in([ANSWERED, ENDED]) == []


def test_a_journal_that_is_not_there_has_no_calls(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "heard.log") == []
