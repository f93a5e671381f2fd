"""Finding, reading and hearing recordings, as the OpenAPI document has it. The examples are made by the code itself."""

from typing import Any

from outdial.api.auth import RECORDINGS_LISTEN, RECORDINGS_READ
from outdial.api.recording_bodies import CODEC, STATES, detailed, listed
from outdial.api.recordings import MOST_ON_A_PAGE, MOST_PEAKS_A_SECOND, ON_A_PAGE, PEAKS_A_SECOND
from outdial.api.reference.examples import ACCOUNT, BASE, CALL_ID
from outdial.api.reference.schemas import Schema, ref
from outdial.api.reference.shared import JSON, Operation, content, parameters, refusals
from outdial.calls.recording_library import Form, Hearing
from outdial.domain.consent import AccountRecording, Consent, Scenario, decide
from outdial.domain.legs import Side
from outdial.domain.recordings import CallRecording, ConsentAct, ConsentTaken, KeptFile, KeptRecording, Pause, SpoolFile
from outdial.domain.recordings import State as RecordingState

RECORDINGS = "Finding and hearing recordings"
ABOUT = (
    "What was recorded, as far as consent allowed it. Every access is in the account's ledger, with who. Where the "
    "audio is kept it is sealed; a leg's `sha256` is of its WAV file, as `audio?leg=agent` gives it."
)
_AT = 1_795_512_600_000
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": "string", "format": "date-time"}
_TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
_STRINGS: Schema = {"type": "array", "items": {"type": "string"}}


def _example() -> KeptRecording:
    decision = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.TWO_PARTY, AccountRecording())
    recording = CallRecording(
        CALL_ID,
        ACCOUNT,
        "1234",
        _AT,
        (SpoolFile(Side.AGENT, _AT), SpoolFile(Side.PARTY, _AT + 4_000)),
        number="+442072068888",
        reference="0012400000ATTUQ",
        decision=decision.to_dict(),
        joined_at=_AT,
        ended_at=_AT + 61_000,
        pauses=(Pause(_AT + 20_000, _AT + 31_000, "agent 1234"),),
        consents=(ConsentTaken(_AT + 4_000, ConsentAct.GIVEN, Side.PARTY, "dtmf"),),
    )
    files = tuple(
        KeptFile(side, 61_000, 976_044, character * 64, 976_312, "0" * 64, "", 1)
        for side, character in ((Side.AGENT, "a"), (Side.PARTY, "b"))
    )
    return KeptRecording(recording, RecordingState.KEPT, files)


def _object(properties: dict[str, Schema], **seldom: Schema) -> Schema:
    return {"type": "object", "required": [*properties], "properties": {**properties, **seldom}}


_LINKS: Schema = {
    "type": "array",
    "items": _object({"href": {"type": "string", "format": "uri"}, "rel": {"type": "string"}}),
}
_LISTED: dict[str, Schema] = {
    "id": {"type": "string", "description": "The same as its call's."},
    "links": _LINKS,
    "callId": {"type": "string"},
    "agentId": {"type": "string"},
    "calledAgentId": _TEXT_OR_NULL,
    "groups": {**_STRINGS, "description": "The groups that the call was asked of."},
    "number": {**_TEXT_OR_NULL, "description": "E.164; null between agents, and once it is deleted."},
    "reference": _TEXT_OR_NULL,
    "status": {"enum": sorted(set(STATES.values())), "description": "Whether there is audio to be heard."},
    "startedAt": _TIME,
    "endedAt": _TIME_OR_NULL,
    "lengthMs": {"type": "integer", "minimum": 0},
    "cutShort": {"type": "boolean", "description": "A crash or a full disk ended it before the call did."},
    "legs": {"type": "array", "items": {"enum": [*Side]}},
    "held": {"type": "boolean", "description": "Whether a legal hold is on it."},
}
_LEG = _object(
    {
        "leg": {"enum": [*Side]},
        "lengthMs": {"type": "integer"},
        "size": {"type": "integer", "description": "Bytes of the WAV file."},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Of the WAV file."},
        "codec": {"const": CODEC},
        "sampleRate": {"type": "integer"},
        "channels": {"type": "integer"},
    }
)
SCHEMAS: dict[str, Schema] = {
    "Recording": _object(
        {
            **_LISTED,
            "legs": {"type": "array", "items": _LEG},
            "joinedAt": _TIME_OR_NULL,
            "pauses": {
                "type": "array",
                "items": _object({"from": _TIME, "to": _TIME_OR_NULL, "by": _TEXT_OR_NULL, "resumedBy": _TEXT_OR_NULL}),
                "description": "Stretches of silence that somebody asked for.",
            },
            "consents": {
                "type": "array",
                "items": _object(
                    {
                        "at": _TIME,
                        "act": {"enum": [*ConsentAct]},
                        "leg": {"enum": [*Side]},
                        "way": {"type": "string"},
                        "by": _TEXT_OR_NULL,
                    }
                ),
            },
            "decision": ref("RecordingDecision"),
            "holds": {**_STRINGS, "description": "The matters of its legal holds."},
            "retainUntil": {**_TIME_OR_NULL, "description": "When the account's retention deletes it; null: never."},
            "deletedAt": _TIME_OR_NULL,
        }
    ),
    "RecordingPage": _object(
        {
            "recordings": {"type": "array", "items": _object(_LISTED)},
            "next": {**_TEXT_OR_NULL, "description": "Send it as `cursor` for the next page; null after the last."},
        },
        unreadable={
            **_STRINGS,
            "description": "Ids of recordings that would be on this page, but whose records are damaged; only where "
            "there are any.",
        },
    ),
    "ListeningLink": _object({"href": {"type": "string"}, "expiresAt": _TIME}),
    "Peaks": _object(
        {
            "version": {"const": 2},
            "channels": {"enum": [1, 2]},
            "sample_rate": {"type": "integer"},
            "samples_per_pixel": {"type": "integer"},
            "bits": {"const": 8},
            "length": {"type": "integer", "description": "Stretches in all."},
            "data": {
                "type": "array",
                "items": {"type": "integer", "minimum": -128, "maximum": 127},
                "description": "For each stretch, and in it for each channel: the least, then the greatest sample.",
            },
        }
    ),
}


def _query(name: str, schema: Schema, about: str, example: str | int | None = None) -> Schema:
    shown = {} if example is None else {"example": example}
    return {"name": name, "in": "query", "schema": schema, "description": about, **shown}


def _text(name: str, about: str, example: str) -> Schema:
    return _query(name, {"type": "string", "minLength": 1, "maxLength": 2000}, about, example)


def _whole(name: str, most: int, default: int, about: str) -> Schema:
    return _query(name, {"type": "integer", "minimum": 1, "maximum": most, "default": default}, about, default)


_URL = f"{BASE}/v6/{ACCOUNT}"
_RECORDING: Schema = {
    "name": "recordingId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
    "description": "The recording's `id`, which is its call's.",
    "example": CALL_ID,
}
_LEG_QUERY = _query(
    "leg",
    {"enum": [*Hearing]},
    "What to hear: one leg; `mixed`, both in one channel; `stereo`, the agent on the left. Without it, both in stereo, "
    "or the one leg there is. 404 where a leg it takes was not recorded.",
)


def _operation(operation_id: str, scope: str, summary: str, *given: Schema, **more: Any) -> Operation:  # noqa: ANN401
    return {
        "operationId": operation_id,
        "tags": [RECORDINGS],
        "summary": summary,
        "security": [{"bearer": [scope]}],
        "parameters": [*given],
        **more,
    }


def _answered(body: Schema, about: str) -> dict[str, Any]:
    return {"200": {"description": about, "content": body}, **refusals("400 401 403 404 503")}


_SEARCH = _operation(
    "findRecordings",
    RECORDINGS_READ,
    "Find recordings",
    _text("callId", "Of this call.", CALL_ID),
    _text("agent", "With this agent, on either side.", "1234"),
    _text("group", "Of calls that were asked of this group.", "030"),
    _text("number", "With this number, as people write it in the account's country.", "020 7206 8888"),
    _text("reference", "Of calls with this reference, exactly.", "0012400000ATTUQ"),
    _query("from", {"type": "string", "format": "date-time"}, "Begun then or later.", "2026-11-24T00:00:00Z"),
    _query("to", {"type": "string", "format": "date-time"}, "Begun before then.", "2026-11-25T00:00:00Z"),
    _query("deleted", {"type": "boolean"}, "Those whose audio is deleted instead.", "false"),
    _whole("limit", MOST_ON_A_PAGE, ON_A_PAGE, "How many at most."),
    _query("cursor", {"type": "string", "format": "uuid"}, "`next` of the page before."),
    *parameters("Accept"),
    description="Whatever is given must match. Newest first.",
    responses=_answered(
        content("RecordingPage", {"one": {"recordings": [listed(_example(), _URL)], "next": None}}), "A page of them."
    ),
)
_READ = _operation(
    "readRecording",
    RECORDINGS_READ,
    "Read a recording's details",
    *parameters("Accept"),
    responses=_answered(content("Recording", {"kept": detailed(_example(), _URL)}), "All but the audio."),
)
_FILE: Schema = {
    "audio/wav": {"schema": {"type": "string", "format": "binary"}},
    "audio/ogg": {"schema": {"type": "string", "format": "binary"}},
}
_AUDIO = _operation(
    "hearRecording",
    RECORDINGS_LISTEN,
    "Listen to a recording, or download it",
    _LEG_QUERY,
    _query("ticket", {"type": "string"}, "Of an address from `links`, in place of a token."),
    _query("format", {"enum": [*Form], "default": "wav"}, "`opus` is in Ogg, and about a tenth of the size."),
    _query("download", {"type": "boolean", "default": False}, "Whether a browser is to save it rather than play it."),
    {
        "name": "Range",
        "in": "header",
        "schema": {"type": "string"},
        "description": "One stretch of bytes; several at a time get all. `If-Range` with the `ETag` is understood.",
        "example": "bytes=0-65535",
    },
    description="Byte for byte the same each time, so that any stretch of it can be had.",
    responses={
        "200": {"description": "All of it.", "content": _FILE},
        "206": {"description": "The stretch that was asked for.", "content": _FILE},
        "416": {
            "description": "The stretch lies beyond the end; `Content-Range` tells the size.",
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        },
        **refusals("400 401 403 404 503"),
    },
)
_LINK = _operation(
    "linkRecording",
    RECORDINGS_LISTEN,
    "Make an address for a player",
    *parameters("Accept"),
    description=(
        "For a player in the browser, which can't send a token. It opens this one recording for an hour, or until the "
        "client's secret is replaced; `&leg=` and `&format=` may be added to it. Whoever has it can listen."
    ),
    responses={
        "201": {
            "description": "The address.",
            "content": content(
                "ListeningLink",
                {
                    "one": {
                        "href": f"{_URL}/recordings/{CALL_ID}/audio?ticket=…",
                        "expiresAt": "2026-11-24T10:30:00.000Z",
                    }
                },
            ),
        },
        **refusals("400 401 403 404 503"),
    },
)
_PEAKS = _operation(
    "readPeaks",
    RECORDINGS_LISTEN,
    "Read a recording's waveform",
    _LEG_QUERY,
    _whole(
        "perSecond", MOST_PEAKS_A_SECOND, PEAKS_A_SECOND, "Stretches a second; fewer of a long one: 60,000 at most."
    ),
    *parameters("Accept"),
    description="For display, in the form that audiowaveform made common and players in the browser read.",
    responses=_answered(content("Peaks"), "The least and the greatest sample of each stretch."),
)
_IN_ACCOUNT = parameters("Version", "AccountKey")
_ALL = "/v{n}/{accountKey}/recordings"
_ONE = _ALL + "/{recordingId}"
PATHS: dict[str, Operation] = {
    _ALL: {"parameters": _IN_ACCOUNT, "get": _SEARCH},
    _ONE: {"parameters": [*_IN_ACCOUNT, _RECORDING], "get": _READ},
    f"{_ONE}/audio": {"parameters": [*_IN_ACCOUNT, _RECORDING], "get": _AUDIO},
    f"{_ONE}/links": {"parameters": [*_IN_ACCOUNT, _RECORDING], "post": _LINK},
    f"{_ONE}/peaks": {"parameters": [*_IN_ACCOUNT, _RECORDING], "get": _PEAKS},
}
"""These, as the whole document has them."""
