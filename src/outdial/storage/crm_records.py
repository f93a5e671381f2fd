"""From rows of CRMs and their tasks to records and back. Pure, but for the seal on what is secret."""

import dataclasses
import json
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from outdial.calls.crm import CrmEntry, Sealing, TaskState
from outdial.domain.crm import CrmSettings, Flow, HttpRequest, Salesforce, Target
from outdial.domain.crm_task import CrmTask

_TASK = TypeAdapter(CrmTask)
_SECRETS = ("secret", "headers")
_KINDS: dict[str, type[Target]] = {"salesforce": Salesforce, "http": HttpRequest}
_COLUMNS = ("attempts", "due_at", "give_up_at", "status", "error", "record_id", "settled_at")


def settings_of(row: Row[Any], sealing: Sealing) -> CrmSettings:
    """A CRM's row. Secrets that can't be opened are empty, and whoever needs them says so."""
    stored = json.loads(row.settings)
    values: dict[str, Any] = stored["target"]
    opened = sealing.open(row.sealed, _about(row.account))
    secrets: dict[str, Any] = {"secret": ""} if opened is None else json.loads(opened)
    if "headers" in secrets:
        secrets["headers"] = tuple((name, value) for name, value in secrets["headers"])
    if "flow" in values:
        values["flow"] = Flow(values["flow"])
    target = _KINDS[stored["kind"]](**values, **secrets)
    return CrmSettings(row.account, target, stored["subject"], row.enabled, row.created_at, row.revision)


def settings_values(settings: CrmSettings, sealing: Sealing) -> dict[str, Any]:
    """What people set of a CRM, as columns."""
    values = dataclasses.asdict(settings.target)
    secrets = {name: values.pop(name) for name in _SECRETS if name in values}
    kind = next(name for name, kind in _KINDS.items() if isinstance(settings.target, kind))
    return {
        "settings": json.dumps({"kind": kind, "subject": settings.subject, "target": values}),
        "sealed": sealing.seal(json.dumps(secrets), _about(settings.account)),
        "enabled": settings.enabled,
    }


def entry_of(row: Row[Any]) -> CrmEntry:
    """A task's row."""
    own = {name: row._mapping[name] for name in _COLUMNS}
    return CrmEntry(row.seq, _TASK.validate_json(row.task), TaskState(row.state), **own)


def entry_values(entry: CrmEntry) -> dict[str, Any]:
    """What changes of a task, as columns."""
    return {"state": entry.state.value, **{name: getattr(entry, name) for name in _COLUMNS}}


def new_entry_values(entry: CrmEntry) -> dict[str, Any]:
    """A task as a row."""
    task = entry.task
    return {
        "account": task.account,
        "call_id": task.call_id,
        "seq": entry.seq,
        "ended_at": task.ended_at,
        "task": _TASK.dump_json(task).decode(),
        **entry_values(entry),
    }


def _about(account: str) -> str:
    """What is sealed for one account opens for no other."""
    return f"crm/{account}"
