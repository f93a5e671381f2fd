"""Examples of the Calls API, shown in the OpenAPI document and on its page, and placed for real by the tests."""

from dataclasses import dataclass
from typing import Any

ACCOUNT = "a1b2c3d4e5"
CALL_ID = "94e5928c-7f7e-4645-ad72-61010f906449"
BASE = "https://calls.example.com"
NUMBER = "02072068888"


@dataclass(frozen=True, slots=True)
class Example:
    """A request that is granted in the sandbox, in the lowest version that has all of its members."""

    name: str
    summary: str
    body: dict[str, Any]
    version: int = 0


PLACE = (
    Example(
        "agentToNumber", "An agent calls a number", {"from": {"agentId": "1234"}, "to": {"telephoneNumber": NUMBER}}
    ),
    Example("agentToAgent", "One agent calls another", {"from": {"agentId": "1234"}, "to": {"agentId": "4567"}}),
    Example(
        "groupToNumber",
        "An available agent of a group calls a number",
        {"from": {"groups": ["030"]}, "to": {"telephoneNumber": NUMBER}},
    ),
    Example(
        "groupsToNumber",
        "An available agent of any of three groups calls a number",
        {"from": {"groups": ["030", "200", "400"]}, "to": {"telephoneNumber": NUMBER}},
    ),
    Example(
        "presentedCLID",
        "With the number that the other side is shown",
        {"from": {"agentId": "1234", "presentedCLID": "08008888888"}, "to": {"telephoneNumber": NUMBER}},
        2,
    ),
    Example(
        "referenceAndApplication",
        "With what the call is about, and who asks for it",
        {
            "from": {"agentId": "1234", "presentedCLID": "08008888888"},
            "to": {"telephoneNumber": NUMBER},
            "regarding": {"reference": "0012400000ATTUQ"},
            "application": "appName",
        },
        5,
    ),
    Example(
        "consent",
        "With who must consent to a recording",
        {
            "from": {"agentId": "1234", "consent": "OneParty"},
            "to": {"telephoneNumber": NUMBER, "consent": "OneParty"},
        },
        6,
    ),
)


def placed(example: Example) -> dict[str, Any]:
    """The reply to an example."""
    url = f"{BASE}/v0/{ACCOUNT}/calls/{CALL_ID}"
    caller = {"agentId": "1234", **example.body["from"]} if "groups" in example.body["from"] else example.body["from"]
    return {"id": CALL_ID, "links": [{"href": url, "rel": "_self"}], **example.body, "from": caller}


RINGING_CALL = {
    "id": CALL_ID,
    "links": [{"href": f"{BASE}/v0/{ACCOUNT}/calls/{CALL_ID}", "rel": "_self"}],
    "from": {"agentId": "1234"},
    "to": {"telephoneNumber": NUMBER},
    "status": "RingingOriginator",
    "recordingStatus": "Stopped",
    "result": None,
    "dispositionCode": None,
    "detail": None,
    "hungUpBy": None,
    "times": {
        "created": "2026-11-24T09:30:00.000Z",
        "agentRinging": "2026-11-24T09:30:00.041Z",
        "agentAnswered": None,
        "partyDialled": None,
        "partyRinging": None,
        "partyAnswered": None,
        "joined": None,
        "ended": None,
    },
    "recording": {
        "legs": "none",
        "legsAfterConsent": "none",
        "rule": "no consent was given with the call: the account's setting decides",
        "inputs": {"scenario": "agent to telephone number", "from": None, "to": None, "account": "none"}
        | {"accountWhenUnknown": "agent", "overrides": None},
        "now": {"legs": [], "paused": False},
        "consents": [],
        "pauses": [],
        "failures": [],
    },
    "reasons": {"agent": "named in the request", "callerId": "the agent's own", "trunk": "carrier, the first enabled"},
}
ENDED_CALL = {
    **RINGING_CALL,
    "status": None,
    "recordingStatus": None,
    "result": {"code": "Failure", "party": "Destination", "reason": "NumberBusy"},
    "hungUpBy": "Party",
    "times": {
        **RINGING_CALL["times"],  # type: ignore[dict-item]
        "agentAnswered": "2026-11-24T09:30:03.127Z",
        "partyDialled": "2026-11-24T09:30:03.128Z",
        "ended": "2026-11-24T09:30:03.544Z",
    },
}
