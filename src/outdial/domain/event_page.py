"""docs/events.md, made from the catalogue: `python -m outdial.domain.event_page > docs/events.md`."""

import json

from outdial.domain.call import place
from outdial.domain.cloud_events import ENVELOPE, cloud_event
from outdial.domain.notice_types import TYPES, Member, NoticeType, Schema
from outdial.domain.notices import notices
from outdial.domain.plan import CallPlan, Phone, PhoneKind

HEAD = """\
# Events

Made from the code by `python -m outdial.domain.event_page`; a stale copy fails the tests.

Each change of a call, an agent or a webhook is an event, written in the very transaction that made it true. The events
of an account are numbered without a gap. They are read as a stream or in pages (`GET /v{n}/{accountKey}/events`) and
delivered to webhooks; all three tell the same JSON, [CloudEvents 1.0](https://cloudevents.io). How to read them, to
resume and to verify signatures: [reading events](reading-events.md).

A type never loses a member, and no member changes its meaning: that would be a new version beside the old one. Members
may be added at any time, so ignore those you don't know.

## The envelope

| member | what it is |
|---|---|
"""


def describe() -> str:
    """The page."""
    lines = [HEAD.rstrip("\n"), *(f"| `{name}` | {about} |" for name, about in ENVELOPE.items())]
    lines += ["", "An example:", "", "```json", json.dumps(_example(), indent=2), "```", "", "## Types", ""]
    lines += ["| type | what has become true | data |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.about} | {_link(each)} |" for each in TYPES.values()]
    for title, members in _tables().items():
        lines += ["", f"## {title}", "", "| member | JSON | what it is |", "|---|---|---|"]
        lines += [f"| `{member.name}` | {_kind(member.schema)} | {member.about} |" for member in members]
    lines += ["", "## Schemas", "", "One JSON schema for each type, of its `data`; also with `outdial events types`."]
    for each in TYPES.values():
        lines += ["", f"<details><summary>{each.name}</summary>", "", "```json"]
        lines += [json.dumps(each.schema(), separators=(",", ":")), "```", "", "</details>"]
    return "\n".join(lines) + "\n"


def _tables() -> dict[str, tuple[Member, ...]]:
    return {f"Data of {each.family.name} events": each.family.members for each in TYPES.values()}


def _link(kind: NoticeType) -> str:
    return f"[{kind.family.name}](#data-of-{kind.family.name.replace(' ', '-')}-events)"


def _kind(schema: Schema) -> str:
    words = [f"`{word}`" for word in schema.get("enum", ()) if word is not None]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if words:
        return " · ".join(words + (["null"] if "null" in kinds else []))
    if "properties" in schema:
        inner = ", ".join(f"`{name}`: {_kind(each)}" for name, each in schema["properties"].items())
        return f"object ({inner})" + (" or null" if "null" in kinds else "")
    return " or ".join(kinds)


def _example() -> dict[str, object]:
    agent, party = Phone(PhoneKind.SIP, "1234"), Phone(PhoneKind.NUMBER, "+442079460000", "carrier")
    at = 1_795_550_400_123
    plan = CallPlan("1234", agent, party, at, at + 20_000, number=party.address, reference="5003000000D8cuI")
    call, _ = place("3e0b5a36-6b0a-4f5e-a3a8-0a4a7c0e7a10", "a1b2c3d4e5", "main", plan)
    return cloud_event(1, notices(None, call, at)[0])


if __name__ == "__main__":
    print(describe(), end="")
