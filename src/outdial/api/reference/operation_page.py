"""One operation on the documentation page: what it does, how it is asked, and how it answers; closed until opened.

Knows OpenAPI, and nothing of the API itself.
"""

import json
from html import escape
from typing import Any

from outdial.api.reference.command_line import bodies_of, command_line, example_of, parameters_of
from outdial.api.reference.markup import (
    Node,
    anchor,
    examples_of,
    inline,
    json_block,
    paragraphs,
    resolved,
    schema_link,
    titled,
)


def operation_part(document: Node, path: str, method: str, operation: Node, tokens: str) -> str:
    """An operation. Its address is within what opens, as browsers open what a link leads into.

    Args:
        tokens: where on the page it says how a token is got.
    """
    scopes = ", ".join(f"<code>{escape(scope)}</code>" for scope in _scopes(operation))
    token = f'<p>Needs a <a href="#{tokens}">bearer token</a> with the scope {scopes}.</p>' if scopes else ""
    about = json.dumps(_trying(document, path, method, operation), ensure_ascii=False)
    return (
        f'<article data-try="{escape(about)}"><details><summary><h3>{escape(operation.get("summary", ""))}</h3> '
        f'<span class="url"><b class="{method}">{method.upper()}</b> <code>{escape(path)}</code></span></summary>'
        f'<div id="{anchor(path, method)}">{paragraphs(operation.get("description", ""))}{token}'
        f"{_parameters(document, operation)}{_request(document, path, method, operation)}"
        f"{_responses(document, operation)}</div></details></article>"
    )


def _scopes(operation: Node) -> list[str]:
    return [scope for way in operation.get("security", []) for scopes in way.values() for scope in scopes]


def _parameters(document: Node, operation: Node) -> str:
    rows = ""
    for parameter in parameters_of(document, operation):
        needed = "required" if parameter.get("required") else "optional"
        rows += (
            f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}, {needed}</td>"
            f"<td>{inline(parameter.get('description', ''))}</td></tr>"
        )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _request(document: Node, path: str, method: str, operation: Node) -> str:
    body = operation.get("requestBody")
    if body is None:
        return f"<h4>Request</h4>{command_line(document, path, method, operation, None)}"
    links = "".join(schema_link(content.get("schema", {})) for content in body["content"].values())
    blocks = "".join(
        f'<p class="caption">{escape(sent.title)}</p>{command_line(document, path, method, operation, sent)}'
        for sent in bodies_of(document, operation)
    )
    return f"<h4>Request</h4>{links}{blocks}"


def _responses(document: Node, operation: Node) -> str:
    blocks = ""
    for status, found in operation["responses"].items():
        response = resolved(document, found)
        shown = ""
        for content in response.get("content", {}).values():
            examples = examples_of(document, content)
            shown += schema_link(content.get("schema", {}))
            for name, example in examples.items():
                title = f'<p class="caption">{escape(titled(name, example))}</p>' if len(examples) > 1 else ""
                shown += title + json_block(example.get("value"))
        headers = ", ".join(f"<code>{escape(name)}</code>" for name in response.get("headers", {}))
        shown += f"<p>Headers: {headers}</p>" if headers else ""
        blocks += (
            f'<details><summary><b class="s{escape(status[:1])}">{escape(status)}</b> '
            f"{inline(response.get('description', ''))}</summary>{shown}</details>"
        )
    return f"<h4>Responses</h4>{blocks}"


def _trying(document: Node, path: str, method: str, operation: Node) -> dict[str, Any]:
    """What the page's script makes a form of."""
    return {
        "method": method.upper(),
        "path": path,
        "token": bool(_scopes(operation)),
        "parameters": [_field(operation, parameter) for parameter in parameters_of(document, operation)],
        "bodies": [
            {"title": sent.title, "type": sent.media_type, "text": sent.text(indent=2)}
            for sent in bodies_of(document, operation)
        ],
        "gives": _given(operation),
    }


def _field(operation: Node, parameter: Node) -> dict[str, Any]:
    schema = parameter.get("schema", {})
    choices = ["true", "false"] if schema.get("type") == "boolean" else [str(each) for each in schema.get("enum", [])]
    if parameter["name"] == "Accept":
        replies = [*operation["responses"].get("200", {}).get("content", {})]
        choices = replies if len(replies) > 1 else []
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": bool(parameter.get("required")),
        "example": example_of(parameter) if "example" in parameter else "",
        "choices": choices,
    }


def _given(operation: Node) -> dict[str, str]:
    """Which parameters of other operations this one's reply has, by OpenAPI's links: in which member."""
    found = {}
    for response in operation["responses"].values():
        for link in response.get("links", {}).values():
            for name, place in link["parameters"].items():
                found[name.removeprefix("path.")] = place.removeprefix("$response.body#/")
    return found
