"""A request as somebody would type it: a command line of curl."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from outdial.api.reference.markup import Node, examples_of, resolved, titled

_CONTINUED = " \\\n  "
FORM = "application/x-www-form-urlencoded"
FILE = "application/octet-stream"
_SUFFIXES = {"audio/wav": ".wav", "audio/ogg": ".ogg"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that is sent, with what it is."""

    title: str
    media_type: str
    value: Any

    def text(self, indent: int | None = None) -> str:
        """As people write it: JSON, a line for each field of a form, or a file's name."""
        if self.media_type == FILE:
            return str(self.value)
        if self.media_type == FORM:
            return "\n".join(f"{name}={member}" for name, member in self.value.items())
        return json.dumps(self.value, ensure_ascii=False, indent=indent)


def bodies_of(document: Node, operation: Node) -> Iterator[Sent]:
    """The examples of what may be sent."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == FILE:
            yield Sent("A file", FILE, "sound.wav")
        for name, example in examples_of(document, content).items():
            version = example.get("x-version")
            told = f"{media_type};version={version}" if version else media_type
            yield Sent(titled(name, example), told, example["value"])


def command_line(document: Node, path: str, method: str, operation: Node, sent: Sent | None, more: str = "") -> str:
    """The request with one body, or with none; and what else is to be written into it."""
    server = document.get("servers", [{"url": ""}])[0]["url"]
    lines = [f'curl -X {method.upper()} "{server}{_filled(document, path, operation)}"']
    if "bearer" in str(operation.get("security", "")):
        lines.append('-H "Authorization: Bearer <ACCESS_TOKEN>"')
    if sent is not None:
        lines.append(f'-H "Content-Type: {sent.media_type}"')
        lines += _data(sent)
    file = _file_of(document, operation)
    if file:
        lines.append(f"-o {file}")
    if more:
        lines.append(more)
    return f'<pre class="curl">{escape(_CONTINUED.join(lines))}</pre>'


def _data(sent: Sent) -> list[str]:
    if sent.media_type == FILE:
        return [f"--data-binary @{sent.text()}"]
    if sent.media_type == FORM:
        return [f'-d "{line}"' for line in sent.text().splitlines()]
    quoted = sent.text().replace("'", "'\\''")
    return [f"-d '{quoted}'"]


def _file_of(document: Node, operation: Node) -> str | None:
    """Where a reply that is nothing to read goes: its sound."""
    found = resolved(document, operation["responses"].get("200", {}))
    suffix = next((_SUFFIXES[each] for each in found.get("content", {}) if each in _SUFFIXES), None)
    return suffix and f"recording{suffix}"


def _filled(document: Node, path: str, operation: Node) -> str:
    """The path with its examples, and the query with those that are required."""
    query = []
    for parameter in parameters_of(document, operation):
        example = example_of(parameter)
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", example)
        elif parameter["in"] == "query" and parameter.get("required"):
            query.append(f"{parameter['name']}={example}")
    return path + ("?" + "&".join(query) if query else "")


def parameters_of(document: Node, operation: Node) -> list[Mapping[str, Any]]:
    """An operation's parameters."""
    return [resolved(document, each) for each in operation["parameters"]]


def example_of(parameter: Node) -> str:
    """What a parameter might be."""
    return str(parameter.get("example", f"<{parameter['name']}>"))
