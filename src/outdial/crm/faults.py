"""What Salesforce answers instead of a success, and what that means for the next attempt. Pure."""

from dataclasses import dataclass
from typing import Any

from outdial.calls.crm import Attempt, Verdict
from outdial.crm.exchange import Answer, plain
from outdial.crm.record import SUBTYPE
from outdial.domain.crm_pauses import LIMIT_REST

_LINK_CODES = frozenset(
    {
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "INVALID_ID_FIELD",
        "ENTITY_IS_DELETED",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "CANNOT_UPDATE_CONVERTED_LEAD",
    }
)
"""Said of the record that a task is to be linked to, whatever else they are said of."""
_LINK_FIELDS = frozenset({"WhoId", "WhatId"})
_LIMITS = frozenset({"REQUEST_LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED", "API_CURRENTLY_DISABLED"})
_DOWN = frozenset({"SERVER_UNAVAILABLE", "API_DISABLED_FOR_ORG", "INVALID_SESSION_ID", "UNKNOWN_EXCEPTION"})
_PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "TXN_SECURITY_METERING_ERROR"})


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that Salesforce found wrong."""

    status: int
    code: str = ""
    message: str = ""
    fields: frozenset[str] = frozenset()

    @property
    def is_of_session(self) -> bool:
        """Whether the access token is not good any more."""
        return self.status == 401 or self.code == "INVALID_SESSION_ID"

    @property
    def is_of_link(self) -> bool:
        """Whether the record that the reference names can't be linked to."""
        return self.status < 500 and (self.code in _LINK_CODES or bool(self.fields & _LINK_FIELDS))

    @property
    def is_of_subtype(self) -> bool:
        """Whether the task's subtype can't be set: the task is there already, or the org has no such field."""
        return self.code in ("INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_FIELD") and (
            SUBTYPE in self.fields or SUBTYPE in self.message
        )

    def is_made_twice(self, field: str) -> bool:
        """Whether another request has made this call's task a moment ago."""
        return self.code == "DUPLICATE_VALUE" and field.lower() in self.message.lower()

    @property
    def told(self) -> str:
        """For people, on one line."""
        said = f"{self.status} {self.code}: {self.message}" if self.code else f"answered {self.status}"
        return plain(said)


def fault_of(answer: Answer) -> Fault | None:
    """What is wrong; none where it is a success."""
    if answer.good:
        return None
    if answer.status == 300:
        return Fault(300, "MULTIPLE_CHOICES", "more than one task has this call's id")
    said = answer.json()
    first = said[0] if isinstance(said, list) and said else said
    if not isinstance(first, dict):
        return Fault(answer.status)
    fields = first.get("fields")
    names = frozenset(map(str, fields)) if isinstance(fields, list) else frozenset()
    return Fault(answer.status, _text(first.get("errorCode")), _text(first.get("message")), names)


def attempt_of(fault: Fault, rest: int | None) -> Attempt:
    """What a fault that nothing more can be done about means."""
    if fault.code in _LIMITS or fault.status == 429:
        return Attempt(Verdict.DOWN, fault.status, fault.told, rest=rest or LIMIT_REST)
    return Attempt(_verdict(fault), fault.status, fault.told, rest=rest)


def _verdict(fault: Fault) -> Verdict:
    if fault.code in _PASSING or fault.status == 409:
        return Verdict.AGAIN
    # 404 is of the field, the version or the org, none of which is a task's: its record is made where there is none.
    if fault.code in _DOWN or fault.status >= 500 or fault.status in (401, 404, 408) or 301 <= fault.status < 400:
        return Verdict.DOWN
    return Verdict.REFUSED


def _text(value: Any) -> str:  # noqa: ANN401 -- whatever was sent
    return value if isinstance(value, str) else ""
