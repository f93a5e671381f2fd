"""The schemas of the Calls API's bodies, by hand: the domain parses requests, so no model could tell what is taken."""

from typing import Any

from outdial.api.agents import AVAILABLE
from outdial.api.bodies import NOT_RECORDED, STATUS
from outdial.api.recording_control import BY_PATTERN, CONSENT_ACTS, RECORDING_STATUSES
from outdial.domain.consent import Consent, Legs
from outdial.domain.events import Asker
from outdial.domain.legs import Side
from outdial.domain.recording import BY_API, BY_KEY
from outdial.domain.recordings import ConsentAct
from outdial.domain.request import MOST_GROUPS
from outdial.domain.results import Code, Party, Reason

Schema = dict[str, Any]
_NOBODY: Schema = {"enum": [None, ""], "description": "Left out."}
_NOTHING: Schema = {"type": "null", "description": "Left out."}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}


def ref(name: str) -> Schema:
    """A pointer to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str, /, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _one_of_or_null(words: Any, about: str) -> Schema:  # noqa: ANN401 -- an enumeration, or words
    return {"enum": [*map(str, words), None], "description": about}


AGENT_ID: Schema = {
    "description": "1 to 11 digits; a JSON whole number is taken too.",
    "oneOf": [
        {"type": "string", "pattern": "^[0-9]{1,11}$"},
        {"type": "integer", "minimum": 0, "maximum": 99_999_999_999},
    ],
}
GROUPS: Schema = {
    "type": "array",
    "minItems": 1,
    "maxItems": MOST_GROUPS,
    "items": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$"},
    "description": 'Ids of groups; the longest idle available agent of any of them is taken. `"030"` is not `"30"`.',
}
CONSENT = _one_of_or_null(
    Consent, "Version 6. Who on this side's law must consent to a recording; see the consent rules."
)
CLID: Schema = {
    **_TEXT_OR_NULL,
    "description": "Version 2. The number the other side is shown; null or blank: the agent's or the account's own.",
}
FROM: Schema = {
    "description": "Who calls: an agent, or an available agent of groups.",
    "oneOf": [
        {
            "title": "Agent",
            **_object(
                "agentId",
                agentId=AGENT_ID,
                groups={"enum": [None, []], "description": "Left out."},
                telephoneNumber=_NOTHING,
                presentedCLID=CLID,
                consent=CONSENT,
            ),
        },
        {
            "title": "Groups",
            **_object(
                "groups", groups=GROUPS, agentId=_NOBODY, telephoneNumber=_NOTHING, presentedCLID=CLID, consent=_NOTHING
            ),
        },
    ],
}
NUMBER: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 30,
    "description": "National, in the account's home country, or E.164; blanks, dots, dashes and brackets are allowed.",
}
TO: Schema = {
    "description": "Whom to call: a number or an agent.",
    "oneOf": [
        {
            "title": "Number",
            **_object("telephoneNumber", telephoneNumber=NUMBER, agentId=_NOBODY, groups=_NOTHING, consent=CONSENT),
        },
        {
            "title": "Agent",
            **_object("agentId", agentId=AGENT_ID, telephoneNumber=_NOBODY, groups=_NOTHING, consent=_NOTHING),
        },
    ],
}
REGARDING: Schema = {
    "type": ["object", "null"],
    "description": "Version 4. What the call is about.",
    "properties": {
        "reference": {
            **_TEXT_OR_NULL,
            "maxLength": 2000,
            "description": "Letters and digits, or an http(s) URL: an id of yours, kept with the call and findable.",
        }
    },
}
APPLICATION: Schema = {
    **_TEXT_OR_NULL,
    "pattern": "^[0-9A-Za-z]{1,32}$",
    "description": "Version 5. Which application calls the API.",
}
CALL_REQUEST: Schema = {
    **_object("from to", to=TO, regarding=REGARDING, application=APPLICATION),
    "description": "Unknown members are ignored, but misspellings of known ones are refused.",
}
CALL_REQUEST["properties"] = {"from": FROM, **CALL_REQUEST["properties"]}

LINK = _object("href rel", href={"type": "string", "format": "uri"}, rel={"type": "string"})
LINKS: Schema = {"type": "array", "items": ref("Link")}
_ECHO: Schema = {"type": "object", "description": "As asked for; `from.agentId` names the agent who was chosen."}
_ID: Schema = {"type": "string", "format": "uuid"}
PLACED_CALL: Schema = {
    "type": "object",
    "required": ["id", "links", "from", "to"],
    "properties": {
        "id": _ID,
        "links": LINKS,
        "from": _ECHO,
        "to": _ECHO,
        "regarding": {"type": "object", "description": "When it was sent."},
        "application": {"type": "string", "description": "When it was sent."},
    },
}
RESULT: Schema = {
    "description": "How the call ended; null while it lives.",
    "oneOf": [
        _object(
            "code party reason",
            code={"enum": [*map(str, Code)], "description": "Whether both sides were joined."},
            party={"enum": [*map(str, Party)], "description": "Who hung up, or whose side failed."},
            reason={"enum": [*map(str, Reason)]},
        ),
        {"type": "null"},
    ],
}
_TIMES = "created agentRinging agentAnswered partyDialled partyRinging partyAnswered joined ended"
_LEGS: Schema = {"type": "array", "items": {"enum": [*map(str, Side)]}}
CONSENT_TAKEN = _object(
    "at act leg way by",
    at=_TIME,
    act={"enum": [*map(str, ConsentAct)]},
    leg={"enum": [*map(str, Side)]},
    way={"enum": [BY_KEY, BY_API]},
    by=_TEXT_OR_NULL,
)
PAUSE = _object("from to by resumedBy", **{"from": _TIME}, to=_TIME, by=_TEXT_OR_NULL, resumedBy=_TEXT_OR_NULL)
RECORDING: Schema = {
    "description": "What may be recorded, and by which rule.",
    "oneOf": [
        _object(
            "legs legsAfterConsent rule inputs now consents pauses failures",
            legs={"enum": [*map(str, Legs)]},
            legsAfterConsent={"enum": [*map(str, Legs)], "description": "Once the other side's consent is captured."},
            rule={"type": "string"},
            inputs=ref("DecisionInputs"),
            now={
                **_object("legs paused", legs=_LEGS, paused={"type": "boolean"}),
                "description": "What is being recorded at this moment.",
            },
            consents={"type": "array", "items": CONSENT_TAKEN, "description": "What was captured in the call."},
            pauses={"type": "array", "items": PAUSE, "description": "Stretches that hold silence, and by whom."},
            failures={"type": "array", "items": {"type": "string"}, "description": "What went wrong, for people."},
        ),
        {"type": "null"},
    ],
}
_CALL_HAS = "id links from to status recordingStatus result dispositionCode detail hungUpBy times recording reasons"
CALL: Schema = {
    "type": "object",
    "required": _CALL_HAS.split(),
    "properties": {
        **PLACED_CALL["properties"],
        "status": _one_of_or_null(
            STATUS.values(),
            "Whose phone rings (early media is ringing), `Connected` once both sides hear each other, `Ending` while "
            "the last line is being ended; null once the call is over.",
        ),
        "recordingStatus": _one_of_or_null(
            (*RECORDING_STATUSES, NOT_RECORDED), "`Stopped`: nothing is being recorded; null once the call is over."
        ),
        "result": RESULT,
        "dispositionCode": {**_TEXT_OR_NULL, "description": "What the agent said of the call afterwards."},
        "detail": {**_TEXT_OR_NULL, "description": "A sentence on how it ended, where there is more to say."},
        "hungUpBy": _one_of_or_null(Asker, "Who ended it."),
        "times": {**_object(_TIMES, **dict.fromkeys(_TIMES.split(), _TIME)), "description": "When what happened."},
        "recording": RECORDING,
        "reasons": {"type": "object", "description": "Why this agent, this caller id and this trunk were taken."},
    },
}
_BY: Schema = {"type": "string", "pattern": f"^{BY_PATTERN}$", "description": "Who asks; kept on record."}
RECORDING_CONTROL: Schema = {
    "oneOf": [
        _object("recordingStatus", recordingStatus={"enum": [*RECORDING_STATUSES]}, by=_BY),
        _object("consent", consent={"enum": [*CONSENT_ACTS], "description": "What the other side says."}, by=_BY),
    ]
}
AGENT = _object(
    "id links currentCallGuid", id={"type": "string"}, links=LINKS, currentCallGuid={**_TEXT_OR_NULL, "format": "uuid"}
)
AGENTS = _object(
    "count agents",
    count={"type": "integer", "minimum": 0},
    agents={"type": "array", "items": _object("id links", id={"type": "string"}, links=LINKS)},
)
AVAILABILITY: Schema = {"type": "string", "enum": [AVAILABLE]}
ERROR: Schema = {
    **_object(
        "message code",
        message={"type": "string", "description": "The exact text of the rule that was broken."},
        code={"type": "string", "pattern": "^[a-z][a-z0-9-]*$", "description": "Stable; for programs."},
    ),
    "additionalProperties": False,
}
OAUTH_ERROR = _object("error error_description", error={"type": "string"}, error_description={"type": "string"})
TOKEN = _object(
    "access_token expires_in token_type",
    access_token={"type": "string"},
    expires_in={"type": "integer", "description": "Seconds."},
    token_type={"const": "Bearer"},
    scope={"type": "string", "description": "What the token opens, where no scope was asked for."},
)
TOKEN_REQUEST = _object(
    "grant_type",
    grant_type={"const": "client_credentials"},
    client_id={"type": "string", "description": "Unless sent by HTTP Basic."},
    client_secret={"type": "string", "description": "Unless sent by HTTP Basic."},
    scope={"type": "string", "description": "Separated by blanks; without it, everything that the client may have."},
)
HEALTH = _object(
    "status database switch accepting switchVersion reasons",
    status={"enum": ["ready", "not ready"]},
    database={"type": "boolean"},
    switch={"type": "boolean"},
    accepting={"type": "boolean"},
    switchVersion=_TEXT_OR_NULL,
    reasons={"type": "array", "items": {"type": "string"}},
)
SCHEMAS: dict[str, Schema] = {
    "CallRequest": CALL_REQUEST,
    "PlacedCall": PLACED_CALL,
    "Call": CALL,
    "RecordingControl": RECORDING_CONTROL,
    "Link": LINK,
    "Agent": AGENT,
    "AvailableAgents": AGENTS,
    "Error": ERROR,
    "Token": TOKEN,
    "TokenRequest": TOKEN_REQUEST,
    "OAuthError": OAUTH_ERROR,
    "Health": HEALTH,
}
