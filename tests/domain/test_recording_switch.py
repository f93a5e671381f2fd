"""The recording of a call on a switch that may do what it is told and not say so, and on one that dies to us between.

Told apart here are what the call says and what the switch does: the model's switch alone knows what is written.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.domain.call import Call, State, advance, place
from outdial.domain.commands import Command, PauseRecording, Record, ResumeRecording, StopRecording
from outdial.domain.consent import RecordingDecision, decision_of
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
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.recording import Track
from outdial.domain.recording_steps import repeated
from outdial.domain.recordings import ConsentAct, SpoolFile
from support.recording_rules import DECISIONS, allowed

DONE, UNANSWERED, NOT_DONE = "done", "done, and nobody is told", "not done"
CRASH = "the process is killed"
NEWS: tuple[Event | str, ...] = (
    DeadlinePassed(),
    CRASH,
    RecordingControl(pause=True, who="a"),
    RecordingControl(pause=False, who="a"),
    ConsentCaptured(ConsentAct.GIVEN, "api", "c"),
    ConsentCaptured(ConsentAct.WITHDRAWN, "api", "c"),
    DigitPressed(Side.PARTY, "1"),
    DigitPressed(Side.PARTY, "2"),
    *(RecordingFailed(side, "disk full") for side in Side),
)


@dataclass
class Written:
    """What the switch writes of a leg."""

    name: str
    muted: bool = False


@dataclass
class Model:
    """A call as the engine drives it, and a switch of which every command may be done or not, and told or not."""

    call: Call
    data: st.DataObject
    now: int = 2_000
    written: dict[Side, Written] = field(default_factory=dict)

    def happens(self, event: Event, *, killed: bool = False) -> None:
        """An event with everything that follows at once, unless the process is killed over it."""
        self._work([event], (), killed=killed)
        if killed:
            self._work([], repeated(self.call.recording, decision_of(self.call.plan.recording)), killed=False)

    def _work(self, events: list[Event], commands: tuple[Command, ...], *, killed: bool) -> None:
        waiting = deque([*events, *self._perform(commands)])
        while waiting:
            self.call, commands = advance(self.call, waiting.popleft(), self.now)
            if killed:
                self._perform(commands[: self.data.draw(st.integers(0, len(commands)))])
                return
            waiting.extend(self._perform(commands))
        self.check()

    def _perform(self, commands: tuple[Command, ...]) -> list[Event]:
        return [outcome for command in commands if (outcome := self._outcome(command)) is not None]

    def _outcome(self, command: Command) -> Event | None:
        match command:
            case Record(sides):
                started = tuple(side for side in sides if self._begins(side))
                return RecordingBegun(started, tuple(side for side in sides if side not in started), "no answer")
            case PauseRecording(sides) | ResumeRecording(sides):
                return self._mute(command, sides, muted=isinstance(command, PauseRecording))
            case StopRecording(sides):
                return self._stop(sides)
            case _:
                return None

    def _begins(self, side: Side) -> bool:
        """Whether a leg is written as far as is told. A file that is there is being written already."""
        file = self.call.recording.file_of(side)
        assert file is not None
        assert side in allowed(self.call)
        if side in self.written:
            assert self.written[side].name == file.file_name, "two recordings of one channel"
            return True
        luck = self._luck()
        if luck != NOT_DONE:
            assert not self.call.recording.paused
            self.written[side] = Written(file.file_name)
        return luck == DONE

    def _mute(self, command: Command, sides: tuple[Side, ...], *, muted: bool) -> Event:
        for side in sides:
            luck = self._luck() if side in self.written else NOT_DONE
            if luck != NOT_DONE:
                self.written[side].muted = muted
            if luck != DONE:
                return CommandFailed(type(command).__name__, "no answer")
        return RecordingControlled(pause=muted)

    def _stop(self, sides: tuple[Side, ...]) -> Event:
        for side in sides:
            luck = self._luck()
            if luck != NOT_DONE:
                self.written.pop(side, None)
            if luck != DONE:
                return CommandFailed(StopRecording.__name__, "no answer")
        return RecordingStopped(sides)

    def _luck(self) -> str:
        return self.data.draw(st.sampled_from((DONE, DONE, UNANSWERED, NOT_DONE)))

    def check(self) -> None:
        """What is written and what the call says of it agree, or are being brought to agree."""
        if self.call.state is not State.JOINED:
            return
        recording, deadline = self.call.recording, self.call.deadline
        assert deadline is not None
        for side, leg in self.written.items():
            if side not in allowed(self.call) or not recording.track(side).running:
                assert side in recording.unstopped, "a leg is written, and nothing is going to stop it"
                assert recording.stop_again_at is not None
                assert deadline <= recording.stop_again_at
                file = self.file(leg.name)
                assert file.unconfirmed or (file.stopped_at or self.now + 1) <= self.now, "it would be kept"
            elif leg.muted is not recording.paused:
                assert recording.unmute_again_at is not None, "silence, or what is said, that nobody knows of"
                assert deadline <= recording.unmute_again_at
        for side in recording.sides(Track.ON):
            assert side in self.written, "the call says that it is recorded"
            kept = self.file(self.written[side].name)
            assert (kept.stopped_at, kept.unconfirmed) == (None, False)
        if recording.sides(Track.FAILED) and recording.retry_at is not None and not recording.paused:
            assert deadline <= recording.retry_at

    def file(self, name: str) -> SpoolFile:
        (file,) = [file for file in self.call.recording.files if file.file_name == name]
        return file


def dialling(decision: RecordingDecision) -> Call:
    phone = Phone(PhoneKind.SIP, "a")
    plan = CallPlan("1", phone, phone, 0, 20_000, recording=decision.to_dict())
    return advance(place("id", "acc", "main", plan)[0], LegAnswered(Side.AGENT), 1_000)[0]


MOMENTS = st.sampled_from((0, 1, 900, 1_100, 6_000, 61_000))
HISTORY = st.lists(st.tuples(st.sampled_from(NEWS), MOMENTS), max_size=25)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(DECISIONS), HISTORY, st.data())
def test_whatever_is_written_that_may_not_be_is_being_stopped_and_not_kept(
    decision: RecordingDecision, history: list[tuple[Any, int]], data: st.DataObject
) -> None:
    decision = replace(decision, auto_resume_seconds=data.draw(st.sampled_from((0, 1))))
    model = Model(dialling(decision), data)
    model.happens(LegAnswered(Side.PARTY))
    for event, later in history:
        model.now += later
        if event == CRASH:
            model.happens(data.draw(st.sampled_from([each for each in NEWS if each != CRASH])), killed=True)
        else:
            model.happens(event)
    model.happens(HangUpRequested(Asker.API))
    for side in Side:
        model.happens(LegEnded(side))
    assert model.call.state is State.ENDED
