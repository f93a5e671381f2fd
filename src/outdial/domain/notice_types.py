"""Every type of notice that other programs are told: its name, one sentence, and the members of its data.

A type never loses a member or changes its meaning: that would be a new version beside it. The names are the
field's words; `event_page` makes docs/events.md of all this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from outdial.domain.agents import AgentState
from outdial.domain.call import State
from outdial.domain.events import Asker
from outdial.domain.legs import Side
from outdial.domain.presence import Presence
from outdial.domain.results import Code, Party, Reason

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a notice's data: its JSON schema, and what it means."""

    name: str
    schema: Schema
    about: str


@dataclass(frozen=True, slots=True)
class Family:
    """Types whose data have the same members."""

    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class NoticeType:
    """One type of notice. `about` says what has become true."""

    name: str
    about: str
    family: Family

    def schema(self) -> Schema:
        """JSON schema of the data. Members may be added within a version, so that unknown ones must be ignored."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.about,
            "type": "object",
            "properties": {each.name: {**each.schema, "description": each.about} for each in self.family.members},
            "required": [each.name for each in self.family.members],
        }


def text() -> Schema:
    """A text that is always there."""
    return {"type": "string"}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    if "enum" in schema:
        return {**schema, "type": [schema["type"], "null"], "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def one_of(*words: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words)}


def moment() -> Schema:
    """A time."""
    return {"type": "integer", "minimum": 0}


_TEXT_OR_NULL = or_null(text())
_MOMENT_OR_NULL = or_null(moment())
_RESULT: Schema = {
    "type": ["object", "null"],
    "properties": {"code": one_of(*Code), "party": one_of(*Party), "reason": one_of(*Reason)},
    "required": ["code", "party", "reason"],
}
_PARTY: Schema = {
    "type": "object",
    "properties": {"number": _TEXT_OR_NULL, "agentId": _TEXT_OR_NULL},
    "required": ["number", "agentId"],
}

_RECORDING: Schema = {
    "type": "object",
    "properties": {
        "legs": {"type": "array", "items": one_of(*Side)},
        "paused": {"type": "boolean"},
        "failure": _TEXT_OR_NULL,
    },
    "required": ["legs", "paused", "failure"],
}

CALL = Family(
    "call",
    (
        Member("callId", text(), "Id of the call, as the Calls API gives it."),
        Member("agentId", text(), "The agent on whose behalf the call is placed."),
        Member("groups", {"type": "array", "items": text()}, "Groups the agent was chosen from; empty if named."),
        Member("party", _PARTY, "The other side: a number in E.164, or an agent."),
        Member("reference", _TEXT_OR_NULL, "What the call is about, as the request gave it."),
        Member("application", _TEXT_OR_NULL, "The application that asked for the call."),
        Member("state", one_of(*State), "Where the call is after this."),
        Member("revision", {"type": "integer", "minimum": 0}, "Grows with every change of the call."),
        Member("result", _RESULT, "How the call ended; null while that is open."),
        Member("detail", _TEXT_OR_NULL, "A sentence for people about the result, where there is more to say."),
        Member("hungUpBy", or_null(one_of(*Asker)), "Who ended the call; null while nobody has."),
        Member("createdAt", moment(), "When the call was placed."),
        Member("agentAnsweredAt", _MOMENT_OR_NULL, "When the agent picked up."),
        Member("partyAnsweredAt", _MOMENT_OR_NULL, "When the other side picked up."),
        Member("joinedAt", _MOMENT_OR_NULL, "When both heard each other."),
        Member("endedAt", _MOMENT_OR_NULL, "When no leg was left and the agent was free of the call."),
        Member("recording", _RECORDING, "The legs being recorded, whether paused, and what went wrong last."),
    ),
)

AGENT = Family(
    "agent",
    (
        Member("agentId", text(), "Id of the agent."),
        Member("name", text(), "Their name."),
        Member("presence", one_of(*Presence), "What the agent says of themselves."),
        Member("state", one_of(*(state.word for state in AgentState)), "The state that follows."),
        Member("stateCode", {"type": "integer"}, "The same as a number."),
        Member("phoneOnline", {"type": ["boolean", "null"]}, "Whether the phone is registered; null if unknown."),
        Member("callId", _TEXT_OR_NULL, "The call the agent is on."),
        Member("wrapUpUntil", _MOMENT_OR_NULL, "Until when the agent wraps up the last call."),
    ),
)

WEBHOOK = Family(
    "webhook",
    (
        Member("webhookId", text(), "Id of the webhook."),
        Member("url", text(), "Where it delivers to, without what stands behind a question mark."),
        Member("reason", text(), "Why it was switched off, for people."),
    ),
)
TEST = Family("test", (Member("webhookId", text(), "Id of the webhook that is tested."),))


def _leg(word: str, who: str) -> tuple[NoticeType, ...]:
    told = {
        "dialled": f"The switch is asked to ring {who}'s phone.",
        "ringing": f"{who.capitalize()}'s phone rings.",
        "early_media": f"{who.capitalize()} has tones or an announcement played; that is no answer.",
        "answered": f"{who.capitalize()} picked up.",
        "ended": f"{who.capitalize()}'s line is gone.",
    }
    return tuple(NoticeType(f"call.{word}.{name}.v1", about, CALL) for name, about in told.items())


CALL_TYPES = (
    NoticeType("call.placed.v1", "A call was accepted, and its agent reserved.", CALL),
    *_leg("originator", "the agent"),
    *_leg("destination", "the other side"),
    NoticeType("call.joined.v1", "Both sides hear each other.", CALL),
    NoticeType("call.consent.given.v1", "The other side agreed to being recorded, or somebody said so.", CALL),
    NoticeType("call.consent.refused.v1", "The other side refused to be recorded.", CALL),
    NoticeType("call.consent.withdrawn.v1", "The other side does not agree to being recorded any more.", CALL),
    NoticeType("call.recording.started.v1", "Legs of the call are being recorded from now on.", CALL),
    NoticeType("call.recording.paused.v1", "Silence takes the place of what is said.", CALL),
    NoticeType("call.recording.resumed.v1", "What is said is recorded again.", CALL),
    NoticeType("call.recording.stopped.v1", "A leg is not recorded any more, for want of consent.", CALL),
    NoticeType(
        "call.recording.failed.v1", "Something went wrong while the call was recorded, or its recording kept.", CALL
    ),
    NoticeType("call.ended.v1", "The call is over, and its result is final.", CALL),
)
AGENT_TYPES = (
    NoticeType("agent.presence.changed.v1", "An agent said something else of themselves.", AGENT),
    NoticeType("agent.state.changed.v1", "Another state follows, by call, wrap-up or presence.", AGENT),
    NoticeType("agent.phone.online.v1", "An agent's phone has registered.", AGENT),
    NoticeType("agent.phone.offline.v1", "An agent's phone is no longer registered.", AGENT),
)
WEBHOOK_TYPES = (
    NoticeType("webhook.disabled.v1", "A webhook was switched off, as nothing could be delivered.", WEBHOOK),
    NoticeType("webhook.test.v1", "Somebody asked for a test delivery. Goes to one webhook and is not kept.", TEST),
)

TYPES: Mapping[str, NoticeType] = MappingProxyType(
    {each.name: each for each in (*CALL_TYPES, *AGENT_TYPES, *WEBHOOK_TYPES)}
)
"""The whole catalogue, by name."""
