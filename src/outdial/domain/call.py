"""A call as a value, and every transition it can make: `advance(call, event, now) -> (call, commands)`.

Pure: no I/O, no clock, no ids of its own. Time is an argument (milliseconds since the epoch); the one timer is
the stored field `deadline`. The table of all this is generated into docs/call-states.md. What becomes of the recording
of a call that is joined is in `recording_steps`.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from outdial.domain import causes, recording_steps
from outdial.domain.commands import Comfort, Command, Dial, Dismantle, FinishRecording, HangUp, Join, Prepare, Ring
from outdial.domain.consent import decision_of
from outdial.domain.events import (
    Asker,
    CommandFailed,
    DeadlinePassed,
    Event,
    Faulted,
    HangUpRequested,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegProgressed,
    LegRefused,
    LegRinging,
    RecordingEvent,
    RecordingNews,
)
from outdial.domain.legs import Leg, LegState, Side
from outdial.domain.plan import CallPlan
from outdial.domain.recording import Recording
from outdial.domain.results import Code, Party, Reason, Result, reason_of

HANG_UP_PATIENCE_MS = 5_000
"""How long the switch may take to confirm that a leg has ended before it is asked again."""
HANG_UP_ATTEMPTS = 6
"""After so many unconfirmed hang-ups the call is closed; the sweep ends any channel that still turns up."""


class State(StrEnum):
    """Where a call is."""

    RINGING_AGENT = "ringing_agent"
    """The agent's phone has been asked to ring."""
    DIALLING_PARTY = "dialling_party"
    """The agent is up and hears the party's phone ring, or its early media."""
    JOINED = "joined"
    """Both sides are up and hear each other."""
    ENDING = "ending"
    """The result is known; legs are being ended and the switch has not confirmed all of them."""
    ENDED = "ended"
    """No leg is left and the agent is free."""


Outcome = tuple["Call", tuple[Command, ...]]


@dataclass(frozen=True, slots=True)
class Call:
    """Both legs of a call and how far it has come. Times are milliseconds since the epoch."""

    id: str
    account: str
    switch: str
    plan: CallPlan
    state: State
    agent: Leg
    party: Leg = field(default_factory=Leg)
    over_by: int | None = None
    """When this state must be over."""
    deadline: int | None = None
    """When something is due, of the state or of the recording: whatever comes first."""
    recording: Recording = field(default_factory=Recording)
    joined_at: int | None = None
    ended_at: int | None = None
    result: Result | None = None
    hung_up_by: Asker | None = None
    hang_up_attempts: int = 0
    revision: int = 0
    """Grows by one with every change, so that a stale copy can never overwrite a newer one."""

    @property
    def live(self) -> bool:
        """Whether the call still holds its agent."""
        return self.state is not State.ENDED

    @property
    def legs_alive(self) -> tuple[Side, ...]:
        """The sides for which the switch may hold a channel."""
        return tuple(side for side in Side if self.leg(side).alive)

    @property
    def wrap_up_until(self) -> int | None:
        """Until when the agent wraps up after the call; none where the agent never answered."""
        if self.ended_at is None or self.agent.answered_at is None or self.plan.wrap_up_seconds == 0:
            return None
        return self.ended_at + self.plan.wrap_up_seconds * 1000

    @property
    def reached_nobody(self) -> bool:
        """Whether the switch never took so much as the agent's leg, so that the request was refused, and its sender
        knows of no call."""
        failed = self.result is not None and self.result.reason is not Reason.NO_ANSWER
        return failed and self.hung_up_by is Asker.SYSTEM and self.agent.is_untouched

    def leg(self, side: Side) -> Leg:
        """The leg of a side."""
        return self.agent if side is Side.AGENT else self.party

    def with_leg(self, side: Side, **changes: Any) -> "Call":  # noqa: ANN401 -- dataclasses.replace checks the names
        """The call with one leg changed."""
        leg = replace(self.leg(side), **changes)
        return replace(self, agent=leg) if side is Side.AGENT else replace(self, party=leg)


def place(call_id: str, account: str, switch: str, plan: CallPlan) -> Outcome:
    """A new call: the agent's phone is to ring first."""
    call = Call(
        id=call_id,
        account=account,
        switch=switch,
        plan=plan,
        state=State.RINGING_AGENT,
        agent=Leg(LegState.ASKED, asked_at=plan.created_at),
        over_by=plan.created_at + plan.agent_ring_seconds * 1000,
    )
    return replace(call, deadline=call.over_by), (Ring(plan.agent_ring_seconds),)


def advance(call: Call, event: Event, now: int) -> Outcome:
    """What becomes of a call when something happens, and what is to be done about it.

    An event that no longer applies (a replay, a leg already gone) returns the very same call and no command.
    """
    if call.state is State.ENDED or _is_stale(call, event, now):
        return call, ()
    if isinstance(event, RecordingNews):
        after, commands = _recorded(call, event, now)
    else:
        after, commands = _transition(call, event, now)
    if after is call:
        return call, commands
    return replace(after, revision=call.revision + 1, deadline=_earliest_due(after)), commands


def _transition(call: Call, event: LegEvent, now: int) -> Outcome:
    match event:
        case LegRinging(side):
            return call.with_leg(side, state=LegState.RINGING, ringing_at=now), ()
        case LegProgressed(side):
            return call.with_leg(side, state=LegState.EARLY_MEDIA), ()
        case LegAnswered(side):
            return _answered(call.with_leg(side, state=LegState.UP, answered_at=now), now)
        case LegEnded(side, cause, sip_code, detail):
            gone = call.with_leg(side, state=LegState.GONE, ended_at=now, cause=cause, sip_code=sip_code)
            return _leg_ended(gone, side, detail, now)
        case LegRefused(side, detail):
            gone = call.with_leg(side, state=LegState.GONE, ended_at=now)
            return _end(gone, _failure(side, Reason.NUMBER_UNOBTAINABLE, detail), Asker.SYSTEM, now)
        case CommandFailed(command, detail):
            return _command_failed(call, command, detail, now)
        case HangUpRequested(by):
            return _hang_up_requested(call, by, now)
        case DeadlinePassed():
            return _deadline_passed(call, now)
        case Faulted(detail):
            return _end(call, _failure(Side.AGENT, Reason.CALL_FAILED, detail), Asker.SYSTEM, now)


def comes_too_late(call: Call, command: Command, now: int) -> bool:
    """Whether a phone may not be reached any more, however long a command has waited to be carried out: the party's
    after the dial-by deadline, the agent's once it should have rung."""
    match command:
        case Dial():
            return now > call.plan.dial_by
        case Ring():
            return call.over_by is not None and now >= call.over_by
        case _:
            return False


_REACHED = {LegState.ASKED: 0, LegState.RINGING: 1, LegState.EARLY_MEDIA: 2, LegState.UP: 3}


def _is_stale(call: Call, event: Event, now: int) -> bool:
    """Whether an event says nothing new: about a leg that is not there, or a step it has already made."""
    if isinstance(event, RecordingNews):
        return call.state is not State.JOINED
    match event:
        case LegRinging(side):
            return _REACHED.get(call.leg(side).state, 9) >= _REACHED[LegState.RINGING]
        case LegProgressed(side):
            return _REACHED.get(call.leg(side).state, 9) >= _REACHED[LegState.EARLY_MEDIA]
        case LegAnswered(side):
            return _REACHED.get(call.leg(side).state, 9) >= _REACHED[LegState.UP]
        case LegEnded(side) | LegRefused(side):
            return not call.leg(side).alive
        case DeadlinePassed():
            return call.deadline is None or now < call.deadline
        case CommandFailed() | HangUpRequested() | Faulted():
            return False


def _answered(call: Call, now: int) -> Outcome:
    """A leg has just picked up."""
    match call.state:
        case State.RINGING_AGENT if now > call.plan.dial_by:
            late = _failure(Side.AGENT, Reason.NO_ANSWER, "answered after the dial-by deadline")
            return _end(call, late, Asker.SYSTEM, now)
        case State.RINGING_AGENT:
            seconds = call.plan.party_ring_seconds
            dialling = replace(
                call,
                state=State.DIALLING_PARTY,
                party=Leg(LegState.ASKED, asked_at=now),
                over_by=now + seconds * 1000,
            )
            return dialling, (Comfort(), Prepare(), Dial(seconds))
        case State.DIALLING_PARTY:
            recording, commands = recording_steps.begin(call.recording, decision_of(call.plan.recording), now)
            over_by = now + call.plan.max_seconds * 1000
            joined = replace(call, state=State.JOINED, joined_at=now, over_by=over_by, recording=recording)
            return joined, (Join(), *commands)
        case State.JOINED | State.ENDING | State.ENDED:
            # Picked up while its hang-up was on the way: the hang-up will end it.
            return call, ()


def _leg_ended(call: Call, side: Side, detail: str | None, now: int) -> Outcome:
    """A leg is gone: whatever the call was doing, it ends."""
    who = Asker.AGENT if side is Side.AGENT else Asker.PARTY
    if detail is not None:
        who = Asker.SYSTEM
        if call.recording.running:
            call = replace(call, recording=replace(call.recording, cut_short=True))
    match call.state:
        case State.JOINED:
            return _end(call, Result(Code.SUCCESS, Party.of(side), Reason.NORMAL, detail), who, now)
        case State.DIALLING_PARTY if side is Side.AGENT:
            gave_up = detail or "the agent hung up before the other side answered"
            return _end(call, _failure(side, Reason.CALL_FAILED, gave_up), who, now)
        case State.RINGING_AGENT | State.DIALLING_PARTY:
            return _never_answered(call, side, detail, who, now)
        case State.ENDING | State.ENDED:
            return _settle(call, now)


def _never_answered(call: Call, side: Side, detail: str | None, who: Asker, now: int) -> Outcome:
    """A leg is gone that nobody had picked up."""
    leg = call.leg(side)
    reason = Reason.CALL_FAILED if detail else reason_of(leg)
    # A leg that ends normally without ever having answered did not go normally.
    reason = Reason.CALL_FAILED if reason is Reason.NORMAL else reason
    who = Asker.SYSTEM if causes.is_nobodys_doing(leg) else who
    return _end(call, _failure(side, reason, detail or causes.why(call.plan.phone(side), leg)), who, now)


def _command_failed(call: Call, command: str, detail: str, now: int) -> Outcome:
    """A command went wrong. Only those on the way to a phone decide a call; the rest are retried or cosmetic."""
    if call.state is State.JOINED:
        return _recorded(call, CommandFailed(command, detail), now)
    if command == Ring.__name__ and call.state is State.RINGING_AGENT:
        return _end(call, _failure(Side.AGENT, Reason.CALL_FAILED, detail), Asker.SYSTEM, now)
    if command in (Prepare.__name__, Dial.__name__) and call.state is State.DIALLING_PARTY:
        return _end(call, _failure(Side.PARTY, Reason.CALL_FAILED, detail), Asker.SYSTEM, now)
    # HangUp is repeated at the deadline; Comfort, Join and Dismantle change nothing that a caller depends on;
    # a Ring or Dial that failed after its leg had moved on is contradicted by that very leg.
    return call, ()


def _hang_up_requested(call: Call, by: Asker, now: int) -> Outcome:
    """Somebody wants the call to end, at whatever moment."""
    if call.state is State.JOINED:
        return _end(call, Result(Code.SUCCESS, Party.ORIGINATOR, Reason.NORMAL), by, now)
    return _end(call, _failure(Side.AGENT, Reason.CALL_FAILED, "hung up before it was answered"), by, now)


def _deadline_passed(call: Call, now: int) -> Outcome:
    """The call has been in this state for as long as it may."""
    match call.state:
        case State.RINGING_AGENT | State.DIALLING_PARTY:
            side = Side.AGENT if call.state is State.RINGING_AGENT else Side.PARTY
            silence = causes.silence_of(call.plan.phone(side), call.leg(side))
            return _end(call, _failure(side, Reason.NO_ANSWER, silence), Asker.SYSTEM, now)
        case State.JOINED if call.over_by is None or now < call.over_by:
            return _recorded(call, DeadlinePassed(), now)
        case State.JOINED:
            longest = Result(Code.SUCCESS, Party.ORIGINATOR, Reason.NORMAL, "the longest duration was reached")
            return _end(call, longest, Asker.SYSTEM, now)
        case State.ENDING | State.ENDED:
            return _hang_up_again(call, now)


def _hang_up_again(call: Call, now: int) -> Outcome:
    """The switch has not confirmed the end of every leg: ask again, and in the end close the call without it."""
    if call.hang_up_attempts < HANG_UP_ATTEMPTS:
        again = replace(call, hang_up_attempts=call.hang_up_attempts + 1, over_by=now + HANG_UP_PATIENCE_MS)
        return again, _hang_ups(call)
    for side in call.legs_alive:
        call = call.with_leg(side, state=LegState.GONE, ended_at=now)
    return _settle(call, now)


def _end(call: Call, result: Result, by: Asker, now: int) -> Outcome:
    """The result is known, unless it was known before: end whatever leg is left."""
    if call.state is State.ENDING:
        return _settle(call, now)
    ending = replace(call, state=State.ENDING, result=result, hung_up_by=by, over_by=now + HANG_UP_PATIENCE_MS)
    if not ending.legs_alive:
        return _settle(ending, now)
    return ending, _hang_ups(ending)


def _settle(call: Call, now: int) -> Outcome:
    """In ENDING: the call is over once no leg is left."""
    if call.legs_alive:
        return call, ()
    ended = replace(call, state=State.ENDED, over_by=None, ended_at=now)
    commands: tuple[Command, ...] = (Dismantle(),) if call.party.state is not LegState.NONE else ()
    return ended, ((*commands, FinishRecording()) if call.recording.files else commands)


def _recorded(call: Call, event: RecordingEvent, now: int) -> Outcome:
    """Both are joined, and something has happened to the recording. Nothing of it ends the call, unless the account
    would rather have no call than one that is not recorded."""
    decision = decision_of(call.plan.recording)
    recording, commands = recording_steps.step(call.recording, decision, event, now)
    if recording is call.recording:
        return call, commands
    after = replace(call, recording=recording)
    if decision.record_or_drop and set(recording.failing) - set(call.recording.failing):
        dropped = Result(Code.SUCCESS, Party.ORIGINATOR, Reason.NORMAL, f"not recorded: {recording.failures[-1]}")
        return _end(after, dropped, Asker.SYSTEM, now)
    return after, commands


def _earliest_due(call: Call) -> int | None:
    due = call.recording.due if call.state is State.JOINED else None
    return min((at for at in (call.over_by, due) if at is not None), default=None)


def _hang_ups(call: Call) -> tuple[Command, ...]:
    return tuple(HangUp(side) for side in call.legs_alive)


def _failure(side: Side, reason: Reason, detail: str | None = None) -> Result:
    return Result(Code.FAILURE, Party.of(side), reason, detail)
