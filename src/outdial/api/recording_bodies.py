"""What recordings look like on the wire. Pure."""

from typing import Any

from outdial.domain.consent import INPUTS, decision_of
from outdial.domain.moments import told, told_or_none
from outdial.domain.recording_told import consents_told, pauses_told
from outdial.domain.recordings import READABLE, KeptFile, KeptRecording, State

CODEC, RATE = "pcm_s16le", 8000
"""How each leg is kept, and what the hash is of: a WAV file of one channel."""
STATES = {
    State.SPOOLED: "Processing",
    State.KEPT: "Available",
    State.UPLOADING: "Available",
    State.UPLOADED: "Available",
    State.REMOTE: "Available",
    State.DELETING: "Deleted",
    State.DELETED: "Deleted",
    State.FAILED: "Failed",
}
"""Where the audio lies is no client's business."""


def listed(kept: KeptRecording, url: str) -> dict[str, Any]:
    """A recording in a list."""
    recording = kept.recording
    return {
        "id": kept.id,
        "links": _links(kept, url),
        "callId": recording.call_id,
        "agentId": recording.agent_id,
        "calledAgentId": recording.called_agent_id,
        "groups": list(recording.groups),
        "number": recording.number,
        "reference": recording.reference,
        "status": STATES[kept.state],
        "startedAt": told(recording.started_at),
        "endedAt": told_or_none(recording.ended_at),
        "lengthMs": kept.length_ms,
        "cutShort": recording.cut_short,
        "legs": [file.side.value for file in kept.files],
        "held": bool(kept.holds),
    }


def detailed(kept: KeptRecording, url: str) -> dict[str, Any]:
    """A recording with everything."""
    recording = kept.recording
    return {
        **listed(kept, url),
        "legs": [_leg(file) for file in kept.files],
        "joinedAt": told_or_none(recording.joined_at),
        "pauses": pauses_told(recording.pauses),
        "consents": consents_told(recording.consents),
        "decision": decision_body(recording.decision),
        "holds": [hold.matter for hold in kept.holds],
        "retainUntil": told_or_none(kept.retain_until),
        "deletedAt": told_or_none(kept.deleted_at),
    }


def decision_body(stored: dict[str, Any]) -> dict[str, Any]:
    """What was decided about recording a call, with every input, also those that played no part."""
    decision = decision_of(stored)
    return decision.to_dict() | {"inputs": {name: decision.inputs.get(name) for name in INPUTS}}


def _leg(file: KeptFile) -> dict[str, Any]:
    return {
        "leg": file.side.value,
        "lengthMs": file.length_ms,
        "size": file.size,
        "sha256": file.sha256,
        "codec": CODEC,
        "sampleRate": RATE,
        "channels": 1,
    }


def _links(kept: KeptRecording, url: str) -> list[dict[str, str]]:
    me = f"{url}/recordings/{kept.id}"
    links = [{"href": me, "rel": "_self"}, {"href": f"{url}/calls/{kept.recording.call_id}", "rel": "call"}]
    if kept.state in READABLE:
        links += [{"href": f"{me}/audio", "rel": "audio"}, {"href": f"{me}/peaks", "rel": "peaks"}]
    return links
