"""Holds what calls say was decided and agreed against their ledger, for as long as the calls are there: it is what
whoever asks for a call is told. Reads only; must not know what was recorded."""

from collections.abc import AsyncIterator

import structlog

from outdial.calls.directory import CallFilter, CallLog
from outdial.calls.recording_library import Finding
from outdial.calls.recording_store import Ledger
from outdial.domain.call import Call
from outdial.domain.refusals import Refusal
from outdial.recordings.proofs import Said, Told

_PAGE = 100
"""Few: they are parsed while live calls wait."""
_MOST_ENTRIES = 100_000
_log = structlog.get_logger()


class Decisions:
    """Verifies the calls of an account."""

    def __init__(self, call_log: CallLog, ledger: Ledger) -> None:
        self._call_log = call_log
        self._ledger = ledger

    async def differences(self, account: str, told: Told) -> AsyncIterator[Finding]:
        """Where calls say something else than the ledger, which is known up to some moment."""
        before: str | None = None
        try:
            while page := await self._call_log.search(account, CallFilter(before=before, limit=_PAGE)):
                for call in page:
                    for what in await self._of(call, told.recordings.get(call.id, Said())):
                        yield Finding(account, "changed-record", f"call {call.id}", what)
                before = page[-1].id
        except Refusal:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a call's row is, everything else is verified
            _log.exception("calls could not be verified", account=account)
            what = f"not verified to their end: {type(error).__name__}; the log says more"
            yield Finding(account, "unreadable-record", "calls", what)

    async def _of(self, call: Call, said: Said) -> list[str]:
        found = _differences(call, said)
        if not found:
            return []
        # It may have been placed, or gone on, since the ledger was read.
        again: Call | None = call
        while again is not None:
            fresh, seen = Said(), again.revision
            for entry in await self._ledger.entries(call.account, 0, _MOST_ENTRIES, call.id):
                fresh.learn(entry)
            again = await self._call_log.find(call.account, call.id)
            if again is not None and again.revision == seen:
                return _differences(again, fresh)
        return []


def _differences(call: Call, said: Said) -> list[str]:
    return list(said.replay.otherwise_decided(call.plan.recording, call.recording.consents))
