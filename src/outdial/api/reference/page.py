"""The documentation page: made here from the OpenAPI document, as one HTML file that asks no other host for anything.

Knows OpenAPI, and nothing of the API itself. Without its script it is the same to read.
"""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from outdial.api.reference.markup import (
    Node,
    anchor,
    json_block,
    operations_of,
    paragraphs,
    section_anchor,
)
from outdial.api.reference.operation_page import operation_part
from outdial.api.reference.start import start
from outdial.api.reference.style import STYLE

SCRIPT = Path(__file__).with_name("try_it.js").read_text(encoding="utf-8")
_HASH = b64encode(sha256(SCRIPT.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; script-src 'sha256-{_HASH}'; style-src 'unsafe-inline'; connect-src 'self'; "
    "media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the page may do: run its one script, which asks this host alone, and can put nothing into the page as HTML."""
Operations = list[tuple[str, str, Node]]
"""Path, method, operation."""


def page(document: Node) -> str:
    """The whole page."""
    info, by_tag = document["info"], _by_tag(document)
    about = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    groups = _groups(document, by_tag)
    tokens = next((section_anchor(tag) for tag, found in by_tag.items() if _gives_tokens(found)), "")
    sections = "".join(
        _section(document, tag, about.get(tag, ""), by_tag[tag], tokens) for _, tags in groups for tag in tags
    )
    contents = "".join(_contents(name, tags, by_tag) for name, tags in groups)
    title = f"{escape(info['title'])} API"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f'<a class="skip" href="#main">Skip the contents</a>'
        f"<nav><h1>{title}</h1><p>Version {escape(info['version'])} · "
        f'<a href="openapi.json">OpenAPI document</a></p><div id="tools"></div>'
        f'<details id="contents" open><summary>Contents</summary>{contents}</details></nav>'
        f'<main id="main" tabindex="-1">{paragraphs(info.get("description", ""))}{start(document)}{sections}'
        f"{_schemas(document)}</main><script>{SCRIPT}</script></body></html>"
    )


def _by_tag(document: Node) -> dict[str, Operations]:
    found: dict[str, Operations] = {}
    for path, method, operation in operations_of(document):
        found.setdefault(operation.get("tags", ["Other"])[0], []).append((path, method, operation))
    return found


def _groups(document: Node, by_tag: dict[str, Operations]) -> list[tuple[str, list[str]]]:
    """Tags in order, in groups with a name; those of no group without one."""
    groups: list[tuple[str, Sequence[str]]] = [
        (group["name"], group["tags"]) for group in document.get("x-tagGroups", [])
    ]
    placed = {tag for _, tags in groups for tag in tags}
    rest = [tag["name"] for tag in document.get("tags", [])]
    groups.append(("", [tag for tag in dict.fromkeys([*rest, *by_tag]) if tag not in placed]))
    return [(name, [tag for tag in tags if tag in by_tag]) for name, tags in groups]


def _gives_tokens(operations: Operations) -> bool:
    """Whether these are what takes an id and a secret."""
    return any("basic" in way for _, _, operation in operations for way in operation.get("security", []))


def _contents(group: str, tags: Sequence[str], by_tag: dict[str, Operations]) -> str:
    lists = "".join(
        f'<div class="tag"><h3><a href="#{section_anchor(tag)}">{escape(tag)}</a></h3>'
        f"<ul>{_links(by_tag[tag])}</ul></div>"
        for tag in tags
    )
    return f'<div class="group">{f"<h2>{escape(group)}</h2>" if group else ""}{lists}</div>'


def _links(operations: Operations) -> str:
    return "".join(
        f'<li><a href="#{anchor(path, method)}"><b class="{method}">{method.upper()}</b> '
        f"<span>{escape(operation.get('summary', path))}</span></a></li>"
        for path, method, operation in operations
    )


def _section(document: Node, tag: str, about: str, operations: Operations, tokens: str) -> str:
    articles = "".join(operation_part(document, *operation, tokens) for operation in operations)
    return (
        f'<section class="operations" id="{section_anchor(tag)}"><h2>{escape(tag)}</h2>'
        f"{paragraphs(about)}{articles}</section>"
    )


def _schemas(document: Node) -> str:
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    blocks = "".join(
        f'<details class="schema"><summary>{escape(name)}</summary><div id="schema-{escape(name)}">'
        f"{json_block(schema)}</div></details>"
        for name, schema in schemas.items()
    )
    return f'<section id="schemas"><h2>Schemas</h2>{blocks}</section>'
