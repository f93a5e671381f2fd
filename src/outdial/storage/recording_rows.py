"""A recording's row: made of its record, and read back. What can't be read is told of as such, and stops no other row.

Must not know what a record is read for.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row

from outdial.calls.recordings import RecordDamaged
from outdial.domain.recordings import GONE, KeptRecording, UnreadableRecord

_KEPT = TypeAdapter(KeptRecording)
_LAST_MOMENT = 253_402_300_799_999
"""The end of the year 9999: nobody can be told of a later one."""


def values_of(kept: KeptRecording) -> dict[str, Any]:
    """The columns: those it is found by, and the text that is believed."""
    recording = kept.recording
    return {
        "account": recording.account,
        "id": recording.call_id,
        "state": kept.state.value,
        "held": bool(kept.holds),
        "retain_until": kept.retain_until,
        "started_at": recording.started_at,
        "ended_at": recording.ended_at,
        "agent_id": recording.agent_id,
        "called_agent_id": recording.called_agent_id,
        "number": recording.number,
        "reference": recording.reference,
        "revision": kept.revision,
        "data": _KEPT.dump_json(kept).decode(),
    }


def kept_of(row: Row[Any]) -> KeptRecording:
    """The record. Raises RecordDamaged."""
    try:
        kept = _KEPT.validate_json(row.data)
    except ValidationError as error:
        # Which member, and what is wrong with it; never its value, which may be a telephone number.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _damaged(row, ": ".join((".".join(map(str, first["loc"])) or "data", first["msg"]))) from None
    if (kept.recording.account, kept.id) != (row.account, row.id):
        raise _damaged(row, "it says that it is of another")
    kept = replace(kept, retain_until=_retain_until(row, kept))
    if not all(moment is None or _is_moment(moment) for moment in _moments(kept)):
        raise _damaged(row, "it names a time that there is not")
    return kept


def read_row(row: Row[Any]) -> KeptRecording | UnreadableRecord:
    """The record, or why there is none."""
    try:
        return kept_of(row)
    except RecordDamaged as error:
        return UnreadableRecord(row.account, row.id, str(error))


def _retain_until(row: Row[Any], kept: KeptRecording) -> int | None:
    """An account's own days are for whatever is kept, never written into it; what is gone stays as it was."""
    if row.own_days is None or kept.state in GONE:
        until: int | None = row.retain_until
        return until
    return kept.recording.retained_until(row.own_days)


def _damaged(row: Row[Any], why: str) -> RecordDamaged:
    return RecordDamaged(f"the record of recording {row.id} can't be read: {why}")


def _is_moment(value: object) -> bool:
    # SQLite keeps whatever is written, also a text in a column of numbers.
    return isinstance(value, int) and 0 <= value <= _LAST_MOMENT


def _moments(kept: KeptRecording) -> Iterator[object]:
    recording = kept.recording
    yield from (recording.started_at, recording.joined_at, recording.ended_at, kept.retain_until, kept.deleted_at)
    for file in recording.files:
        yield from (file.started_at, file.stopped_at)
    for pause in recording.pauses:
        yield from (pause.since, pause.until)
    yield from (consent.at for consent in recording.consents)
    yield from (hold.placed_at for hold in kept.holds)
