"""Reading events, as the OpenAPI document has it."""

from typing import Any

from outdial.api.auth import EVENTS_READ
from outdial.api.event_query import MOST_ON_A_PAGE, ON_A_PAGE
from outdial.api.reference.schemas import Schema
from outdial.api.reference.shared import JSON, Operation, parameters, refusals
from outdial.domain.call import place
from outdial.domain.cloud_events import ENVELOPE, cloud_event
from outdial.domain.notices import notices
from outdial.domain.plan import CallPlan, Phone, PhoneKind

EVENTS = "Events"
ABOUT = "What happened, in order and without a gap: to be followed live, or caught up with."


def _query(name: str, schema: Schema, about: str, example: str | int) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": about, "example": example}


def _example() -> dict[str, Any]:
    phone = Phone(PhoneKind.SIP, "1234")
    plan = CallPlan("1234", phone, phone, 1_795_550_400_123, 1_795_550_420_123, number="+442079460000")
    call, _ = place("3e0b5a36-6b0a-4f5e-a3a8-0a4a7c0e7a10", "a1b2c3d4e5", "main", plan)
    return cloud_event(1, notices(None, call, plan.created_at)[0])


_EVENT: Schema = {
    "type": "object",
    "description": "CloudEvents 1.0. What `data` holds depends on `type`: see `/event-types`.",
    "required": [*ENVELOPE],
    "properties": {
        name: {"type": "object" if name == "data" else "string", "description": about}
        for name, about in ENVELOPE.items()
    },
}
_PAGE: Schema = {
    "type": "object",
    "required": ["events", "next", "more"],
    "properties": {
        "events": {"type": "array", "items": _EVENT},
        "next": {"type": "string", "description": "Send it as `after` for the next page."},
        "more": {"type": "boolean", "description": "Whether the next page may have events already."},
    },
}
_GONE: Schema = {
    "type": "object",
    "required": ["message", "code", "resumeAfter"],
    "properties": {
        "message": {"type": "string"},
        "code": {"type": "string"},
        "resumeAfter": {"type": "string", "description": "After this number everything is still kept."},
    },
}
_NUMBER: Schema = {"type": "string", "pattern": "^[0-9]{1,20}$"}
_READ: Operation = {
    "operationId": "readEvents",
    "tags": [EVENTS],
    "summary": "Read events, as a stream or in pages",
    "description": (
        "With `Accept: text/event-stream`, server-sent events: from `Last-Event-ID` or `after` on, else from now on, "
        "each with its number as `id`. A heartbeat every 15 seconds carries the number reached. Before the stream is "
        "ended from our side, an event named `end` tells why, and where to resume.\n\n"
        "Else a page: from `after` on, else from the oldest that is kept."
    ),
    "security": [{"bearer": [EVENTS_READ]}],
    "parameters": [
        _query("after", _NUMBER, "Only events beyond this number.", "0"),
        _query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE, "default": ON_A_PAGE},
            "How many at most on a page.",
            ON_A_PAGE,
        ),
        _query(
            "type",
            {"type": "string"},
            "Only these types of `/event-types`, separated by commas; a star stands for any characters, anywhere.",
            "call.*",
        ),
        _query("agent", {"type": "string"}, "Only what is about these agents, or calls they are in.", "1234"),
        _query(
            "group",
            {"type": "string"},
            "Only what is about agents now in these groups, and calls that were asked of them.",
            "030",
        ),
        _query("call", {"type": "string"}, "Only what is about this call.", "3e0b5a36-6b0a-4f5e-a3a8-0a4a7c0e7a10"),
        {
            "name": "Last-Event-ID",
            "in": "header",
            "schema": {"type": "string", "pattern": "^[0-9]{0,20}$"},
            "description": "Goes before `after`; what a reader that reconnects sends by itself.",
            "example": "0",
        },
        *parameters("Accept"),
    ],
    "responses": {
        "200": {
            "description": "A page, or a stream.",
            "content": {
                JSON: {
                    "schema": _PAGE,
                    "examples": {"one": {"value": {"events": [_example()], "next": "1", "more": False}}},
                },
                "text/event-stream": {"schema": {"type": "string"}},
            },
        },
        "410": {
            "description": "What was asked for is no longer kept, or that number has not been reached.",
            "content": {JSON: {"schema": _GONE}},
        },
        **refusals("400 401 403 404 429 503"),
    },
}
_TYPES: Operation = {
    "operationId": "listEventTypes",
    "tags": [EVENTS],
    "summary": "Every type of event, with a JSON schema of its data",
    "security": [],
    "responses": {
        "200": {
            "description": "The catalogue.",
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "required": ["types"],
                        "properties": {
                            "types": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "required": ["type", "about", "schema"],
                                    "properties": {
                                        "type": {"type": "string"},
                                        "about": {"type": "string"},
                                        "schema": {"type": "object"},
                                    },
                                },
                            }
                        },
                    }
                }
            },
        }
    },
}

PATHS: dict[str, dict[str, Any]] = {
    "/v{n}/{accountKey}/events": {"parameters": parameters("Version", "AccountKey"), "get": _READ},
    "/event-types": {"get": _TYPES},
}
