"""Pauses and resumes the recording of a call, and takes note of what the other side says about being recorded."""

from outdial.calls.directory import CallLog
from outdial.calls.ports import Calls
from outdial.domain.call import Call, State
from outdial.domain.events import ConsentCaptured, RecordingControl
from outdial.domain.recording import BY_API
from outdial.domain.recording_refusals import NotConnected, RecordingUnchanged, RefusedByParty
from outdial.domain.recordings import ConsentAct
from outdial.domain.refusals import NotRecording


async def control_recording(
    calls: Calls, call_log: CallLog, account: str, call_id: str, *, pause: bool, who: str
) -> Call | None:
    """Pause or resume; the call as it is afterwards, none where the account has no such call.

    It is done when this returns. Asking for what is already so is no error.

    Raises:
        NotRecording: nothing of the call is being recorded.
        RecordingUnchanged: it could not be done.
    """
    call = await call_log.find(account, call_id)
    if call is None:
        return None
    if not _joined(call) or not call.recording.running:
        raise NotRecording
    after = await calls.tell(call_id, RecordingControl(pause, who)) or await call_log.find(account, call_id)
    if after is not None and _joined(after) and after.recording.running and after.recording.paused is not pause:
        raise RecordingUnchanged
    return after


async def take_consent(
    calls: Calls, call_log: CallLog, account: str, call_id: str, act: ConsentAct, who: str
) -> Call | None:
    """Take note of a consent given or withdrawn, as somebody tells it; the call afterwards, none where there is none.

    What may be recorded follows at once.

    Raises:
        NotConnected: the other side is not there.
        RefusedByParty: it has itself said otherwise.
    """
    call = await call_log.find(account, call_id)
    if call is None:
        return None
    if not _joined(call):
        raise NotConnected
    if act is ConsentAct.GIVEN and call.recording.refused_by_party:
        raise RefusedByParty
    return await calls.tell(call_id, ConsentCaptured(act, BY_API, who)) or await call_log.find(account, call_id)


def _joined(call: Call) -> bool:
    return call.state is State.JOINED
