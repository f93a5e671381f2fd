"""Every operation of the Calls API, of tokens and of the process, as the OpenAPI document has them."""

from typing import Any

from outdial.api.auth import AGENTS_READ, CALLS_CONTROL, CALLS_CREATE, CALLS_READ
from outdial.api.reference import examples
from outdial.api.reference.schemas import AVAILABILITY, Schema
from outdial.api.reference.shared import JSON, Operation, content, header, messages, parameters, refusals

CALLS, AGENTS, TOKENS, PROCESS = "Calls", "Agents at work", "Tokens", "Process"
_IN_ACCOUNT = parameters("Version", "AccountKey")
_ACCOUNT = "/v{n}/{accountKey}"
_FORM = "application/x-www-form-urlencoded"


def _secured(scope: str) -> list[dict[str, list[str]]]:
    return [{"bearer": [scope]}]


def _ok(about: str, body: Schema, **headers: Schema) -> Schema:
    return {"description": about, "content": body, **({"headers": headers} if headers else {})}


_PLACE: Operation = {
    "operationId": "placeCall",
    "tags": [CALLS],
    "summary": "Make a call",
    "description": (
        "Calls on behalf of an agent, or of an available agent of groups. The agent's phone rings first; on answer the "
        "other side is dialled, and both are joined. The reply comes once the agent's phone has been asked to ring.\n\n"
        "The first rule broken is the one reported, in this order: token, content type, size, JSON, version, "
        "structure, lengths and characters, consent, account switched on, agents known, agents free, number, "
        "caller id, policy, placing.\n\n"
        "Consent: from an agent to a number, on both sides or on neither, and then it decides the recording; between "
        "agents on neither side; from groups never on `from`, and on `to` it is combined with the account's setting."
    ),
    "security": _secured(CALLS_CREATE),
    "parameters": parameters("Accept", "IdempotencyKey"),
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/CallRequest"},
                "examples": {
                    example.name: {"summary": example.summary, "value": example.body, "x-version": example.version}
                    for example in examples.PLACE
                },
            }
        },
    },
    "responses": {
        "201": {
            **_ok(
                "The call is stored and the agent's phone has been asked to ring.",
                content("PlacedCall", {example.name: examples.placed(example) for example in examples.PLACE}),
                **{"Location": header("Location"), "Idempotent-Replayed": header("Idempotent-Replayed")},
            ),
            "links": {
                "read": {"operationId": "readCall", "parameters": {"path.callGuid": "$response.body#/id"}},
                "hangUp": {"operationId": "hangUpCall", "parameters": {"path.callGuid": "$response.body#/id"}},
            },
        },
        "400": _ok("A rule is broken, or what is asked for can't be done.", content("Error", messages())),
        **refusals("401 403 404 409 413 415 422 429 503"),
    },
}
_READ: Operation = {
    "operationId": "readCall",
    "tags": [CALLS],
    "summary": "Read a call",
    "description": "During the call and after it, for as long as the account's calls are kept.",
    "security": _secured(CALLS_READ),
    "parameters": parameters("Accept"),
    "responses": {
        "200": _ok("The call.", content("Call", {"ringing": examples.RINGING_CALL, "ended": examples.ENDED_CALL})),
        **refusals("400 401 403 404 503"),
    },
}
_CONTROL: Operation = {
    "operationId": "controlRecording",
    "tags": [CALLS],
    "summary": "Pause or resume the recording of a call, or tell of consent",
    "description": (
        "With `recordingStatus`, silence takes the place of what is said until the recording goes on; refused while "
        "nothing of the call is being recorded. With `consent`, what the other side says about being recorded is put "
        "on record, and what may be recorded follows at once; a refusal that the other side gave itself, by a key of "
        "its phone, can't be overruled. It is done when the reply comes.\n\n"
        "`by` is who asks, as it is put on record beside the program. An agent named there must be one of the account, "
        "or the reply is 400 with `by-unknown-agent`; and with `consent` be on the call, or it is 400 with "
        "`by-agent-not-on-call`. A supervisor is put on record as the program says."
    ),
    "security": _secured(CALLS_CONTROL),
    "requestBody": {
        "required": True,
        "content": content(
            "RecordingControl",
            {
                "pause": {"recordingStatus": "Paused"},
                "pause by a supervisor": {"recordingStatus": "Paused", "by": "supervisor 77"},
                "consent": {"consent": "Given", "by": "agent 1234"},
                "consent withdrawn": {"consent": "Withdrawn"},
            },
        ),
    },
    "responses": {
        "202": _ok("It is done; the call.", content("Call")),
        **refusals("400 401 403 404 413 415 503"),
    },
}
_HANG_UP: Operation = {
    "operationId": "hangUpCall",
    "tags": [CALLS],
    "summary": "Hang a call up",
    "description": (
        "Ends both sides at any moment, ringing included. The call stays readable. Asking twice is no error."
    ),
    "security": _secured(CALLS_CONTROL),
    "parameters": parameters("Accept"),
    "responses": {
        "200": _ok("The call is over.", content("Call", {"ended": examples.ENDED_CALL})),
        "202": _ok("The call is being ended.", content("Call")),
        **refusals("400 401 403 404 503"),
    },
}
_AGENT: Operation = {
    "operationId": "readAgent",
    "tags": [AGENTS],
    "summary": "Read which call an agent is in",
    "security": _secured(AGENTS_READ),
    "parameters": [
        {
            "name": "agentId",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]{1,11}$"},
            "description": "The agent's id.",
            "example": "1234",
        },
        *parameters("Accept"),
    ],
    "responses": {
        "200": _ok(
            "The agent.",
            content(
                "Agent",
                {
                    "onCall": {
                        "id": "1234",
                        "links": [
                            {"href": f"{examples.BASE}/v0/{examples.ACCOUNT}/agents/1234", "rel": "_self"},
                            {**examples.RINGING_CALL["links"][0], "rel": "currentCall"},  # type: ignore[dict-item, index]
                        ],
                        "currentCallGuid": examples.CALL_ID,
                    }
                },
            ),
        ),
        **refusals("400 401 403 404 503"),
    },
}


def _query(name: str, schema: Schema, about: str, example: str, *, required: bool = False) -> Schema:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "schema": schema,
        "description": about,
        "example": example,
    }


_AVAILABLE: Operation = {
    "operationId": "listAvailableAgents",
    "tags": [AGENTS],
    "summary": "Who is available for a call",
    "description": "The longest idle first: the order in which a call from groups takes them.",
    "security": _secured(AGENTS_READ),
    "parameters": [
        _query("availability", AVAILABILITY, "What they must be ready for.", "readyForPhoneCall", required=True),
        _query("groups", {"type": "string"}, "Only members of these groups, separated by commas.", "030,200"),
        _query("fields", {"type": "string", "enum": ["count"]}, "Taken for other clients' sake.", "count"),
        *parameters("Accept"),
    ],
    "responses": {
        "200": _ok(
            "How many they are, and who.",
            content(
                "AvailableAgents",
                {
                    "one": {
                        "count": 1,
                        "agents": [
                            {
                                "id": "1234",
                                "links": [
                                    {"href": f"{examples.BASE}/v0/{examples.ACCOUNT}/agents/1234", "rel": "_self"}
                                ],
                            }
                        ],
                    }
                },
            ),
        ),
        **refusals("400 401 403 404 503"),
    },
}


def _token(operation_id: str, summary: str, about: str, example: dict[str, str], lifetime_seconds: int) -> Operation:
    given = {"access_token": "eyJhbGciOi…", "expires_in": lifetime_seconds, "token_type": "Bearer"}
    wrong = {"error": "invalid_client", "error_description": "The client is unknown or its secret is wrong"}

    sent = content("TokenRequest", {"form": example}, _FORM)
    sent[_FORM]["examples"]["form"]["summary"] = "Id and secret in the form"

    def turned_down(description: str, *headers: str) -> Schema:
        return _ok(description, content("OAuthError", {"error": wrong}), **{name: header(name) for name in headers})

    return {
        "operationId": operation_id,
        "tags": [TOKENS],
        "summary": summary,
        "description": about,
        "security": [{}, {"basic": []}],
        "requestBody": {"required": True, "content": sent},
        "responses": {
            "200": _ok("A token.", content("Token", {"token": given})),
            "400": turned_down("The request is not as it must be, or the scope not the client's."),
            "401": turned_down("The client is unknown or its secret is wrong.", "WWW-Authenticate"),
            **refusals("413"),
            "429": turned_down("Too many wrong secrets.", "Retry-After"),
            "503": turned_down("The database does not answer.", "Retry-After"),
        },
    }


_WITH_ACCOUNT = _token(
    "getAccountToken",
    "Get a token with the account's API token",
    "Good for an hour, and for every scope within the account. A new API token voids it.",
    {"grant_type": "client_credentials", "client_id": examples.ACCOUNT, "client_secret": "…"},
    3600,
)
_WITH_CLIENT = _token(
    "getClientToken",
    "Get a token with an API client's secret",
    "Good for two hours. A new secret, a revoked client, or a scope taken from it, voids it.",
    {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "…", "scope": CALLS_CREATE},
    7200,
)


_WITH_ACCOUNT["responses"] |= refusals("404")


def _open(operation_id: str, summary: str, responses: dict[str, Any]) -> Operation:
    return {
        "operationId": operation_id,
        "tags": [PROCESS],
        "summary": summary,
        "security": [],
        "responses": responses,
    }


PATHS: dict[str, dict[str, Any]] = {
    _ACCOUNT + "/calls/": {"parameters": _IN_ACCOUNT, "post": _PLACE},
    _ACCOUNT + "/calls/{callGuid}": {
        "parameters": [*_IN_ACCOUNT, *parameters("CallId")],
        "get": _READ,
        "post": _CONTROL,
        "delete": _HANG_UP,
    },
    _ACCOUNT + "/agents/": {"parameters": _IN_ACCOUNT, "get": _AVAILABLE},
    _ACCOUNT + "/agents/{agentId}": {"parameters": _IN_ACCOUNT, "get": _AGENT},
    "/v{n}/oauth2/token": {"parameters": parameters("Version"), "post": _WITH_ACCOUNT},
    "/Auth/connect/token": {"post": _WITH_CLIENT},
    "/healthz": {
        "get": _open(
            "isAlive",
            "Whether the process answers",
            {"200": {"description": "It does.", "content": {JSON: {"schema": {"const": {"status": "alive"}}}}}},
        )
    },
    "/readyz": {
        "get": _open(
            "isReady",
            "Whether calls are taken, and if not, why",
            {
                "200": _ok("They are.", content("Health")),
                "503": _ok("They are not.", content("Health"), **{"Retry-After": header("Retry-After")}),
            },
        )
    },
    "/metrics": {
        "get": _open(
            "getMetrics",
            "Metrics for Prometheus",
            {"200": {"description": "Its text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
        )
    },
}
