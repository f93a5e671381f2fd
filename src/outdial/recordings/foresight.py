"""What is to become of recordings that are not there yet, as their calls are under way, and how it is done. Pure.

Whichever of a hold and an erasure came first is the one that holds. An order for a call of which nothing is recorded in
the end remains, and does nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from outdial.calls.recording_store import Arrival, Foresee
from outdial.domain.ledger import Kind, Record
from outdial.domain.recordings import Foreseen, Hold, KeptRecording, OrderedErasure
from outdial.recordings import transitions
from outdial.recordings.proving import proved

Foresaw = tuple[Foreseen, Sequence[Record]] | None


def hold(matter: str, who: str, now: int) -> Foresee:
    """A legal hold will be on it."""

    def foresee(seen: Foreseen) -> Foresaw:
        if seen.erasure is not None or any(found.matter == matter for found in seen.holds):
            return None
        after = replace(seen, holds=(*seen.holds, Hold(matter, now, who)))
        return after, [_record(seen, Kind.HELD, now, who, {"matter": matter, "underWay": True})]

    return foresee


def release(matter: str, who: str, now: int) -> Foresee:
    """That hold will not."""

    def foresee(seen: Foreseen) -> Foresaw:
        left = tuple(found for found in seen.holds if found.matter != matter)
        if left == seen.holds:
            return None
        return replace(seen, holds=left), [_record(seen, Kind.RELEASED, now, who, {"matter": matter, "underWay": True})]

    return foresee


def erase(who: str, why: dict[str, Any], now: int) -> Foresee:
    """It will be erased before anything of it is kept, unless a hold will be on it."""

    def foresee(seen: Foreseen) -> Foresaw:
        if seen.holds or seen.erasure is not None:
            return None
        return replace(seen, erasure=OrderedErasure(now, who, why)), [
            _record(seen, Kind.ERASURE_ORDERED, now, who, why)
        ]

    return foresee


def arrived(now: int) -> Arrival:
    """The call has ended and its recording is put on record: what was ordered is done."""

    def arrive(kept: KeptRecording, seen: Foreseen) -> tuple[KeptRecording, Sequence[Record]]:
        held = replace(kept, holds=seen.holds)
        if seen.erasure is None:
            return held, ()
        delete = transitions.delete(Kind.ERASED, seen.erasure.who, seen.erasure.why, now)
        return proved(delete)(held) or (held, ())

    return arrive


def _record(seen: Foreseen, kind: Kind, now: int, who: str, data: dict[str, Any]) -> Record:
    return Record(kind, seen.account, now, seen.call_id, who, data)
