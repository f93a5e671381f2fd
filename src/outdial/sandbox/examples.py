"""The example calls of the source page, body for body and header for header. Data only."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """One request as printed: what it shows, its body, and its Content-Type."""

    shows: str
    body: dict[str, Any]
    content_type: str = "application/json"


NUMBER = "02072068888"
_CALLEE: dict[str, Any] = {"telephoneNumber": NUMBER}

EXAMPLES: tuple[Example, ...] = (
    Example("agent to number", {"from": {"agentId": "1234"}, "to": _CALLEE}),
    Example("agent to agent", {"from": {"agentId": "1234"}, "to": {"agentId": "4567"}}),
    Example("group to number", {"from": {"groups": ["030"]}, "to": _CALLEE}),
    Example("groups to number", {"from": {"groups": ["030", "200", "400"]}, "to": _CALLEE}),
    Example(
        "presented caller id",
        {"from": {"agentId": "1234", "presentedCLID": "08008888888"}, "to": _CALLEE},
        "application/json; version=1.1",
    ),
    Example(
        "reference, application",
        {
            "from": {"agentId": "1234", "presentedCLID": "08008888888"},
            "to": _CALLEE,
            "regarding": {"reference": "0012400000ATTUQ"},
            "application": "appName",
        },
        "application/json;version=5",
    ),
    Example(
        "consent",
        {
            "from": {"agentId": "1234", "consent": "OneParty"},
            "to": {**_CALLEE, "consent": "OneParty"},
        },
        "application/json;version=6",
    ),
)
