"""Ends a call at somebody's request, at whatever moment: ringing, early media or joined."""

from outdial.calls.directory import CallLog
from outdial.calls.ports import Calls
from outdial.domain.call import Call
from outdial.domain.events import Asker, HangUpRequested


async def hang_up_call(calls: Calls, call_log: CallLog, account: str, call_id: str) -> Call | None:
    """End a call of an account; the call as it is afterwards, none where the account has no such call.

    A call that has already ended is left as it is: asking twice is no error.
    """
    call = await call_log.find(account, call_id)
    if call is None or not call.live:
        return call
    return await calls.tell(call_id, HangUpRequested(Asker.API)) or await call_log.find(account, call_id)
