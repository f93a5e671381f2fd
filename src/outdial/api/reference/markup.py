"""How parts of an OpenAPI document are written as HTML. Everything in it is text, and is escaped here."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Node = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def operations_of(document: Node) -> Iterator[tuple[str, str, Node]]:
    """Path, method and operation, which has its path's parameters too."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                yield path, method, {**item[method], "parameters": parameters}


def resolved(document: Node, node: Node) -> Node:
    """What a pointer points to."""
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    pointed: Node = found
    return pointed


def examples_of(document: Node, content: Node) -> dict[str, Any]:
    """The examples of a body, by name."""
    found = {name: resolved(document, example) for name, example in content.get("examples", {}).items()}
    return found or ({"": {"value": content["example"]}} if "example" in content else {})


def titled(name: str, example: Node) -> str:
    """What stands above an example: its summary, or else its name, in words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("-", " ").split()
    told = " ".join(word if word.isupper() else word.lower() for word in words)
    return str(example.get("summary") or told[:1].upper() + told[1:])


def json_block(value: object) -> str:
    """A value, indented; a text as it is."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"<pre>{escape(text)}</pre>"


def paragraphs(text: str) -> str:
    """A text with blank lines between its paragraphs."""
    return "".join(f"<p>{inline(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph)


def inline(text: str) -> str:
    """A text with code between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def schema_link(schema: Node) -> str:
    """A link to a schema that has a name."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<p><a href="#schema-{escape(name)}">{escape(name)}</a></p>' if name else ""


def anchor(path: str, method: str) -> str:
    """Where an operation is on the page."""
    return escape(f"{method}-" + re.sub(r"[^0-9A-Za-z]+", "-", path).strip("-"))


def section_anchor(tag: str) -> str:
    """Where the operations of a tag begin."""
    return "section-" + re.sub(r"[^0-9A-Za-z]+", "-", tag).strip("-").lower()
