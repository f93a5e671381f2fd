"""A notice as CloudEvents 1.0 has it, for streams, pages and webhooks alike. Pure.

The number that the outbox gave it is the extension `sequence`, padded so that texts sort like numbers.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from outdial.domain.notices import Notice

MEDIA_TYPE = "application/cloudevents+json"
SEQUENCE_DIGITS = 20
_NAMESPACE = UUID("8d6f3f5c-5f0f-4b0e-9c55-0d6f0f1b4a11")

ENVELOPE: dict[str, str] = {
    "specversion": "Always `1.0`.",
    "id": "A UUID, the same wherever and however often the event is told. Use it to drop repetitions.",
    "source": "`/accounts/{accountKey}`.",
    "type": "One of the types below.",
    "subject": "What it is about: `calls/{callId}`, `agents/{agentId}` or `webhooks/{webhookId}`.",
    "time": "When it came to pass: UTC, to the millisecond.",
    "sequence": "The event's number within its account, 20 digits, without a gap. `after` and `Last-Event-ID` take "
    "it with or without the zeros.",
    "datacontenttype": "Always `application/json`.",
    "data": "What is told: below. Times in it are milliseconds since 1970.",
}


def cloud_event(seq: int, notice: Notice) -> dict[str, Any]:
    """The event with its envelope."""
    return {
        "specversion": "1.0",
        "id": str(event_id(seq, notice)),
        "source": f"/accounts/{notice.account}",
        "type": notice.type,
        "subject": subject_of(notice),
        "time": _time(notice.at),
        "sequence": str(seq).zfill(SEQUENCE_DIGITS),
        "datacontenttype": "application/json",
        "data": notice.data,
    }


def encode(event: dict[str, Any]) -> str:
    """One line of JSON. The same event always gives the same text, which signatures depend on."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def event_id(seq: int, notice: Notice) -> UUID:
    """One id for an event for ever. The time is in it, as an account made anew counts from one again."""
    return uuid5(_NAMESPACE, f"{notice.account}/{seq}/{notice.at}")


def subject_of(notice: Notice) -> str:
    """What an event is about."""
    if notice.type.startswith("agent."):
        return f"agents/{notice.data['agentId']}"
    if notice.type.startswith("webhook."):
        return f"webhooks/{notice.data['webhookId']}"
    return f"calls/{notice.call_id}"


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
