"""What a CRM is told of a call that ended: facts, taken from the call once, and the words they fill in. Pure.

Times are milliseconds since the epoch.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from outdial.domain.call import Call
from outdial.domain.results import Code
from outdial.domain.templates import sentence

DEFAULT_SUBJECT = "Outbound ${application} call to ${number}"
"""Without an application: `Outbound call to 02072068888`."""
LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class CrmTask:
    """One call, as CRMs are told of it."""

    account: str
    call_id: str
    agent_id: str
    number: str
    """As it was sent in the request; for a call to an agent, that agent's id."""
    e164: str | None
    called_agent_id: str | None
    reference: str | None
    application: str | None
    started_at: int
    """When the call was placed."""
    ended_at: int
    duration_seconds: int
    """How long both sides were joined, rounded down."""
    outcome: str
    """`Success`, or `Failure: ` and the reason, in the words of the Calls API."""
    hung_up_by: str | None
    recorded: bool
    """Whether anything of it was recorded."""

    @property
    def started(self) -> datetime:
        """When the call was placed, in UTC."""
        return _moment(self.started_at)


NAMES = (
    "callId",
    "account",
    "agent",
    "number",
    "e164",
    "calledAgent",
    "reference",
    "application",
    "startedAt",
    "endedAt",
    "durationSeconds",
    "outcome",
    "hungUpBy",
    "recordingUrl",
)
"""What a subject can be made of; a request can tell `subject` and `description` too."""
ALL_NAMES = (*NAMES, "subject", "description")


def task_of(call: Call) -> CrmTask:
    """The facts of a call that has ended."""
    plan, result = call.plan, call.result
    ended_at = call.ended_at if call.ended_at is not None else plan.created_at
    asked = plan.asked.get("to", {}).get("telephoneNumber")
    talked = 0 if call.joined_at is None else max(0, ended_at - call.joined_at) // 1000
    if result is None or result.code is Code.SUCCESS:
        outcome = "Success" if result else "Unknown"
    else:
        outcome = f"Failure: {result.reason.value}"
    return CrmTask(
        account=call.account,
        call_id=call.id,
        agent_id=plan.agent_id,
        number=str(asked or plan.number or plan.called_agent_id or ""),
        e164=plan.number,
        called_agent_id=plan.called_agent_id,
        reference=plan.reference,
        application=plan.application,
        started_at=plan.created_at,
        ended_at=ended_at,
        duration_seconds=talked,
        outcome=outcome,
        hung_up_by=call.hung_up_by.value if call.hung_up_by else None,
        recorded=bool(call.recording.files),
    )


def words_of(task: CrmTask, recording_url: str) -> dict[str, str]:
    """What templates are filled in with; what a call has not got is empty."""
    return {
        "callId": task.call_id,
        "account": task.account,
        "agent": task.agent_id,
        "number": task.number,
        "e164": task.e164 or "",
        "calledAgent": task.called_agent_id or "",
        "reference": task.reference or "",
        "application": task.application or "",
        "startedAt": _told(task.started_at),
        "endedAt": _told(task.ended_at),
        "durationSeconds": str(task.duration_seconds),
        "outcome": task.outcome,
        "hungUpBy": task.hung_up_by or "",
        "recordingUrl": recording_url if task.recorded else "",
    }


def subject_of(template: str, words: dict[str, str]) -> str:
    """A task's subject, in one line, cut where a CRM would refuse it."""
    subject = sentence(template, words)
    return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…"


def description_of(words: dict[str, str], *, with_reference: bool) -> str:
    """All that is known, a line each. The reference is left out where the task is linked to it."""
    lines = [
        ("Number", words["number"]),
        ("Agent", words["agent"]),
        ("Reference", words["reference"] if with_reference else ""),
        ("Application", words["application"]),
        ("Started", words["startedAt"]),
        ("Duration", f"{words['durationSeconds']} s"),
        ("Outcome", words["outcome"]),
        ("Hung up by", words["hungUpBy"]),
        ("Recording", words["recordingUrl"]),
        ("Call", words["callId"]),
    ]
    return "\n".join(f"{name}: {value}" for name, value in lines if value)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _told(milliseconds: int) -> str:
    return _moment(milliseconds).isoformat(timespec="seconds").replace("+00:00", "Z")
