"""Pauses and resumes the recording of a call, and takes note of what the other side says about being recorded."""

from dataclasses import dataclass
from typing import Protocol

from outdial.calls.directory import CallLog
from outdial.calls.ports import Calls
from outdial.domain.call import Call, State
from outdial.domain.directory import Agent
from outdial.domain.events import ConsentCaptured, RecordingControl
from outdial.domain.recording import BY_API, Recording
from outdial.domain.recording_refusals import (
    ByAgentNotOnCall,
    ByUnknownAgent,
    NotConnected,
    NotRecording,
    RecordingUnchanged,
    RefusedByParty,
)
from outdial.domain.recordings import ConsentAct


class Agents(Protocol):
    """The part of `directory.Directory` that is asked who there is."""

    async def agent(self, account: str, agent_id: str) -> Agent | None: ...


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who asks."""

    who: str
    """As it is put on record."""
    agent_id: str | None = None
    """The agent that the program says it asks for."""


async def control_recording(
    calls: Calls, call_log: CallLog, agents: Agents, account: str, call_id: str, *, pause: bool, speaker: Speaker
) -> Call | None:
    """Pause or resume; the call as it is afterwards, none where the account has no such call.

    It is done when this returns. Asking for what is already so is no error.

    Raises:
        ByUnknownAgent: the account has no such agent.
        NotRecording: nothing of the call is being recorded.
        RecordingUnchanged: it could not be done, or nobody knows.
    """
    call = await call_log.find(account, call_id)
    if call is None:
        return None
    await _check(agents, account, speaker)
    if not _joined(call) or not call.recording.running:
        raise RecordingUnchanged if _joined(call) and call.recording.unstopped else NotRecording
    after = await calls.tell(call_id, RecordingControl(pause, speaker.who)) or await call_log.find(account, call_id)
    if after is not None and _joined(after) and _is_otherwise(after.recording, paused=pause):
        raise RecordingUnchanged
    return after


async def take_consent(
    calls: Calls,
    call_log: CallLog,
    agents: Agents,
    account: str,
    call_id: str,
    *,
    act: ConsentAct,
    speaker: Speaker,
) -> Call | None:
    """Take note of a consent given or withdrawn, as somebody tells it; the call afterwards, none where there is none.

    What may be recorded follows at once.

    Raises:
        ByUnknownAgent: the account has no such agent.
        ByAgentNotOnCall: the agent can't have heard it.
        NotConnected: the other side is not there.
        RefusedByParty: it has itself said otherwise.
    """
    call = await call_log.find(account, call_id)
    if call is None:
        return None
    await _check(agents, account, speaker)
    if speaker.agent_id not in (None, call.plan.agent_id, call.plan.called_agent_id):
        raise ByAgentNotOnCall
    if not _joined(call):
        raise NotConnected
    if act is ConsentAct.GIVEN and call.recording.refused_by_party:
        raise RefusedByParty
    return await calls.tell(call_id, ConsentCaptured(act, BY_API, speaker.who)) or await call_log.find(account, call_id)


async def _check(agents: Agents, account: str, speaker: Speaker) -> None:
    if speaker.agent_id is not None and await agents.agent(account, speaker.agent_id) is None:
        raise ByUnknownAgent


def _is_otherwise(recording: Recording, *, paused: bool) -> bool:
    """Whether what is recorded is not, or may not be, as it was asked for."""
    return bool(recording.running) and (recording.paused is not paused or recording.unmute_again_at is not None)


def _joined(call: Call) -> bool:
    return call.state is State.JOINED
