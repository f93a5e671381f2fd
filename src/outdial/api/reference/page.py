"""The documentation page: made here from the OpenAPI document, as one HTML file that asks no other host for anything.

Knows OpenAPI, and nothing of the API itself.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from outdial.api.reference.style import STYLE

Node = Mapping[str, Any]
_CONTINUED = " \\\n  "
METHODS = ("get", "post", "put", "patch", "delete")


def page(document: Node) -> str:
    """The whole page."""
    info = document["info"]
    by_tag = dict(_by_tag(document))
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    order = [*(tag for tag in tags if tag in by_tag), *(tag for tag in by_tag if tag not in tags)]
    sections = "".join(_section(document, tag, tags.get(tag, ""), by_tag[tag]) for tag in order)
    contents = "".join(_contents(tag, by_tag[tag]) for tag in order)
    title = f"{escape(info['title'])} API"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f"<nav><h1>{title}</h1><p>Version {escape(info['version'])}</p>{contents}"
        '<p><a href="openapi.json">OpenAPI document</a></p></nav>'
        f"<main>{_text(info.get('description', ''))}{sections}{_schemas(document)}</main></body></html>"
    )


Operations = list[tuple[str, str, Node]]
"""Path, method, operation."""


def _by_tag(document: Node) -> Iterator[tuple[str, Operations]]:
    found: dict[str, Operations] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = {**item[method]}
                operation["parameters"] = [*item.get("parameters", []), *operation.get("parameters", [])]
                found.setdefault(operation.get("tags", ["Other"])[0], []).append((path, method, operation))
    yield from found.items()


def _contents(tag: str, operations: Operations) -> str:
    links = "".join(
        f'<li><a href="#{_anchor(path, method)}"><b class="{method}">{method.upper()}</b> '
        f"{escape(operation.get('summary', path))}</a></li>"
        for path, method, operation in operations
    )
    return f"<h2>{escape(tag)}</h2><ul>{links}</ul>"


def _section(document: Node, tag: str, about: str, operations: Operations) -> str:
    articles = "".join(_operation(document, path, method, operation) for path, method, operation in operations)
    return f"<section><h2>{escape(tag)}</h2>{_text(about)}{articles}</section>"


def _operation(document: Node, path: str, method: str, operation: Node) -> str:
    scopes = ", ".join(f"<code>{escape(scope)}</code>" for scope in _scopes(operation))
    token = f"<p>Needs a bearer token with the scope {scopes}.</p>" if scopes else ""
    return (
        f'<article id="{_anchor(path, method)}"><h3>{escape(operation.get("summary", ""))}</h3>'
        f'<p class="url"><b class="{method}">{method.upper()}</b> <code>{escape(path)}</code></p>'
        f"{_text(operation.get('description', ''))}{token}"
        f"{_parameters(document, operation)}{_request(document, path, method, operation)}"
        f"{_responses(document, operation)}</article>"
    )


def _scopes(operation: Node) -> list[str]:
    return [scope for way in operation.get("security", []) for scopes in way.values() for scope in scopes]


def _parameters(document: Node, operation: Node) -> str:
    rows = ""
    for found in operation["parameters"]:
        parameter = _resolved(document, found)
        needed = "required" if parameter.get("required") else "optional"
        rows += (
            f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}, {needed}</td>"
            f"<td>{_inline(parameter.get('description', ''))}</td></tr>"
        )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _request(document: Node, path: str, method: str, operation: Node) -> str:
    body = operation.get("requestBody")
    if body is None:
        return f"<h4>Request</h4>{_curl(document, path, method, operation, None, None, {})}"
    blocks = ""
    for media_type, content in body["content"].items():
        blocks += f"<h4>Request</h4><p>{_described(document, content.get('schema', {}))}</p>"
        for name, example in (_examples(document, content) or {"": {}}).items():
            caption = example.get("summary", name)
            blocks += f"<p class=caption>{escape(caption)}</p>" if caption else ""
            blocks += _curl(document, path, method, operation, media_type, example.get("value"), example)
    return blocks


def _curl(
    document: Node,
    path: str,
    method: str,
    operation: Node,
    media_type: str | None,
    value: object,
    example: Node,
) -> str:
    """A request as somebody would type it."""
    lines = [f'curl -X {method.upper()} "https://calls.example.com{_filled(document, path, operation)}"']
    if "bearer" in str(operation.get("security", "")):
        lines.append('-H "Authorization: Bearer <ACCESS_TOKEN>"')
    if media_type is not None:
        version = example.get("x-version")
        lines.append(f'-H "Content-Type: {media_type}{f";version={version}" if version else ""}"')
    if isinstance(value, dict) and media_type == "application/x-www-form-urlencoded":
        lines += [f'-d "{name}={member}"' for name, member in value.items()]
    elif value is not None:
        lines.append(f"-d '{json.dumps(value, ensure_ascii=False)}'")
    return f"<pre>{escape(_CONTINUED.join(lines))}</pre>"


def _filled(document: Node, path: str, operation: Node) -> str:
    """The path with its examples, and the query with those that are required."""
    query = []
    for found in operation["parameters"]:
        parameter = _resolved(document, found)
        example = str(parameter.get("example", f"<{parameter['name']}>"))
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", example)
        elif parameter["in"] == "query" and parameter.get("required"):
            query.append(f"{parameter['name']}={example}")
    return path + ("?" + "&".join(query) if query else "")


def _responses(document: Node, operation: Node) -> str:
    blocks = ""
    for status, found in operation["responses"].items():
        response = _resolved(document, found)
        shown = ""
        for content in response.get("content", {}).values():
            shown += f"<p>{_described(document, content.get('schema', {}))}</p>"
            for name, example in _examples(document, content).items():
                shown += f"<p class=caption>{escape(name)}</p>{_json(example.get('value'))}"
        headers = ", ".join(f"<code>{escape(name)}</code>" for name in response.get("headers", {}))
        shown += f"<p>Headers: {headers}</p>" if headers else ""
        blocks += (
            f"<details><summary><b class=s{escape(status[:1])}>{escape(status)}</b> "
            f"{_inline(response.get('description', ''))}</summary>{shown}</details>"
        )
    return f"<h4>Responses</h4>{blocks}"


def _examples(document: Node, content: Node) -> dict[str, Any]:
    found = {name: _resolved(document, example) for name, example in content.get("examples", {}).items()}
    return found or ({"": {"value": content["example"]}} if "example" in content else {})


def _described(document: Node, schema: Node) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#schema-{escape(name)}">{escape(name)}</a>' if name else ""


def _schemas(document: Node) -> str:
    schemas = document.get("components", {}).get("schemas", {})
    blocks = "".join(
        f'<details id="schema-{escape(name)}"><summary>{escape(name)}</summary>{_json(schema)}</details>'
        for name, schema in schemas.items()
    )
    return f"<section><h2>Schemas</h2>{blocks}</section>"


def _resolved(document: Node, node: Node) -> Node:
    """What a pointer points to."""
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    resolved: Node = found
    return resolved


def _json(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


def _text(text: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph)


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _anchor(path: str, method: str) -> str:
    return escape(f"{method}-" + re.sub(r"[^0-9A-Za-z]+", "-", path).strip("-"))
