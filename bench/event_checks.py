"""What must hold after the event drill, against what the database has. A broken rule is an AssertionError with what
broke it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from bench.event_receiver import BadReceiver, Came
from outdial.domain.cloud_events import cloud_event, encode
from outdial.domain.notices import Notice

Written = Sequence[tuple[int, Notice]]


@dataclass(frozen=True)
class Seen:
    """One event as the stream told it."""

    seq: int
    event_id: str
    type: str

    @classmethod
    def of(cls, event: dict[str, Any]) -> Self:
        return cls(int(event["sequence"]), event["id"], event["type"])


def check_all(
    placed: Sequence[str], seen: Sequence[Seen], bad: BadReceiver, good: BadReceiver, written: Written
) -> dict[str, object]:
    """Hold everything against what was written; the numbers of it."""
    check_log(placed, written)
    check_stream(seen, written)
    for receiver in (bad, good):
        check_webhook([each for each in receiver.came if each.seq >= written[0][0]], written)
        assert receiver.unverified == 0, f"{receiver.unverified} signatures did not verify"
    assert len(good.came) >= len(written)
    return {
        "events written": len(written),
        "read from the stream": len(seen),
        "deliveries to the bad receiver": len(bad.came),
        "… of them not taken": sum(not each.taken for each in bad.came),
        "… of them repetitions of what had been taken": repeated(bad.came),
        "restarts of the bad receiver": bad.restarts,
        "deliveries to the good receiver": len(good.came),
        "… of those repetitions of what had been taken": repeated(good.came),
        "signatures verified": len(bad.came) + len(good.came),
    }


def repeated(came: Sequence[Came]) -> int:
    """How many deliveries were repetitions of one that had been taken."""
    taken = [each.seq for each in came if each.taken]
    return len(taken) - len(set(taken))


def check_log(placed: Sequence[str], written: Written) -> None:
    """Numbers without a gap; every call that was accepted from its placing to its end."""
    numbers = [seq for seq, _ in written]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a gap in the outbox"
    kinds = defaultdict(list)
    for _, notice in written:
        if notice.type.startswith("call."):
            kinds[notice.call_id].append(notice.type)
    for call_id in placed:
        assert kinds[call_id][0] == "call.placed.v1", call_id
        assert kinds[call_id][-1] == "call.ended.v1", call_id
        assert len(set(kinds[call_id])) == len(kinds[call_id]), call_id


def check_stream(seen: Sequence[Seen], written: Written) -> None:
    """Each exactly once, in order, and the same that was written."""
    expected = [Seen.of(cloud_event(seq, notice)) for seq, notice in written]
    if list(seen) != expected:
        at = next((n for n, (a, b) in enumerate(zip(seen, expected, strict=False)) if a != b), len(expected))
        raise AssertionError(
            f"the stream had {len(seen)} of {len(expected)}; first difference at {at}: {seen[at - 1 : at + 2]}"
        )


def check_webhook(came: Sequence[Came], written: Written) -> None:
    """Each taken at least once, always with the same id and body, and in order within its call."""
    expected = {seq: encode(cloud_event(seq, notice)) for seq, notice in written}
    ids = {seq: cloud_event(seq, notice)["id"] for seq, notice in written}
    missing = expected.keys() - {each.seq for each in came if each.taken}
    assert not missing, f"{len(missing)} events were never taken: {sorted(missing)[:5]}"
    before: dict[int, int] = {}
    last: dict[str, int] = {}
    for seq, notice in written:
        subject = cloud_event(seq, notice)["subject"]
        if subject in last:
            before[seq] = last[subject]
        last[subject] = seq
    taken: set[int] = set()
    for each in came:
        assert (each.event_id, each.body) == (ids[each.seq], expected[each.seq]), f"event {each.seq} changed"
        earlier = before.get(each.seq)
        assert earlier is None or earlier in taken, f"event {each.seq} was delivered before {earlier} was taken"
        if each.taken:
            taken.add(each.seq)
