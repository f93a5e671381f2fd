"""A call as a task of Salesforce. Pure. Field names, lengths and words are those of its object reference."""

from collections.abc import Mapping
from typing import Any

from outdial.domain.crm_task import CrmTask, description_of
from outdial.domain.salesforce_ids import is_salesforce_id, relation_of

LONGEST_LINE = 255
LONGEST_DESCRIPTION = 32_000
MOST_SECONDS = 99_999_999

SUBTYPE = "TaskSubtype"
"""Can be set when a task is made, and never after: an upsert that finds the task must leave it out."""


def link_of(task: CrmTask) -> str | None:
    """The record that the reference names; none where it is a URL, or no id of Salesforce."""
    reference = task.reference
    return reference if reference is not None and is_salesforce_id(reference) else None


def record_of(
    task: CrmTask, words: Mapping[str, str], subject: str, *, linked: bool = True, subtype: bool = True
) -> dict[str, Any]:
    """The fields of a task. Not linked to a record, it has the reference in its description."""
    link = link_of(task) if linked else None
    description = description_of(dict(words), with_reference=link is None)
    record: dict[str, Any] = {
        "Subject": subject,
        "Status": "Completed",
        "ActivityDate": task.started.date().isoformat(),
        "CallType": "Internal" if task.called_agent_id else "Outbound",
        "CallObject": task.call_id[:LONGEST_LINE],
        "CallDurationInSeconds": min(task.duration_seconds, MOST_SECONDS),
        "CallDisposition": task.outcome[:LONGEST_LINE],
        "Description": description[:LONGEST_DESCRIPTION],
    }
    if subtype:
        record[SUBTYPE] = "Call"
    if link is not None:
        record[relation_of(link)] = link
    return record
