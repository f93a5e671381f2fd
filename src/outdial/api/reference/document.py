"""The OpenAPI document: the Calls API by hand, the management API from its models, what they share in one place."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from outdial.api.auth import ADMIN, SCOPES
from outdial.api.manage.routes import TAGS as MANAGE_TAGS
from outdial.api.reference.event_operations import ABOUT, EVENTS
from outdial.api.reference.event_operations import PATHS as EVENT_PATHS
from outdial.api.reference.examples import BASE
from outdial.api.reference.manage_examples import IN_PATHS, OPERATORS_CLIENT, bodies
from outdial.api.reference.operations import AGENTS, CALLS, PATHS, PROCESS, TOKENS
from outdial.api.reference.recording_operations import ABOUT as ABOUT_RECORDINGS
from outdial.api.reference.recording_operations import PATHS as RECORDING_PATHS
from outdial.api.reference.recording_operations import RECORDINGS
from outdial.api.reference.recording_operations import SCHEMAS as RECORDING_SCHEMAS
from outdial.api.reference.schemas import SCHEMAS
from outdial.api.reference.shared import HEADERS, JSON, NAMES, PARAMETERS, RESPONSES, refusals

_ABOUT = (
    "Outdial places phone calls on behalf of agents: a request names an agent, or groups to choose an available agent "
    "from, and whom to call; the agent's phone rings, then the other side's, and both are joined.\n\n"
    "Every refusal has the same shape, `message` and `code`. A service with too many requests under way answers any of "
    "them with 503 and `Retry-After`. Paths of the Calls API are matched without regard to "
    "case, and with or without the last slash."
)
_TAGS = {
    CALLS: "Make a call, read it, hang it up.",
    AGENTS: "Who there is, and who is available.",
    EVENTS: ABOUT,
    RECORDINGS: ABOUT_RECORDINGS,
    TOKENS: "Access tokens, for secrets. OAuth 2.0, client credentials.",
    PROCESS: "How the process is.",
}


METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_UNTOLD = "Successful Response"
"""What is said of a reply by default."""
_NAMING_THE_MEMBER = {
    "description": "Something is not as it must be; the first such thing, and which member it is.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}},
}
"""What the management API says with 400; its schema comes with its models."""


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
        made["servers"] = [{"url": BASE}]
        made["components"] = _components(made.get("components", {}))
        for path, item in made.setdefault("paths", {}).items():
            for operation in item.values():
                _complete(path, operation, made["components"]["schemas"])
        made["paths"] = {**PATHS, **EVENT_PATHS, **RECORDING_PATHS, **made["paths"]}
        for item in made["paths"].values():
            for method in METHODS & set(item):
                item[method]["responses"] = dict(sorted(item[method]["responses"].items()))
        made["tags"] = [{"name": name, "description": about} for name, about in (_TAGS | MANAGE_TAGS).items()]
        made["x-tagGroups"] = [
            {"name": "Calls API", "tags": [*_TAGS]},
            {"name": "Management API", "tags": [*MANAGE_TAGS]},
        ]
        app.openapi_schema = made
    return app.openapi_schema


def _components(found: dict[str, Any]) -> dict[str, Any]:
    schemas = {name: schema for name, schema in found.get("schemas", {}).items() if "ValidationError" not in name}
    return {
        **found,
        "schemas": {**schemas, **SCHEMAS, **RECORDING_SCHEMAS},
        "parameters": PARAMETERS,
        "headers": HEADERS,
        "responses": {NAMES[status]: response for status, response in RESPONSES.items()},
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "An access token. Scopes: "
                + "; ".join(f"`{scope}`: {about}" for scope, about in SCOPES.items())
                + ".",
            },
            "basic": {"type": "http", "scheme": "basic", "description": "Client id and secret; for a token only."},
        },
    }


def _complete(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say of an operation of the management API what is true of all: how it answers, and what is sent to it."""
    operation["security"] = [{"bearer": [ADMIN]}]
    responses = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    for response in responses.values():
        if response["description"] == _UNTOLD:
            response["description"] = _told(response, schemas)
    responses.setdefault("400", _NAMING_THE_MEMBER)
    wanted = "401 403 404 503"
    if "requestBody" in operation:
        wanted += " 413 415"
        sent = operation["requestBody"]["content"].get(JSON)
        if sent is not None:
            sent["examples"] = bodies(operation["operationId"])
    for status, refusal in refusals(wanted).items():
        responses.setdefault(status, refusal)
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["example"] = _in_path(path, parameter)


def _told(response: dict[str, Any], schemas: dict[str, Any]) -> str:
    """What a reply is: what its schema says of itself."""
    schema = response.get("content", {}).get(JSON, {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    about: str = schemas.get(name, {}).get("description", "Done. The reply is empty.")
    return about


def _in_path(path: str, parameter: dict[str, Any]) -> str:
    name = parameter["name"]
    if name == "clientId" and path.startswith("/manage/clients/"):
        return OPERATORS_CLIENT
    example: str = IN_PATHS.get(name) or parameter["schema"]["examples"][0]
    return example
