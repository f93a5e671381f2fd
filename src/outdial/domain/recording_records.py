"""What the ledger is told of a call's recording while it is made: one entry for each thing that became true. Pure.

The entries outlive the audio. What becomes of the audio itself is told by whoever keeps it.
"""

import re
from dataclasses import replace
from itertools import takewhile
from typing import Any

from outdial.domain.call import Call, State
from outdial.domain.consent import Legs, RecordingDecision, decision_of
from outdial.domain.ledger import Kind, Record
from outdial.domain.legs import Side
from outdial.domain.recording import Recording, Track
from outdial.domain.recordings import CallRecording, ConsentAct

CONSENT_KINDS = {
    ConsentAct.GIVEN: Kind.CONSENT_GIVEN,
    ConsentAct.REFUSED: Kind.CONSENT_REFUSED,
    ConsentAct.WITHDRAWN: Kind.CONSENT_WITHDRAWN,
}
CALL_ENDED = "the call has ended"
NO_CONSENT = "there is no consent any more"
PAUSE_NOT_MADE = "the pause was not made"
_Entries = list[tuple[Kind, str | None, dict[str, Any]]]


def recording_records(before: Call | None, after: Call, now: int) -> tuple[Record, ...]:
    """The entries owed for a change, in the order in which things came to pass."""
    if before is None:
        found = _decided(after)
    elif before.recording is after.recording and (after.state is not State.ENDED or not after.recording.files):
        return ()
    else:
        found = _told(before.recording, after.recording, now)
        if after.state is State.ENDED is not before.state and after.recording.running:
            running = [side.value for side in after.recording.running]
            found.append((Kind.STOPPED, None, {"sides": running, "why": CALL_ENDED}))
        if after.state is State.ENDED is not before.state and after.recording.unstopped:
            unstopped = [side.value for side in after.recording.unstopped]
            why = "the call has ended; until then nobody had confirmed that it was stopped"
            found.append((Kind.STOPPED, None, {"sides": unstopped, "why": why}))
    return tuple(Record(kind, after.account, now, after.id, who, data) for kind, who, data in found)


def may_be_recorded(call: Call) -> bool:
    """Whether something of a call is recorded, or may be while it lives."""
    possible = decision_of(call.plan.recording).after_consent is not Legs.NONE
    return bool(call.recording.files) or (call.live and possible)


def call_recording(call: Call) -> CallRecording:
    """What is known of a call's recording, as whoever keeps it is told. To be called where there is a file."""
    plan, recording = call.plan, call.recording
    return CallRecording(
        call_id=call.id,
        account=call.account,
        agent_id=plan.agent_id,
        started_at=min(file.started_at for file in recording.files),
        files=recording.files,
        called_agent_id=plan.called_agent_id,
        groups=plan.groups,
        number=plan.number,
        reference=plan.reference,
        decision=plan.recording,
        joined_at=call.joined_at,
        ended_at=call.ended_at,
        # Whoever asked for the end of a pause that lasted until the call's has not ended it.
        pauses=tuple(each if each.until is not None else replace(each, resumed_by=None) for each in recording.pauses),
        consents=recording.consents,
        cut_short=recording.cut_short,
    )


def _decided(call: Call) -> _Entries:
    """A decision that says no more than that the account does not record is not worth an entry for every call."""
    decision = decision_of(call.plan.recording)
    return [(Kind.DECIDED, None, decision_told(decision))] if decision.says_something else []


def decision_told(decision: RecordingDecision) -> dict[str, Any]:
    """What the ledger is told of a decision."""
    inputs = dict(decision.inputs)
    if inputs.get("overrides"):
        # A caller id is a telephone number, and entries outlive its erasure.
        inputs["overrides"] = re.sub(r"caller id \+?\d+", "caller id", inputs["overrides"] or "")
    told = decision.to_dict()
    return {name: told[name] for name in ("legs", "legsAfterConsent", "rule")} | {"inputs": inputs}


def _told(before: Recording, after: Recording, now: int) -> _Entries:
    found: _Entries = []
    for taken in after.consents[len(before.consents) :]:
        found.append((CONSENT_KINDS[taken.act], taken.who, {"side": taken.side.value, "way": taken.way}))
    started = [side.value for side in after.sides(Track.ON) if before.track(side) is not Track.ON]
    if started:
        missing = {name: ms for name in started if (ms := _missing(after, Side(name)))}
        late = {"missingMs": missing} if missing else {}
        # It may have begun long before anybody knew, as the process that asked for it was killed.
        since = {file.side.value: file.started_at for file in after.files if file.side.value in started}
        earlier = {"since": since} if set(since.values()) != {now} else {}
        found.append((Kind.STARTED, None, {"sides": started, **earlier, **late}))
    stopping = [side.value for side in after.sides(Track.STOPPING) if before.track(side).running]
    if stopping:
        found.append((Kind.STOPPED, None, {"sides": stopping, "why": NO_CONSENT}))
    given_up = [side.value for side in before.sides(Track.DOUBTFUL) if after.track(side) is not Track.DOUBTFUL]
    if given_up:
        found.append((Kind.STOPPED, None, {"sides": given_up, "why": "it had failed, and might have been written"}))
    found += _pauses_told(before, after)
    for what in after.failures[len(before.failures) :]:
        found.append((Kind.FAILED, None, {"what": what}))
    return found


def _pauses_told(before: Recording, after: Recording) -> _Entries:
    """A pause may end because another one begins."""
    there = len(before.pauses)
    if len(after.pauses) < there:
        return [(Kind.RESUMED, None, {"why": PAUSE_NOT_MADE})]
    found: _Entries = []
    if before.paused and after.pauses[there - 1].until is not None:
        found.append((Kind.RESUMED, after.pauses[there - 1].resumed_by, {}))
    if len(after.pauses) > there:
        found.append((Kind.PAUSED, after.pauses[-1].who, {}))
    return found


def _missing(recording: Recording, side: Side) -> int:
    """How many milliseconds of a leg that has just begun went by in attempts that failed."""
    *before, begun = [file for file in recording.files if file.side is side]
    lost = list(takewhile(lambda file: file.unconfirmed, reversed(before)))
    return begun.started_at - lost[-1].started_at if lost else 0
