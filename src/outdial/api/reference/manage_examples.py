"""Examples of what is sent to the management API, by operation; each is granted in the sandbox, to an operator.

Here rather than with the models, so that the page's reader and its tests find all of them in one place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from outdial.api.reference.examples import ACCOUNT, CALL_ID

_MATTER, _BY_NUMBER = "case 7", "020 7946 0123"
_REFERENCE = "0012400000ATTUQ"
_HOLDS = (
    ("Of one call", {"callId": CALL_ID, "matter": _MATTER}),
    ("Of every call with a number", {"number": _BY_NUMBER, "matter": _MATTER}),
    ("Of every call with a reference", {"reference": _REFERENCE, "matter": _MATTER}),
)
_VERIFICATIONS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("By itself", {}),
    ("Against the head of an earlier verification", {"expected": {ACCOUNT: {"seq": 3, "hash": "0" * 64}}}),
)
BODIES: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = {
    "addAccount": (("An account with the defaults", {"key": "acme", "name": "Acme", "homeCountry": "GB"}),),
    "changeAccount": (
        ("How long phones ring", {"agentRingSeconds": 20, "partyRingSeconds": 30, "wrapUpSeconds": 15}),
        ("What is recorded where no consent is given", {"recording": {"legs": "agent", "whenUnknown": "none"}}),
    ),
    "postAgent": (
        ("With a phone that registers here", {"id": "1250", "name": "Ada Byron"}),
        (
            "With a phone number",
            {"id": "1251", "name": "Mary Ward", "phone": {"kind": "number", "address": "+442079460123"}},
        ),
        (
            "With a phone at a SIP address elsewhere",
            {"id": "1252", "name": "Alan Park", "phone": {"kind": "address", "address": "sip:1252@pbx.example.com"}},
        ),
    ),
    "patchAgent": (("Name and caller id", {"name": "Ada Byron", "callerId": "+442079460100"}),),
    "putPresence": (("There", {"presence": "Ready"}),),
    "postPassword": (("One that we make", {}), ("One of your own", {"password": "correct-horse-battery"})),
    "postGroup": (("A group", {"id": "sales", "name": "Sales"}),),
    "patchGroup": (("Its name", {"name": "Sales, London"}),),
    "postTrunk": (
        ("A carrier that knows us by our address", {"id": "second", "host": "sip.example.com"}),
        (
            "A carrier that asks for a password",
            {"id": "third", "host": "sip.example.com", "username": "acme", "password": "the carrier's", "priority": 20},
        ),
    ),
    "patchTrunk": (("Which is tried first, and how much it carries", {"priority": 10, "maxConcurrentCalls": 30}),),
    "postCallerId": (("A number and a name", {"number": "+442079460123", "name": "Acme"}),),
    "patchCallerId": (("Its name", {"name": "Acme Sales"}),),
    "postClient": (
        ("A program that places calls", {"id": "crm", "name": "CRM", "scopes": ["calls:create", "calls:read"]}),
    ),
    "patchClient": (("Its scopes", {"scopes": ["calls:create", "calls:read", "events:read"]}),),
    "postOperator": (("A program that manages all", {"id": "operations", "name": "Operations", "scopes": ["admin"]}),),
    "patchOperator": (("Its name", {"name": "Operations, by night"}),),
    "putRecordingRetention": (("A year", {"retentionDays": 365}),),
    "holdRecordings": _HOLDS,
    "releaseRecordings": _HOLDS,
    "countRecordings": (
        ("Of one call", {"callId": CALL_ID}),
        ("Of an agent, in a month", {"agentId": "1234", "from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}),
    ),
    "eraseRecordings": (
        ("Of one call", {"callId": CALL_ID, "reason": "asked for by whom it is about"}),
        ("Of every call with a number", {"number": _BY_NUMBER, "reason": "asked for by whom it is about"}),
    ),
    "eraseAllRecordings": (("All", {"reason": "the contract has ended"}),),
    "verifyAccountRecordings": _VERIFICATIONS,
    "verifyRecordings": _VERIFICATIONS,
    "postWebhook": (("Told of calls", {"name": "CRM", "url": "https://crm.example.com/outdial", "types": ["call.*"]}),),
    "patchWebhook": (("Other types of events", {"types": ["call.*", "agent.state.changed.v1"]}),),
    "postSecret": (("One that we make, the old one good for an hour", {"overlapSeconds": 3600}),),
    "postReplay": (
        ("All dead letters", {}),
        ("Some dead letters", {"deadLetters": [1, 2]}),
        ("Every event that is kept", {"after": 0}),
    ),
    "putCrm": (
        (
            "Salesforce",
            {
                "salesforce": {
                    "url": "https://example.my.salesforce.com",
                    "clientId": "3MVG9example",
                    "clientSecret": "the-connected-app-s-secret",
                }
            },
        ),
        (
            "Any other, by one request for each call",
            {
                "http": {
                    "url": "https://crm.example.com/tasks",
                    "headers": [{"name": "Authorization", "value": "Bearer the-crm-s-key"}],
                    "body": '{"title": "${subject}"}',
                }
            },
        ),
    ),
}
IN_PATHS: Mapping[str, str] = {
    "callId": CALL_ID,
    "certificateId": "1f0e7a52-93c4-4d0f-8a57-6b1f4c2d9e08",
    "name": "default",
    "webhookId": "5f0c2b6e8d1a4c7f9b3e6a2d8c4f1b70",
    "trunkId": "carrier",
}
"""What stands in a path where its parameter has no example of its own."""
OPERATORS_CLIENT = "operations"
"""In paths of operators' clients."""


def bodies(operation_id: str) -> dict[str, Any]:
    """The examples of an operation's body, as OpenAPI has them."""
    return {_name(about): {"summary": about, "value": value} for about, value in BODIES[operation_id]}


def _name(about: str) -> str:
    return "-".join(about.lower().replace(",", "").split())
