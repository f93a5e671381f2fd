"""The transitions of a call as scripts, and what must hold whatever happens in whatever order."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.domain import call_states
from outdial.domain.call import HANG_UP_ATTEMPTS, HANG_UP_PATIENCE_MS, Call, State, advance, place
from outdial.domain.commands import Comfort, Command, Dial, Dismantle, HangUp, Join, Prepare, Ring
from outdial.domain.events import (
    Asker,
    CommandFailed,
    DeadlinePassed,
    Event,
    HangUpRequested,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegRefused,
    LegRinging,
)
from outdial.domain.legs import LegState, Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.results import Code, Party, Reason, Result

PLAN = CallPlan("1234", Phone(PhoneKind.SIP, "a"), Phone(PhoneKind.SIP, "b"), created_at=0, dial_by=20_000)
EVENTS = [event for _, event in call_states.LEG_EVENTS]
FAILURES = [CommandFailed(command.__name__, "") for command in get_args(Command)]
"""Any command may fail, at any moment."""


def new() -> Call:
    return place("id", "account", "main", PLAN)[0]


def play(call: Call, *script: tuple[Event, list[Command]], now: int = 1_000) -> Call:
    """Tell a call what happens, and hold what it wants done against what is expected."""
    for event, expected in script:
        call, commands = advance(call, event, now)
        assert list(commands) == expected, event
    return call


ANSWERED = (LegAnswered(Side.AGENT), [Comfort(), Prepare(), Dial(60)])
BOTH = (ANSWERED, (LegAnswered(Side.PARTY), [Join()]))


def test_the_agents_phone_rings_first() -> None:
    call, commands = place("id", "account", "main", PLAN)
    assert commands == (Ring(15),)
    assert (call.agent.state, call.party.state) == (LegState.ASKED, LegState.NONE)


def test_both_sides_are_joined_and_the_one_that_hangs_up_is_told() -> None:
    call = play(
        new(),
        (LegRinging(Side.AGENT), []),
        ANSWERED,
        (LegProgressed(Side.PARTY), []),
        (LegAnswered(Side.PARTY), [Join()]),
        (LegEnded(Side.PARTY, cause=16), [HangUp(Side.AGENT)]),
        (LegEnded(Side.AGENT, cause=16), [Dismantle()]),
    )
    assert call.state is State.ENDED
    assert call.result == Result(Code.SUCCESS, Party.DESTINATION, Reason.NORMAL)
    assert call.hung_up_by is Asker.PARTY


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (302, Reason.NUMBER_CHANGED),
        (404, Reason.NUMBER_UNOBTAINABLE),
        (410, Reason.NUMBER_CHANGED),
        (480, Reason.NUMBER_UNOBTAINABLE),
        (481, Reason.NUMBER_UNOBTAINABLE),
        (486, Reason.NUMBER_BUSY),
        (488, Reason.CALL_REJECTED),
        (503, Reason.CALL_FAILED),
        (603, Reason.CALL_REJECTED),
    ],
)
def test_a_failed_partys_leg_ends_the_call_with_the_reason_of_its_sip_code(code: int, reason: Reason) -> None:
    call = play(new(), ANSWERED, (LegEnded(Side.PARTY, sip_code=code), [HangUp(Side.AGENT)]))
    assert call.result is not None
    assert (call.result.code, call.result.party, call.result.reason) == (Code.FAILURE, Party.DESTINATION, reason)


def test_an_agent_who_does_not_answer_in_time_is_no_answer() -> None:
    call = play(new(), (LegRinging(Side.AGENT), []), (DeadlinePassed(), [HangUp(Side.AGENT)]), now=15_000)
    assert call.result == Result(Code.FAILURE, Party.ORIGINATOR, Reason.NO_ANSWER)


def test_a_party_who_does_not_answer_in_time_is_no_answer() -> None:
    ringing = play(new(), ANSWERED, (LegRinging(Side.PARTY), []))
    call = play(ringing, (DeadlinePassed(), [HangUp(Side.AGENT), HangUp(Side.PARTY)]), now=61_000)
    assert call.result == Result(Code.FAILURE, Party.DESTINATION, Reason.NO_ANSWER)


def test_nothing_is_dialled_after_the_dial_by_deadline() -> None:
    play(new(), (LegAnswered(Side.AGENT), [HangUp(Side.AGENT)]), now=PLAN.dial_by + 1)


def test_a_switch_that_will_not_ring_the_agent_ends_the_call_at_once() -> None:
    call = play(new(), (LegRefused(Side.AGENT, "Allocation failed"), []))
    assert (call.state, call.hung_up_by) == (State.ENDED, Asker.SYSTEM)


@pytest.mark.parametrize("before", [(), (ANSWERED,), BOTH])
def test_a_call_can_be_hung_up_at_any_moment(before: tuple[tuple[Event, list[Command]], ...]) -> None:
    call = play(new(), *before)
    ending = play(call, (HangUpRequested(Asker.API), [HangUp(side) for side in call.legs_alive]))
    assert ending.state is State.ENDING
    assert ending.hung_up_by is Asker.API


def test_an_unconfirmed_hang_up_is_repeated_and_at_last_given_up() -> None:
    call = play(new(), (HangUpRequested(Asker.API), [HangUp(Side.AGENT)]))
    now = 1_000
    for _ in range(HANG_UP_ATTEMPTS):
        now += HANG_UP_PATIENCE_MS
        call = play(call, (DeadlinePassed(), [HangUp(Side.AGENT)]), now=now)
    assert play(call, (DeadlinePassed(), []), now=now + HANG_UP_PATIENCE_MS).state is State.ENDED


def test_wrap_up_follows_only_a_call_the_agent_answered() -> None:
    unanswered = play(new(), (LegEnded(Side.AGENT, sip_code=486), []))
    assert unanswered.wrap_up_until is None
    answered = play(
        new(), ANSWERED, (LegEnded(Side.AGENT), [HangUp(Side.PARTY)]), (LegEnded(Side.PARTY), [Dismantle()])
    )
    assert answered.wrap_up_until == 1_000 + PLAN.wrap_up_seconds * 1000
    assert replace(answered, plan=replace(PLAN, wrap_up_seconds=0)).wrap_up_until is None


def check_step(before: Call, event: Event, now: int) -> Call:
    """One step, and everything that must hold of every step."""
    after, commands = advance(before, event, now)
    assert (after is before) or after.revision == before.revision + 1
    for command in commands:
        if isinstance(command, HangUp):
            assert after.leg(command.side).alive, "a command names a leg that is gone"
        if isinstance(command, Dial):
            assert now <= before.plan.dial_by
            assert before.party.state is LegState.NONE, "the party is dialled twice"
        if isinstance(command, Prepare | Dial | Comfort | Join):
            assert after.agent.state is LegState.UP
    if after.state is State.ENDING and before.state is not State.ENDING:
        asked = {command.side for command in commands if isinstance(command, HangUp)}
        assert asked == set(after.legs_alive), "a leg is left up"
    if after.state is State.ENDED:
        assert not after.legs_alive
        assert after.result is not None
        assert after.deadline is None
    else:
        assert after.deadline is not None, "a live call could wait for ever"
    if before.result is not None:
        assert after.result == before.result, "a call ends for one reason"
    return after


def test_every_history_of_four_events_keeps_the_rules() -> None:
    histories = 0
    for history in product(EVENTS, repeat=4):
        call, now = new(), 0
        for event in history:
            now = max(now + 1, call.deadline or 0) if isinstance(event, DeadlinePassed) else now + 1
            call = check_step(call, event, now)
        histories += 1
    assert histories == len(EVENTS) ** 4


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*EVENTS, *FAILURES]), st.integers(0, 30_000)), max_size=30))
def test_whatever_happens_the_call_ends_once_its_deadlines_have_passed(history: list[tuple[Event, int]]) -> None:
    call, now = new(), 0
    for event, later in history:
        now += later
        call = check_step(call, event, now)
    # From here on the switch is silent: time alone must end the call and free the agent.
    for _ in range(HANG_UP_ATTEMPTS + 5):
        if call.deadline is not None:
            now = max(now, call.deadline)
            call = check_step(call, DeadlinePassed(), now)
    assert call.state is State.ENDED


def test_the_written_table_of_states_is_what_the_code_does() -> None:
    written = Path(__file__).parents[2] / "docs" / "call-states.md"
    assert written.read_text(encoding="utf-8") == call_states.describe()
