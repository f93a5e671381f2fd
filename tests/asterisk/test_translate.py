"""What Asterisk 22.10 really said during one call with early media, and what it means to us."""

import json
from pathlib import Path
from typing import Any

import pytest

from outdial.asterisk.translate import PhoneState, channel_id, leg_of, leg_state, translate
from outdial.domain.events import DigitPressed, LegAnswered, LegEnded, LegProgressed, LegRinging
from outdial.domain.legs import LegState, Side

RECORDED = json.loads((Path(__file__).parent / "recorded" / "two_legs.json").read_text())
AGENT, PARTY = Side.AGENT, Side.PARTY


def channel_event(kind: str, channel: str, **more: Any) -> dict[str, Any]:
    state = more.pop("state", "Up")
    return {"type": kind, "channel": {"id": channel, "state": state}, **more}


def test_a_whole_recorded_call_reads_as_what_happened() -> None:
    told = [meant for event in RECORDED if (meant := translate(event)) is not None]
    assert told == [
        ("c1", LegRinging(AGENT)),
        ("c1", LegAnswered(AGENT)),
        ("c1", LegRinging(PARTY)),
        ("c1", LegProgressed(PARTY)),
        ("c1", LegAnswered(PARTY)),
        ("c1", LegEnded(PARTY, cause=16)),
        ("c1", LegEnded(AGENT, cause=16)),
    ]


def test_the_agent_has_answered_only_once_its_channel_can_be_commanded() -> None:
    assert translate(channel_event("ChannelStateChange", "c-agent")) is None
    assert translate(channel_event("StasisStart", "c-agent")) == ("c", LegAnswered(AGENT))


def test_the_party_has_not_answered_when_its_channel_is_created() -> None:
    assert translate(channel_event("StasisStart", "c-party", state="Down")) is None


def test_the_final_sip_status_comes_with_the_end_of_a_leg() -> None:
    ended = channel_event("ChannelDestroyed", "c-party", cause=17, tech_cause=486)
    assert translate(ended) == ("c", LegEnded(PARTY, cause=17, sip_code=486))


def test_a_key_is_pressed_on_either_side() -> None:
    assert translate(channel_event("ChannelDtmfReceived", "c-party", digit="1")) == ("c", DigitPressed(PARTY, "1"))
    assert translate(channel_event("ChannelDtmfReceived", "c-agent", digit="#")) == ("c", DigitPressed(AGENT, "#"))


def test_a_cause_of_zero_is_no_cause() -> None:
    assert translate(channel_event("ChannelDestroyed", "c-party", cause=0, tech_cause=0)) == ("c", LegEnded(PARTY))


@pytest.mark.parametrize(
    "event",
    [
        channel_event("StasisStart", "1700000000.1"),
        channel_event("ChannelDestroyed", "c-someone"),
        channel_event("ChannelDestroyed", "-agent"),
        channel_event("ChannelVarset", "c-agent"),
        {"type": "Dial", "dialstatus": "RINGING", "peer": {"id": "c-party"}},
        {"type": "Dial", "dialstatus": "PROGRESS", "peer": {"id": "1700000000.1"}},
        {"type": "ApplicationRegistered", "application": "outdial"},
        {"type": "EndpointStateChange", "endpoint": {"technology": "SIP", "resource": "x", "state": "online"}},
        {"type": "EndpointStateChange", "endpoint": {"technology": "PJSIP", "resource": "x", "state": "other"}},
        {},
    ],
    ids=lambda event: f"{event.get('type')}-{event.get('channel', event.get('peer', {})).get('id', '')}",
)
def test_what_is_not_ours_means_nothing(event: dict[str, Any]) -> None:
    assert translate(event) is None


@pytest.mark.parametrize(("state", "online"), [("online", True), ("offline", False), ("unknown", None)])
def test_a_phone_tells_when_it_registers(state: str, online: bool | None) -> None:
    event = {
        "type": "EndpointStateChange",
        "endpoint": {"technology": "PJSIP", "resource": "acme-1", "state": state},
    }
    assert translate(event) == PhoneState("acme-1", online)


@pytest.mark.parametrize("side", list(Side))
def test_a_channel_id_leads_back_to_its_call(side: Side) -> None:
    call_id = "94e5928c-7f7e-4645-ad72-61010f906449"
    assert leg_of(channel_id(call_id, side)) == (call_id, side)


@pytest.mark.parametrize(
    ("state", "means"),
    [("Up", LegState.UP), ("Ringing", LegState.RINGING), ("Down", LegState.ASKED), ("Busy", LegState.ASKED)],
)
def test_a_snapshot_tells_how_far_a_leg_has_come(state: str, means: LegState) -> None:
    assert leg_state({"id": "c-agent", "state": state}) is means
