"""What other programs are told of a call: one notice for each thing that became true between two of its values.

Pure. Sequence numbers and delivery are the outbox's business; every type is described in `notice_types`.
"""

from dataclasses import dataclass
from typing import Any

from outdial.domain.call import Call, State
from outdial.domain.legs import LegState, Side
from outdial.domain.recording import Recording, Track
from outdial.domain.recordings import CallRecording
from outdial.domain.results import Party


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened, for streams and webhooks. `at` is milliseconds since the epoch."""

    type: str
    account: str
    call_id: str | None
    """The call it is about, or that an agent is on; none where there is no such call."""
    at: int
    data: dict[str, Any]


def notices(before: Call | None, after: Call, now: int) -> tuple[Notice, ...]:
    """The notices owed for a change, in the order in which things came to pass."""
    types = tuple(_types(before, after))
    if not types:
        return ()
    data = call_data(after)
    return tuple(Notice(f"call.{name}.v1", after.account, after.id, now, data) for name in types)


def keeping_failed(recording: CallRecording, call: Call | None, what: str, now: int) -> Notice:
    """The notice owed where a call's recording could not be kept as it should; `call` is none once it is forgotten."""
    known = _call_of(recording) if call is None else call_data(call)
    data = {**known, "recording": {"legs": [], "paused": False, "failure": what}}
    return Notice("call.recording.failed.v1", recording.account, recording.call_id, now, data)


def _call_of(recording: CallRecording) -> dict[str, Any]:
    """What a recording knows of its call."""
    return {
        "callId": recording.call_id,
        "agentId": recording.agent_id,
        "groups": list(recording.groups),
        "party": {"number": recording.number, "agentId": recording.called_agent_id},
        "reference": recording.reference,
        "application": None,
        "state": State.ENDED.value,
        "revision": 0,
        "result": None,
        "detail": None,
        "hungUpBy": None,
        "createdAt": recording.started_at,
        "agentAnsweredAt": None,
        "partyAnsweredAt": None,
        "joinedAt": recording.joined_at,
        "endedAt": recording.ended_at,
    }


def call_data(call: Call) -> dict[str, Any]:
    """What is told of a call, whatever has just become of it."""
    plan, result = call.plan, call.result
    return {
        "callId": call.id,
        "agentId": plan.agent_id,
        "groups": list(plan.groups),
        "party": {"number": plan.number, "agentId": plan.called_agent_id},
        "reference": plan.reference,
        "application": plan.application,
        "state": call.state.value,
        "revision": call.revision,
        "result": result and {"code": result.code.value, "party": result.party.value, "reason": result.reason.value},
        "detail": result.detail if result else None,
        "hungUpBy": call.hung_up_by.value if call.hung_up_by else None,
        "createdAt": plan.created_at,
        "agentAnsweredAt": call.agent.answered_at,
        "partyAnsweredAt": call.party.answered_at,
        "joinedAt": call.joined_at,
        "endedAt": call.ended_at,
        "recording": _recording(call),
    }


def _recording(call: Call) -> dict[str, Any]:
    recording = call.recording
    running = recording.running if call.state is State.JOINED else ()
    return {
        "legs": [side.value for side in running],
        "paused": bool(running) and recording.paused,
        "failure": recording.failures[-1] if recording.failures else None,
    }


def _types(before: Call | None, after: Call) -> list[str]:
    found = ["placed"] if before is None else []
    for side in Side:
        found += _leg_types(before.leg(side).state if before else LegState.NONE, after.leg(side).state, side)
    was = before.state if before else None
    if after.state is not was:
        found += ["joined"] if after.state is State.JOINED else []
    if before is not None and after.recording is not before.recording:
        found += _recording_types(before.recording, after.recording)
    return found + (["ended"] if after.state is State.ENDED is not was else [])


def _recording_types(was: Recording, now: Recording) -> list[str]:
    found = [f"consent.{taken.act.value}" for taken in now.consents[len(was.consents) :]]
    if any(was.track(side) is not Track.ON for side in now.sides(Track.ON)):
        found.append("recording.started")
    if any(was.track(side).running for side in now.sides(Track.STOPPING)):
        found.append("recording.stopped")
    if now.paused is not was.paused:
        found.append("recording.paused" if now.paused else "recording.resumed")
    if len(now.failures) > len(was.failures):
        found.append("recording.failed")
    return found


_LEG_WORDS = {
    LegState.ASKED: "dialled",
    LegState.RINGING: "ringing",
    LegState.EARLY_MEDIA: "early_media",
    LegState.UP: "answered",
    LegState.GONE: "ended",
}


def _leg_types(was: LegState, state: LegState, side: Side) -> list[str]:
    if state is was or (state is LegState.GONE and was is LegState.NONE):
        return []
    return [f"{Party.of(side).lower()}.{_LEG_WORDS[state]}"]
