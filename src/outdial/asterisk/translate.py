"""From what Asterisk tells (ARI events, channel snapshots) to the domain's words. Pure; knows no connection.

Channel ids follow from the call's id, so an event finds its call without a table.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outdial.domain.events import DigitPressed, Event, LegAnswered, LegEnded, LegProgressed, LegRinging
from outdial.domain.legs import LegState, Side
from outdial.domain.reach import Answers

_SIDES = {side.value: side for side in Side}


@dataclass(frozen=True, slots=True)
class PhoneState:
    """A phone has registered, or is no longer registered; none of both where the switch has only just made it."""

    sip_user: str
    online: bool | None


@dataclass(frozen=True, slots=True)
class ContactState:
    """What became of asking somebody whether he is there, and when that was, in milliseconds since the epoch."""

    aor: str
    uri: str
    state: Answers
    at: int
    round_trip_ms: float | None


def channel_id(call_id: str, side: Side) -> str:
    """The id we give the channel of a leg."""
    return f"{call_id}-{side.value}"


def leg_of(channel: str) -> tuple[str, Side] | None:
    """The call and side of a channel id; none where the channel is not one of ours."""
    call_id, _, name = channel.rpartition("-")
    side = _SIDES.get(name)
    return (call_id, side) if side is not None and call_id else None


def translate(event: dict[str, Any]) -> tuple[str, Event] | PhoneState | ContactState | None:
    """What an ARI event means: something that happened to a call, a phone's or a carrier's state, or nothing to us."""
    kind = event.get("type")
    if kind == "ContactStatusChange":
        return _contact_state(event)
    if kind == "EndpointStateChange":
        return phone_state(event.get("endpoint", {}))
    if kind == "Dial":
        return _dial(event)
    told = _CHANNEL_EVENTS.get(str(kind))
    if told is None:
        return None
    leg = leg_of(str(event.get("channel", {}).get("id", "")))
    if leg is None:
        return None
    call_id, side = leg
    meant = told(side, event)
    return None if meant is None else (call_id, meant)


def unsent_through(event: dict[str, Any]) -> str | None:
    """The endpoint of a channel that ended as one does whose call the switch could not even send: with a 503, and
    before anything was heard. A carrier may say the same itself."""
    channel = event.get("channel", {})
    if event.get("type") != "ChannelDestroyed" or event.get("tech_cause") != 503 or channel.get("state") != "Down":
        return None
    return str(channel.get("name", "")).removeprefix("PJSIP/").rpartition("-")[0]


def phone_state(endpoint: dict[str, Any]) -> PhoneState | None:
    """What the switch's snapshot of an endpoint says of a phone; nothing where it is no phone's."""
    state = endpoint.get("state")
    if endpoint.get("technology") != "PJSIP" or state not in _PHONE_STATES:
        return None
    return PhoneState(str(endpoint.get("resource")), _PHONE_STATES[state])


def _contact_state(event: dict[str, Any]) -> ContactState | None:
    told = event.get("contact_info", {})
    state = _ANSWERS.get(str(told.get("contact_status")), Answers.UNKNOWN)
    took = int(told.get("roundtrip_usec") or 0) / 1000 if state is Answers.REACHABLE else None
    at = int(datetime.fromisoformat(event["timestamp"]).timestamp() * 1000)
    return ContactState(str(told.get("aor")), str(told.get("uri")), state, at, took)


def leg_state(channel: dict[str, Any]) -> LegState:
    """How far a channel has come, from the switch's snapshot of it."""
    return _STATES.get(str(channel.get("state")), LegState.ASKED)


_STATES = {"Up": LegState.UP, "Ringing": LegState.RINGING}


def _started(side: Side, event: dict[str, Any]) -> Event | None:
    # An originated channel enters the application once it is answered; the party's does so when it is created.
    return LegAnswered(side) if side is Side.AGENT else None


def _changed(side: Side, event: dict[str, Any]) -> Event | None:
    state = event["channel"].get("state")
    if state == "Ringing":
        return LegRinging(side)
    # The agent's channel is up a moment before it is in the application, where alone it can be commanded.
    return LegAnswered(side) if state == "Up" and side is Side.PARTY else None


def _destroyed(side: Side, event: dict[str, Any]) -> Event:
    return LegEnded(side, cause=_whole(event.get("cause")), sip_code=_whole(event.get("tech_cause")))


def _pressed(side: Side, event: dict[str, Any]) -> Event:
    return DigitPressed(side, str(event.get("digit", ""))[:1])


_CHANNEL_EVENTS = {
    "StasisStart": _started,
    "ChannelStateChange": _changed,
    "ChannelDestroyed": _destroyed,
    "ChannelDtmfReceived": _pressed,
}


def _dial(event: dict[str, Any]) -> tuple[str, Event] | None:
    leg = leg_of(str(event.get("peer", {}).get("id", "")))
    if leg is None or event.get("dialstatus") != "PROGRESS":
        return None
    return leg[0], LegProgressed(leg[1])


_ANSWERS = {"Reachable": Answers.REACHABLE, "Unreachable": Answers.UNREACHABLE}
_PHONE_STATES = {"online": True, "offline": False, "unknown": None}


def _whole(value: object) -> int | None:
    """Causes of zero mean that there is none."""
    return value or None if isinstance(value, int) else None
