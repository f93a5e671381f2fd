"""The recording of a call as scripts, and that no history of events records a leg without permission."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.domain import call_states
from outdial.domain.call import Call, State, advance, place
from outdial.domain.commands import (
    Announce,
    Comfort,
    Command,
    Dial,
    Dismantle,
    FinishRecording,
    HangUp,
    Join,
    PauseRecording,
    Prepare,
    Record,
    ResumeRecording,
    StopAnnouncement,
    StopRecording,
)
from outdial.domain.consent import AccountRecording, Consent, Legs, RecordingDecision, Scenario, decide, decision_of
from outdial.domain.events import (
    Asker,
    CommandFailed,
    ConsentCaptured,
    DeadlinePassed,
    DigitPressed,
    Event,
    HangUpRequested,
    LegAnswered,
    LegEnded,
    RecordingBegun,
    RecordingControl,
    RecordingControlled,
    RecordingFailed,
    RecordingStopped,
)
from outdial.domain.ledger import Kind
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.recording import Track
from outdial.domain.recording_pauses import AGAIN_MS, AUTOMATIC
from outdial.domain.recording_records import recording_records
from outdial.domain.recording_steps import ASK_MS, RETRY_MS, repeated
from outdial.domain.recordings import ConsentAct, Pause
from support.recording_rules import DECISIONS, allowed

AGENT, PARTY = Side.AGENT, Side.PARTY
JOINED_AT = 2_000
GIVEN = ConsentCaptured(ConsentAct.GIVEN, "api", "client c")
WITHDRAWN = ConsentCaptured(ConsentAct.WITHDRAWN, "api", "client c")
PAUSED, RESUMED = RecordingControl(pause=True, who="agent 1"), RecordingControl(pause=False, who="agent 1")
SILENT, HEARD = RecordingControlled(pause=True), RecordingControlled(pause=False)
EVENTS = [event for _, event in call_states.EVENTS]

Script = tuple[Event, list[Command]]


def deciding(
    legs: Legs = Legs.BOTH, consent: Consent | None = None, settings: AccountRecording | None = None
) -> RecordingDecision:
    return decide(Scenario.AGENT_TO_NUMBER, consent, consent, replace(settings or AccountRecording(), legs=legs))


def dialling(decision: RecordingDecision) -> Call:
    plan = CallPlan("1", Phone(PhoneKind.SIP, "a"), Phone(PhoneKind.SIP, "b"), 0, 20_000, recording=decision.to_dict())
    return play(place("id", "acc", "main", plan)[0], (LegAnswered(AGENT), [Comfort(), Prepare(), Dial(60)]), now=1_000)


def play(call: Call, *script: Script, now: int = JOINED_AT) -> Call:
    for event, expected in script:
        call, commands = advance(call, event, now)
        assert list(commands) == expected, event
    return call


def recorded(decision: RecordingDecision, *sides: Side) -> Call:
    """A joined call of which these legs are being recorded, and no others."""
    call = play(dialling(decision), (LegAnswered(PARTY), [Join(), *([Record(sides)] if sides else [])]))
    return play(call, (RecordingBegun(sides), [])) if sides else call


def test_the_allowed_legs_are_recorded_from_the_moment_both_are_joined() -> None:
    call = recorded(deciding(Legs.BOTH), AGENT, PARTY)
    assert (call.recording.agent, call.recording.party) == (Track.ON, Track.ON)
    assert [(file.file_name, file.started_at) for file in call.recording.files] == [
        ("agent.wav", JOINED_AT),
        ("party.wav", JOINED_AT),
    ]
    assert recorded(deciding(Legs.AGENT), AGENT).recording.party is Track.OFF
    assert recorded(deciding(Legs.NONE)).recording.files == ()


@pytest.mark.parametrize(
    ("told", "begun"),
    [(1_020, 1_020), (4_000, 4_000), (-50, 0), (9_000, 5_000)],
    ids=["early", "late", "before", "after"],
)
def test_a_leg_begins_when_its_file_does_whenever_that_is_learned(told: int, begun: int) -> None:
    """A process that was killed in between is followed by one that learns it seconds later."""
    asked = play(dialling(deciding(Legs.AGENT)), (LegAnswered(PARTY), [Join(), Record((AGENT,))]))
    event = RecordingBegun((AGENT,), since=((AGENT, JOINED_AT + told),))
    call = play(asked, (event, []), now=JOINED_AT + 5_000)
    assert [file.started_at for file in call.recording.files] == [JOINED_AT + begun]
    (record,) = recording_records(asked, call, JOINED_AT + 5_000)
    since = {} if begun == 5_000 else {"since": {"agent": JOINED_AT + begun}}
    assert record.data == {"sides": ["agent"], **since}


def test_a_recording_is_finished_once_no_leg_is_left() -> None:
    call = play(recorded(deciding(), AGENT, PARTY), (LegEnded(PARTY), [HangUp(AGENT)]))
    ended = play(call, (LegEnded(AGENT), [Dismantle(), FinishRecording()]))
    assert not ended.recording.cut_short


def test_what_the_switch_took_with_it_is_cut_short() -> None:
    call = play(recorded(deciding(), AGENT, PARTY), (LegEnded(PARTY, detail="the switch stopped"), [HangUp(AGENT)]))
    assert call.recording.cut_short


def test_consent_in_mid_call_begins_the_partys_leg() -> None:
    call = recorded(deciding(consent=Consent.TWO_PARTY), AGENT)
    later = play(call, (GIVEN, [Record((PARTY,))]), now=9_000)
    assert later.recording.files[-1].started_at == 9_000
    assert later.recording.consents[-1].who == "client c"


def test_consent_given_where_it_changes_nothing_is_on_record() -> None:
    call = play(recorded(deciding(Legs.AGENT), AGENT), (GIVEN, []))
    assert len(call.recording.consents) == 1


def test_consent_withdrawn_stops_the_partys_leg_at_once_and_given_again_begins_a_file_of_its_own() -> None:
    call = recorded(deciding(consent=Consent.ONE_PARTY), AGENT, PARTY)
    stopping = play(call, (WITHDRAWN, [StopRecording((PARTY,))]), now=5_000)
    assert stopping.recording.files[-1].stopped_at == 5_000
    stopped = play(stopping, (RecordingStopped((PARTY,)), []), now=5_010)
    again = play(stopped, (GIVEN, [Record((PARTY,))]), now=6_000)
    assert [file.file_name for file in again.recording.files] == ["agent.wav", "party.wav", "party-2.wav"]


def test_consent_given_again_before_the_stop_is_confirmed_waits_for_it() -> None:
    call = recorded(deciding(consent=Consent.ONE_PARTY), AGENT, PARTY)
    call = play(call, (WITHDRAWN, [StopRecording((PARTY,))]), (GIVEN, []))
    play(call, (RecordingStopped((PARTY,)), [Record((PARTY,))]))


def test_a_stop_is_asked_for_until_it_is_confirmed() -> None:
    call = play(recorded(deciding(consent=Consent.ONE_PARTY), AGENT, PARTY), (WITHDRAWN, [StopRecording((PARTY,))]))
    call = play(call, (CommandFailed("StopRecording", "no manager"), []))
    now = JOINED_AT
    for _ in range(5):
        assert call.deadline == now + AGAIN_MS
        now += AGAIN_MS
        call = play(call, (DeadlinePassed(), [StopRecording((PARTY,))]), now=now)
    call = play(call, (RecordingStopped((PARTY,)), []), now=now)
    assert call.deadline == call.over_by


def asked(settings: AccountRecording | None = None) -> Call:
    """A joined call whose party is asked for consent by the announcement."""
    decision = deciding(consent=Consent.TWO_PARTY, settings=settings or AccountRecording(announcement="default"))
    commands = [Join(), Record((AGENT,)), Announce("default")]
    return play(dialling(decision), (LegAnswered(PARTY), commands), (RecordingBegun((AGENT,)), []))


def test_the_party_agrees_by_a_key() -> None:
    call = play(asked(), (DigitPressed(PARTY, "1"), [StopAnnouncement(), Record((PARTY,))]))
    assert [(taken.act, taken.way) for taken in call.recording.consents] == [(ConsentAct.GIVEN, "dtmf")]


def test_the_party_refuses_by_a_key_and_nobody_can_say_otherwise_for_it() -> None:
    call = play(asked(), (DigitPressed(PARTY, "2"), [StopAnnouncement()]), (GIVEN, []))
    assert call.recording.party is Track.OFF
    assert [taken.act for taken in call.recording.consents] == [ConsentAct.REFUSED]


@pytest.mark.parametrize("digit", [DigitPressed(AGENT, "1"), DigitPressed(PARTY, "5"), DigitPressed(PARTY, "#")])
def test_other_keys_and_the_agents_keys_mean_nothing(digit: Event) -> None:
    assert play(asked(), (digit, [])).recording.consents == ()


def test_a_key_means_nothing_once_it_is_too_late_or_nobody_asked() -> None:
    late = play(asked(), (DeadlinePassed(), []), (DigitPressed(PARTY, "1"), []), now=JOINED_AT + ASK_MS)
    assert late.recording.consents == ()
    play(recorded(deciding(consent=Consent.TWO_PARTY), AGENT), (DigitPressed(PARTY, "1"), []))


def test_an_announcement_that_fails_asks_for_nothing() -> None:
    call = play(asked(), (CommandFailed("Announce", "no such file"), []), (DigitPressed(PARTY, "1"), []))
    assert "no such file" in call.recording.failures[-1]


def test_a_pause_and_its_end_are_on_record_with_who_asked() -> None:
    call = play(recorded(deciding(), AGENT, PARTY), (PAUSED, [PauseRecording((AGENT, PARTY))]), now=4_000)
    assert call.recording.paused
    call = play(call, (PAUSED, []), now=4_500)
    call = play(call, (RESUMED, [ResumeRecording((AGENT, PARTY))]), now=5_990)
    assert call.recording.paused, "nobody knows yet that it is heard again"
    call = play(call, (HEARD, []), now=6_000)
    assert call.recording.pauses == (Pause(4_000, 6_000, "agent 1", "agent 1"),)
    play(call, (RESUMED, []))


def test_nothing_can_be_paused_where_nothing_is_recorded() -> None:
    call = recorded(deciding(Legs.NONE))
    assert play(call, (PAUSED, [])) is call


def test_a_pause_ends_by_itself_where_the_account_says_so() -> None:
    call = recorded(deciding(settings=AccountRecording(auto_resume_seconds=30)), AGENT, PARTY)
    call = play(call, (PAUSED, [PauseRecording((AGENT, PARTY))]), now=4_000)
    assert call.deadline == 34_000
    call = play(call, (DeadlinePassed(), [ResumeRecording((AGENT, PARTY))]), (HEARD, []), now=34_000)
    assert call.recording.pauses[-1].resumed_by == AUTOMATIC
    assert call.deadline == call.over_by


def test_a_pause_that_could_not_be_made_is_none() -> None:
    call = play(recorded(deciding(), AGENT, PARTY), (PAUSED, [PauseRecording((AGENT, PARTY))]))
    call = play(call, (CommandFailed("PauseRecording", "no manager"), [ResumeRecording((AGENT, PARTY))]))
    assert not call.recording.paused
    assert call.recording.failures == ("it could not be paused: no manager",)


def test_a_pause_that_could_not_be_made_of_what_failed_meanwhile_asks_for_nothing() -> None:
    call = play(recorded(deciding(Legs.AGENT), AGENT), (PAUSED, [PauseRecording((AGENT,))]))
    failed = (RecordingFailed(AGENT, "disk full"), [StopRecording((AGENT,))])
    call = play(call, failed, (CommandFailed("PauseRecording", "no manager"), []))
    assert not call.recording.paused


def test_a_pause_that_could_not_be_made_is_undone_until_that_is_confirmed() -> None:
    call = play(recorded(deciding(Legs.AGENT), AGENT), (PAUSED, [PauseRecording((AGENT,))]))
    call = play(call, (CommandFailed("PauseRecording", "no manager"), [ResumeRecording((AGENT,))]))
    now = JOINED_AT
    for _ in range(3):
        call = play(call, (CommandFailed("ResumeRecording", "no manager"), []), now=now)
        assert call.recording.failures[-1] == "it could not be resumed: no manager"
        assert call.recording.pauses == ()
        now += AGAIN_MS
        call = play(call, (DeadlinePassed(), [ResumeRecording((AGENT,))]), now=now)
    assert play(call, (HEARD, [])).deadline == call.over_by


def test_a_pause_that_could_not_be_made_opens_no_earlier_one_again() -> None:
    call = recorded(deciding(Legs.AGENT), AGENT)
    call = play(call, (PAUSED, [PauseRecording((AGENT,))]), (SILENT, []), (RESUMED, [ResumeRecording((AGENT,))]))
    call = play(call, (HEARD, []), (PAUSED, [PauseRecording((AGENT,))]))
    call = play(call, (CommandFailed("PauseRecording", "no manager"), [ResumeRecording((AGENT,))]))
    call = play(call, (CommandFailed("ResumeRecording", "no manager"), []))
    assert [pause.until for pause in call.recording.pauses] == [JOINED_AT]


def test_a_pause_that_could_not_be_ended_goes_on_and_its_end_is_tried_again() -> None:
    call = recorded(deciding(Legs.AGENT), AGENT)
    call = play(call, (PAUSED, [PauseRecording((AGENT,))]), (SILENT, []), (RESUMED, [ResumeRecording((AGENT,))]))
    call = play(call, (CommandFailed("ResumeRecording", "no manager"), []))
    assert call.recording.paused
    play(call, (DeadlinePassed(), [ResumeRecording((AGENT,))]), now=JOINED_AT + AGAIN_MS)


def test_a_pause_asked_for_while_the_end_of_another_is_not_confirmed_is_made_anew_and_holds() -> None:
    call = recorded(deciding(Legs.AGENT), AGENT)
    call = play(call, (PAUSED, [PauseRecording((AGENT,))]), (SILENT, []), (RESUMED, [ResumeRecording((AGENT,))]))
    call = play(call, (CommandFailed("ResumeRecording", "no manager"), []))
    call = play(call, (PAUSED, [PauseRecording((AGENT,))]), (SILENT, []))
    assert (call.recording.paused, len(call.recording.pauses), call.deadline) == (True, 2, call.over_by)


def test_a_pause_that_was_confirmed_is_not_ended_by_a_switch_that_does_not_answer_later() -> None:
    call = play(recorded(deciding(Legs.AGENT), AGENT), (PAUSED, [PauseRecording((AGENT,))]), (SILENT, []))
    assert play(call, (CommandFailed("PauseRecording", "no manager"), [])).recording.paused


def test_consent_given_in_a_pause_begins_the_leg_only_when_the_pause_is_over() -> None:
    call = recorded(deciding(consent=Consent.TWO_PARTY), AGENT)
    call = play(call, (PAUSED, [PauseRecording((AGENT,))]), (GIVEN, []))
    play(call, (RESUMED, [ResumeRecording((AGENT,))]), (HEARD, [Record((PARTY,))]))


@pytest.mark.parametrize("failure", [RecordingBegun((), (AGENT, PARTY), "no disk"), RecordingFailed(AGENT, "no disk")])
def test_a_failed_recording_never_ends_the_call(failure: Event) -> None:
    call = play(dialling(deciding()), (LegAnswered(PARTY), [Join(), Record((AGENT, PARTY))]))
    failed = (AGENT, PARTY) if isinstance(failure, RecordingBegun) else (AGENT,)
    call = play(call, (failure, [StopRecording(failed)]))
    assert call.state is State.JOINED
    assert call.recording.failures == ("no disk",)


def test_a_leg_that_could_not_be_begun_is_stopped_until_that_is_confirmed_as_it_may_be_written() -> None:
    call = doubtful()
    assert call.recording.files[-1].unconfirmed
    now = JOINED_AT
    for _ in range(3):
        call = play(call, (CommandFailed("StopRecording", "no manager"), []), now=now)
        now += AGAIN_MS
        call = play(call, (DeadlinePassed(), [StopRecording((PARTY,))]), now=now)
    assert call.recording.party is Track.DOUBTFUL
    call = play(call, (WITHDRAWN, []), (RecordingStopped((PARTY,)), []), now=now)
    assert (call.recording.party, call.deadline) == (Track.OFF, call.over_by)


def test_what_was_written_before_a_leg_failed_is_kept_and_nothing_that_comes_later() -> None:
    call = recorded(deciding(), AGENT, PARTY)
    call = play(call, (RecordingFailed(PARTY, "disk full"), [StopRecording((PARTY,))]), now=9_000)
    assert [(file.stopped_at, file.unconfirmed) for file in call.recording.files] == [(None, False), (9_000, False)]


def test_a_failed_leg_is_tried_again_a_few_times_each_into_a_file_of_its_own() -> None:
    call, now = doubtful(), JOINED_AT
    for pause in RETRY_MS:
        call = play(call, (RecordingStopped((PARTY,)), []), now=now)
        assert (call.recording.party, call.deadline) == (Track.FAILED, now + pause)
        now += pause
        call = play(call, (DeadlinePassed(), [Record((PARTY,))]), now=now)
        assert call.recording.files[-1].started_at == now
        call = play(call, (RecordingBegun((), (PARTY,), "no manager"), [StopRecording((PARTY,))]), now=now)
    call = play(call, (RecordingStopped((PARTY,)), []), now=now)
    assert (call.recording.party, call.deadline) == (Track.FAILED, call.over_by)
    names = [file.file_name for file in call.recording.files]
    assert names == ["agent.wav", "party.wav", *(f"party-{number + 2}.wav" for number in range(len(RETRY_MS)))]
    assert call.recording.failures == ("no manager",)


def test_a_leg_begun_at_the_second_attempt_says_how_much_is_missing() -> None:
    call = play(doubtful(), (RecordingStopped((PARTY,)), []))
    asked = play(call, (DeadlinePassed(), [Record((PARTY,))]), now=JOINED_AT + 1_000)
    begun = play(asked, (RecordingBegun((PARTY,)), []), now=JOINED_AT + 1_010)
    (entry,) = recording_records(asked, begun, JOINED_AT + 1_010)
    assert (entry.kind, entry.data) == (Kind.STARTED, {"sides": ["party"], "missingMs": {"party": 1_010}})


def test_a_failed_leg_waits_for_the_end_of_a_pause_and_is_not_tried_without_consent() -> None:
    call = play(doubtful(), (RecordingStopped((PARTY,)), []), (PAUSED, [PauseRecording((AGENT,))]), (SILENT, []))
    assert call.deadline == call.over_by
    resumed = play(call, (RESUMED, [ResumeRecording((AGENT,))]), (HEARD, [Record((PARTY,))]), now=JOINED_AT + 5_000)
    assert resumed.recording.party is Track.ASKED
    withdrawn = play(call, (WITHDRAWN, []), (RESUMED, [ResumeRecording((AGENT,))]), (HEARD, []), now=JOINED_AT + 5_000)
    play(withdrawn, (GIVEN, [Record((PARTY,))]))


def test_a_leg_nobody_confirmed_as_stopped_is_on_record_when_the_call_ends() -> None:
    call = play(doubtful(), (LegEnded(PARTY), [HangUp(AGENT)]))
    ended = play(call, (LegEnded(AGENT), [Dismantle(), FinishRecording()]))
    told = [entry.data for entry in recording_records(call, ended, JOINED_AT)]
    assert [entry["sides"] for entry in told] == [["agent"], ["party"]]
    assert "nobody had confirmed" in told[-1]["why"]


def doubtful() -> Call:
    """A joined call whose agent's leg is recorded; the party's was to be, and nobody knows whether it is."""
    call = play(dialling(deciding()), (LegAnswered(PARTY), [Join(), Record((AGENT, PARTY))]))
    return play(call, (RecordingBegun((AGENT,), (PARTY,), "no manager"), [StopRecording((PARTY,))]))


def test_unless_the_account_would_rather_have_no_call() -> None:
    decision = deciding(settings=AccountRecording(record_or_drop=True))
    call = play(
        dialling(decision),
        (LegAnswered(PARTY), [Join(), Record((AGENT, PARTY))]),
        (RecordingBegun((AGENT,), (PARTY,), "no disk"), [HangUp(AGENT), HangUp(PARTY)]),
    )
    assert call.hung_up_by is Asker.SYSTEM
    assert call.result is not None
    assert call.result.detail == "not recorded: no disk"


def test_what_is_asked_again_after_a_restart() -> None:
    asked_only = play(dialling(deciding()), (LegAnswered(PARTY), [Join(), Record((AGENT, PARTY))]))
    assert again(asked_only) == [Record((AGENT, PARTY)), ResumeRecording((AGENT, PARTY))]
    on = recorded(deciding(), AGENT, PARTY)
    assert again(on) == [ResumeRecording((AGENT, PARTY))]
    paused = play(on, (PAUSED, [PauseRecording((AGENT, PARTY))]))
    assert again(paused) == [PauseRecording((AGENT, PARTY))]
    resumed = play(paused, (RESUMED, [ResumeRecording((AGENT, PARTY))]))
    assert again(resumed) == [ResumeRecording((AGENT, PARTY))]
    stopping = play(on, (WITHDRAWN, [StopRecording((PARTY,))]))
    assert again(stopping) == [StopRecording((PARTY,)), ResumeRecording((AGENT,))]


def test_after_a_restart_every_leg_is_stopped_that_may_be_recorded_at_some_time_and_is_not_to_be_now() -> None:
    waiting = recorded(deciding(consent=Consent.TWO_PARTY), AGENT)
    assert again(waiting) == [StopRecording((PARTY,)), ResumeRecording((AGENT,))]
    assert again(recorded(deciding(Legs.NONE))) == []
    # A stop that fails is no failure of a leg nobody says is written, and is asked for again all the same.
    failed = play(waiting, (CommandFailed("StopRecording", "no manager"), []))
    assert failed.recording.failures == ()
    stopping = play(failed, (DeadlinePassed(), [StopRecording((PARTY,))]), now=JOINED_AT + AGAIN_MS)
    assert play(stopping, (RecordingStopped((PARTY,)), [])).deadline == waiting.over_by


def again(call: Call) -> list[Command]:
    return list(repeated(call.recording, decision_of(call.plan.recording)))


# Whatever happens, in whatever order.


def check_step(before: Call, event: Event, now: int) -> Call:
    after, commands = advance(before, event, now)
    for command in commands:
        if isinstance(command, Record):
            assert set(command.sides) <= allowed(after), "a leg is recorded without permission"
            assert all(after.leg(side).up for side in command.sides)
            assert not after.recording.paused
        if isinstance(command, PauseRecording | ResumeRecording | StopRecording):
            assert after.state is State.JOINED
            assert command.sides
    if after.state is State.JOINED:
        assert set(after.recording.running) <= allowed(after), "a leg goes on being recorded without permission"
        names = [file.file_name for file in after.recording.files]
        assert len(names) == len(set(names)), "a file would be written over"
        assert after.deadline is not None
    if before.state is State.JOINED and after.state is not State.JOINED:
        # Only what ends a call without recording ends it with one.
        bare = replace(before, plan=replace(before.plan, recording={}), recording=type(before.recording)())
        assert advance(bare, event, now)[0].state is after.state
    assert after.recording.consents[: len(before.recording.consents)] == before.recording.consents
    assert (FinishRecording() in commands) == (
        after.state is State.ENDED is not before.state and bool(after.recording.files)
    )
    return after


# Nothing else of a decision has a say in what is recorded.
KINDS = list({(each.legs, each.after_consent, each.announcement): each for each in DECISIONS}.values())


def test_every_history_of_two_events_after_the_join_keeps_to_the_permission() -> None:
    for decision in KINDS:
        joined = check_step(dialling(decision), LegAnswered(PARTY), JOINED_AT)
        for first, second in product(EVENTS, EVENTS):
            call, now = joined, JOINED_AT
            for event in (first, second):
                now = max(now + 1, call.deadline or 0) if isinstance(event, DeadlinePassed) else now + 1
                call = check_step(call, event, now)


@settings(max_examples=700, deadline=None)
@given(
    st.sampled_from(DECISIONS),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from((0, 1, 900, 1_100, 61_000))), max_size=40),
)
def test_no_history_records_a_leg_without_permission(
    decision: RecordingDecision, history: list[tuple[Event, int]]
) -> None:
    call, now = check_step(dialling(decision), LegAnswered(PARTY), JOINED_AT), JOINED_AT
    for event, later in history:
        now += later
        call = check_step(call, event, now)
    call = check_step(call, HangUpRequested(Asker.API), now)
    for side in Side:
        call = check_step(call, LegEnded(side), now)
    assert call.state is State.ENDED
