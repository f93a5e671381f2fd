"""Finds the calls of which something is recorded, or may be, and of which no recording is on record yet."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from outdial.calls.directory import CallFilter, CallLog
from outdial.calls.recording_library import Selection
from outdial.domain.call import Call
from outdial.domain.recording_records import may_be_recorded
from outdial.recordings.spool import Spool

_PAGE = 200


class UnderWay:
    """Looks where calls are, and into the spool."""

    def __init__(self, call_log: CallLog, spool: Spool) -> None:
        self._call_log = call_log
        self._spool = spool

    async def calls(self, account: str, selection: Selection) -> Sequence[str]:
        """The ids of a selection's calls that live, or ended a moment ago. Some may be on record by now."""
        live = [call async for call in self._live(account, selection)]
        # After those that live: one that has ended meanwhile was found as such.
        spooled = set(await asyncio.to_thread(self._spool.ids)) - {call.id for call in live}
        found = [call for call_id in sorted(spooled) if (call := await self._call_log.find(account, call_id))]
        return [call.id for call in (*live, *found) if may_be_recorded(call) and _selects(selection, call)]

    async def _live(self, account: str, selection: Selection) -> AsyncIterator[Call]:
        before = None
        while True:
            wanted = CallFilter(
                live=True,
                agent_id=selection.agent_id,
                number=selection.number,
                reference=selection.reference,
                before=before,
                limit=_PAGE,
            )
            page = await self._call_log.search(account, wanted)
            for call in page:
                yield call
            if len(page) < _PAGE:
                return
            before = page[-1].id


def _selects(selection: Selection, call: Call) -> bool:
    plan = call.plan
    agents = (plan.agent_id, plan.called_agent_id)
    begun = min((file.started_at for file in call.recording.files), default=plan.created_at)
    return (
        selection.call_id in (None, call.id)
        and selection.number in (None, plan.number)
        and selection.reference in (None, plan.reference)
        and (selection.agent_id is None or selection.agent_id in agents)
        and (selection.started_from is None or begun >= selection.started_from)
        and (selection.started_to is None or begun < selection.started_to)
    )
