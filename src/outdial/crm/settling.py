"""What becomes of a task after an attempt. Pure."""

from dataclasses import replace

from outdial.calls.crm import Attempt, CrmEntry, TaskState, Verdict
from outdial.domain.crm_pauses import pause_after


def settled(entry: CrmEntry, attempt: Attempt, now: int, chance: float) -> CrmEntry:
    """The task with what the attempt came to: done, dead, or due again. `chance` is a random number from 0 to 1."""
    tried = replace(entry, attempts=entry.attempts + 1, status=attempt.status, error=attempt.error)
    if attempt.verdict is Verdict.DONE:
        record_id = attempt.record_id or entry.record_id
        return replace(tried, state=TaskState.DONE, record_id=record_id, error=None, settled_at=now)
    if attempt.verdict is Verdict.REFUSED or now >= entry.give_up_at:
        return replace(tried, state=TaskState.DEAD, settled_at=now)
    return replace(tried, due_at=now + max(pause_after(tried.attempts, chance), attempt.rest or 0))
