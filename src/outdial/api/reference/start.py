"""How to begin, at the top of the documentation page: three requests, each with a link to all that is said of it."""

from dataclasses import dataclass
from html import escape

from outdial.api.reference.command_line import bodies_of, command_line
from outdial.api.reference.markup import Node, anchor, inline, operations_of


@dataclass(frozen=True, slots=True)
class _Step:
    operation: str
    title: str
    about: str
    more: str = ""


_STEPS = (
    _Step(
        "getAccountToken",
        "Get a token",
        "With the account's API token as the secret: `outdial sandbox` prints it, `outdial account add` shows it once.",
    ),
    _Step(
        "placeCall",
        "Place a call",
        "With the `access_token` of that reply. The agent's phone rings first, then the other side's.",
    ),
    _Step(
        "readEvents",
        "Watch it",
        "Everything that happens, as it happens. Or read the call, at the `Location` of the reply.",
        '-N -H "Accept: text/event-stream"',
    ),
)


def start(document: Node) -> str:
    """The three steps; nothing where the document has other operations."""
    found = {
        operation.get("operationId"): (path, method, operation) for path, method, operation in operations_of(document)
    }
    if not all(step.operation in found for step in _STEPS):
        return ""
    items = ""
    for step in _STEPS:
        path, method, operation = found[step.operation]
        sent = next(bodies_of(document, operation), None)
        link = f'<a href="#{anchor(path, method)}">{escape(step.title)}</a>'
        line = command_line(document, path, method, operation, sent, step.more)
        items += f"<li><p><b>{link}.</b> {inline(step.about)}</p>{line}</li>"
    return f'<section id="start"><h2>Three steps to a call</h2><ol>{items}</ol></section>'
