"""What the ledger is told of a call's recording leads back to it, whatever happens in the call."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.domain import call_states
from outdial.domain.call import Call, State, advance, place
from outdial.domain.consent import AccountRecording, Consent, Legs, RecordingDecision, Scenario, decide
from outdial.domain.events import (
    Asker,
    ConsentCaptured,
    Event,
    HangUpRequested,
    LegAnswered,
    LegEnded,
    RecordingBegun,
    RecordingControl,
    RecordingControlled,
    RecordingStopped,
)
from outdial.domain.ledger import Entry, Kind, Record, chained
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.recording_records import call_recording, may_be_recorded, recording_records
from outdial.domain.recording_replay import Replay
from outdial.domain.recordings import CallRecording, ConsentAct

EVENTS = [event for _, event in call_states.EVENTS]
EVENTS.append(RecordingBegun(tuple(Side), since=((Side.AGENT, 2_010), (Side.PARTY, 2_900))))
DECISIONS = [
    decide(Scenario.AGENT_TO_NUMBER, consent, consent, AccountRecording(legs, announcement=asks, auto_resume_seconds=1))
    for consent, legs, asks in product((None, *Consent), Legs, (None, "default"))
]
TWO_PARTY = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.TWO_PARTY, AccountRecording())
SCRIPT: list[tuple[Event, int]] = [
    (RecordingBegun((Side.AGENT,)), 1),
    (ConsentCaptured(ConsentAct.GIVEN, "api", "client c"), 500),
    (RecordingBegun((Side.PARTY,)), 2),
    (RecordingControl(pause=True, who="agent 1"), 300),
    (RecordingControl(pause=False, who="agent 1"), 300),
    (RecordingControlled(pause=False), 2),
    (ConsentCaptured(ConsentAct.WITHDRAWN, "api", "client c"), 300),
    (RecordingStopped((Side.PARTY,)), 2),
]


def told(decision: RecordingDecision, history: list[tuple[Event, int]]) -> tuple[Call, list[Entry]]:
    """A call that ended after this history, and what the ledger has of it."""
    plan = CallPlan("1", Phone(PhoneKind.SIP, "a"), Phone(PhoneKind.SIP, "b"), 0, 20_000, recording=decision.to_dict())
    call, now = place("id", "acc", "main", plan)[0], 1_000
    records = list(recording_records(None, call, now))
    ends: list[tuple[Event, int]] = [(HangUpRequested(Asker.API), 5), *((LegEnded(side), 5) for side in Side)]
    answers: list[tuple[Event, int]] = [(LegAnswered(side), 500) for side in Side]
    for event, later in (*answers, *history, *ends):
        before, now = call, now + later
        call, _ = advance(call, event, now)
        records += recording_records(before, call, now) if call is not before else ()
    assert call.state is State.ENDED
    return call, [chained(record, seq, "") for seq, record in enumerate(records, 1)]


def replayed(entries: list[Entry]) -> Replay:
    replay = Replay()
    for entry in entries:
        replay.learn(entry, json.loads(entry.data))
    return replay


@settings(max_examples=700, deadline=None)
@given(
    st.sampled_from(DECISIONS),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from((0, 1, 900, 1_100, 61_000))), max_size=40),
)
def test_every_history_is_told_as_it_was(decision: RecordingDecision, history: list[tuple[Event, int]]) -> None:
    call, entries = told(decision, history)
    if not call.recording.files:
        return
    replay = replayed(entries)

    assert list(replay.differences(call_recording(call))) == []
    assert {file.side for file in call.recording.files} <= replay.allowed
    assert not replay.wrongly


def scripted() -> tuple[CallRecording, list[Entry]]:
    call, entries = told(TWO_PARTY, SCRIPT)
    return call_recording(call), entries


def test_the_script_holds_everything_that_is_told() -> None:
    recording, entries = scripted()
    assert [entry.kind for entry in entries] == [
        Kind.DECIDED,
        Kind.STARTED,
        Kind.CONSENT_GIVEN,
        Kind.STARTED,
        Kind.PAUSED,
        Kind.RESUMED,
        Kind.CONSENT_WITHDRAWN,
        Kind.STOPPED,
        Kind.STOPPED,
    ]
    assert list(replayed(entries).differences(recording)) == []


ONE_PARTY = decide(Scenario.AGENT_TO_NUMBER, Consent.ONE_PARTY, Consent.ONE_PARTY, AccountRecording())


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"decision": ONE_PARTY.to_dict()}, "the ledger says that something else was decided"),
        ({"consents": ()}, "the ledger has other consents"),
        ({"pauses": ()}, "the ledger has other pauses"),
        ({"ended_at": 7}, "the ledger says that its call ended at another time"),
    ],
)
def test_a_record_that_says_otherwise_is_named(members: dict[str, Any], says: str) -> None:
    recording, entries = scripted()
    assert list(replayed(entries).differences(replace(recording, **members))) == [says]


def test_a_leg_begun_or_stopped_at_another_time_is_named() -> None:
    recording, entries = scripted()
    agent, party = recording.files
    assert list(replayed(entries).differences(replace(recording, files=(replace(agent, started_at=1), party)))) == [
        "the ledger says that a leg was begun at another time"
    ]
    assert list(replayed(entries).differences(replace(recording, files=(agent, replace(party, stopped_at=None))))) == [
        "the ledger says that a leg was stopped at another time"
    ]


def test_what_was_never_decided_was_never_permitted() -> None:
    recording, entries = scripted()
    replay = replayed(entries[1:2])
    assert (replay.allowed, replay.wrongly) == (set(), {Side.AGENT})
    assert "the ledger does not say what was decided" in list(replay.differences(recording))


def test_a_leg_that_began_before_the_consent_is_named_although_consent_came() -> None:
    _, entries = scripted()
    replay = replayed([entries[0], entries[3], entries[2]])
    assert (replay.allowed, replay.wrongly) == (set(Side), {Side.PARTY})


@pytest.mark.parametrize("kind", [Kind.PAUSED, Kind.RESUMED])
def test_an_end_of_a_pause_that_never_began_is_none_of_ours(kind: Kind) -> None:
    entry = chained(Record(kind, "acc", 1, "id", data={"why": "it could not be resumed"}), 1, "")
    with pytest.raises(ValueError, match="nothing was paused"):
        replayed([entry])


def test_a_call_may_be_recorded_while_its_decision_allows_it_or_as_far_as_it_was() -> None:
    plan = CallPlan("1", Phone(PhoneKind.SIP, "a"), Phone(PhoneKind.SIP, "b"), 0, 20_000)
    ringing = place("id", "acc", "main", replace(plan, recording=TWO_PARTY.to_dict()))[0]
    assert may_be_recorded(ringing)
    assert not may_be_recorded(place("id", "acc", "main", plan)[0])
    assert not may_be_recorded(advance(ringing, LegEnded(Side.AGENT), 5)[0])
    assert may_be_recorded(told(TWO_PARTY, SCRIPT)[0])
