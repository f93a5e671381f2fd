"""What calls and agents look like in replies. Pure: records in, JSON members out, in the order of the page."""

from typing import Any

from outdial.api.recording_bodies import decision_body
from outdial.domain.call import Call, State
from outdial.domain.directory import Agent
from outdial.domain.moments import told_or_none
from outdial.domain.recording_told import consents_told, pauses_told

STATUS = {
    State.RINGING_AGENT: "RingingOriginator",
    State.DIALLING_PARTY: "RingingDestination",
    State.JOINED: "Connected",
    State.ENDING: "Ending",
}
"""What `status` says while a call lives."""
NOT_RECORDED = "Stopped"
"""What `recordingStatus` says while nothing of a live call is being recorded."""

Members = dict[str, Any]


def call_url(account_url: str, call_id: str) -> str:
    """Where a call is read."""
    return f"{account_url}/calls/{call_id}"


def placed(call: Call, account_url: str) -> Members:
    """The answer to a call that was placed."""
    return {"id": call.id, "links": [_link(call_url(account_url, call.id))], **call.plan.asked}


def told(call: Call, account_url: str) -> Members:
    """A call as it is read, during it and after."""
    asked, ended = call.plan.asked, call.state is State.ENDED
    beside: Members = {name: asked[name] for name in ("regarding", "application") if name in asked}
    return {
        "id": call.id,
        "links": [_link(call_url(account_url, call.id))],
        "from": asked.get("from", {}),
        "to": asked.get("to", {}),
        "status": None if ended else STATUS[call.state],
        "recordingStatus": None if ended else _recording_status(call),
        "result": _result(call) if ended else None,
        "dispositionCode": None,
        **beside,
        "detail": call.result.detail if ended and call.result else None,
        "hungUpBy": call.hung_up_by.value if call.hung_up_by else None,
        "times": _times(call),
        "recording": _recording(call),
        "reasons": call.plan.reasons,
    }


def told_agent(agent: Agent, account_url: str) -> Members:
    """An agent as they are read, with the call they are in."""
    links = [_link(_agent_url(account_url, agent))]
    if agent.call_id is not None:
        links.append(_link(call_url(account_url, agent.call_id), "currentCall"))
    return {"id": agent.id, "links": links, "currentCallGuid": agent.call_id}


def listed_agent(agent: Agent, account_url: str) -> Members:
    """An agent in a list."""
    return {"id": agent.id, "links": [_link(_agent_url(account_url, agent))]}


def _agent_url(account_url: str, agent: Agent) -> str:
    return f"{account_url}/agents/{agent.id}"


def _link(href: str, rel: str = "_self") -> dict[str, str]:
    return {"href": href, "rel": rel}


def _result(call: Call) -> Members | None:
    result = call.result
    if result is None:
        return None
    return {"code": result.code.value, "party": result.party.value, "reason": result.reason.value}


def _times(call: Call) -> dict[str, str | None]:
    moments = {
        "created": call.plan.created_at,
        "agentRinging": call.agent.ringing_at,
        "agentAnswered": call.agent.answered_at,
        "partyDialled": call.party.asked_at,
        "partyRinging": call.party.ringing_at,
        "partyAnswered": call.party.answered_at,
        "joined": call.joined_at,
        "ended": call.ended_at,
    }
    return {name: told_or_none(moment) for name, moment in moments.items()}


def _recording_status(call: Call) -> str:
    recording = call.recording
    if call.state is not State.JOINED or not recording.running:
        return NOT_RECORDED
    return "Paused" if recording.paused else "Started"


def _recording(call: Call) -> Members | None:
    """What may be recorded of the call, by which rule and from which inputs; what is recorded now, and was done."""
    if not call.plan.recording:
        return None
    decision, recording = decision_body(call.plan.recording), call.recording
    running = recording.running if call.state is State.JOINED else ()
    return {
        **{name: decision[name] for name in ("legs", "legsAfterConsent", "rule", "inputs")},
        "now": {"legs": [side.value for side in running], "paused": bool(running) and recording.paused},
        "consents": consents_told(recording.consents),
        "pauses": pauses_told(recording.pauses),
        "failures": list(recording.failures),
    }
