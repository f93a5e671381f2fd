"""One recording in lines for people. Pure; knows the API's members and no more."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from outdial.cli.told import moment

Item = dict[str, Any]
LEGS = {"none": "nothing", "agent": "the agent's leg", "both": "both legs"}
ACTS = {"given": "agreed", "refused": "refused", "withdrawn": "withdrew its consent"}
KEYS = {"given": "key 1", "refused": "key 2"}


def recording_lines(found: Item) -> Iterator[tuple[str, str]]:
    """A heading and what there is to say of it, line by line; what goes on has no heading."""
    begun = found["startedAt"]
    yield "id", found["id"]
    yield "status", found["status"] + (", cut short" if found["cutShort"] else "")
    yield "begun", f"{moment(begun)} UTC"
    yield "ended", _at(found["endedAt"], begun) if found["endedAt"] else "-"
    yield "length", f"{found['lengthMs'] / 1000:g} s"
    yield "agent", found["agentId"]
    yield "other side", found["number"] or (f"agent {found['calledAgentId']}" if found["calledAgentId"] else "-")
    yield "groups", ", ".join(found["groups"]) or "-"
    yield "reference", found["reference"] or "-"
    legs = (f"{each['leg']}: {each['lengthMs']} ms, SHA-256 {each['sha256']}" for each in found["legs"])
    yield from _under("legs", legs)
    yield from _under("pauses", (_pause(each, begun) for each in found["pauses"]))
    yield from _under("consents", (f"{_at(each['at'], begun)} {consent_told(each)}" for each in found["consents"]))
    yield from _under("decision", _decision(found["decision"]))
    yield "holds", ", ".join(found["holds"]) or "-"
    yield "kept until", f"{moment(found['retainUntil'])} UTC" if found["retainUntil"] else "for ever"
    if found["deletedAt"]:
        yield "deleted", f"{moment(found['deletedAt'])} UTC"


def consent_told(taken: Item) -> str:
    """What the other side did, and how that is known."""
    how = KEYS.get(taken["act"], "a key") if taken["way"] == "dtmf" else f"told by {taken['by'] or 'nobody named'}"
    return f"the other side {ACTS[taken['act']]} ({how})"


def written(lines: Iterable[tuple[str, str]]) -> Callable[[Console], None]:
    """Writes such lines below each other."""
    pairs = list(lines)

    def write(console: Console) -> None:
        width = max(len(heading) for heading, _ in pairs)
        for heading, text in pairs:
            console.print(Text(f"{heading:<{width}}  ", style="bold"), Text(text), sep="")

    return write


def _under(heading: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in list(lines) or ["-"]:
        yield heading, line
        heading = ""


def _at(at: str, begun: str) -> str:
    """The time of the day alone where it is the day on which the recording began."""
    return moment(at)[11:] if at[:10] == begun[:10] else moment(at)


def _pause(pause: Item, begun: str) -> str:
    until = f"to {_at(pause['to'], begun)}" if pause["to"] else "to the end"
    by = f", paused by {pause['by']}" if pause["by"] else ""
    resumed = f", resumed by {pause['resumedBy']}" if pause["resumedBy"] else ""
    return f"{_at(pause['from'], begun)} {until}{by}{resumed}"


def _decision(decision: Item) -> Iterator[str]:
    yield f"from the beginning: {LEGS[decision['legs']]}"
    if decision["legsAfterConsent"] != decision["legs"]:
        yield f"once the other side has agreed: {LEGS[decision['legsAfterConsent']]}"
    yield f"rule: {decision['rule']}"
    inputs = decision["inputs"]
    yield f"scenario: {inputs['scenario'] or '-'}"
    if inputs["from"] or inputs["to"]:
        yield f"consent given with the call: from {inputs['from'] or '-'}, to {inputs['to'] or '-'}"
    if inputs["account"]:
        unknown = f"with the consent Unknown {LEGS[inputs['accountWhenUnknown']]}"
        yield f"setting: without consent {LEGS[inputs['account']]}, {unknown}"
    if inputs["overrides"]:
        yield f"setting of: {inputs['overrides']}"
    if decision["announcement"]:
        yield f"asked by the announcement {decision['announcement']}"
    if decision["autoResumeSeconds"]:
        yield f"a pause ends by itself after {decision['autoResumeSeconds']} s"
    if decision["recordOrDrop"]:
        yield "the call ends if its recording fails"
