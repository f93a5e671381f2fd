"""What becomes of a call's recording when something happens, and what is to be done about it. Pure.

Must not know the call: `call.advance` decides when these apply, and that a failure does or does not end it.
"""

from collections.abc import Sequence
from dataclasses import replace

from outdial.domain.commands import (
    Announce,
    Command,
    PauseRecording,
    Record,
    ResumeRecording,
    StopAnnouncement,
    StopRecording,
)
from outdial.domain.consent import RecordingDecision
from outdial.domain.events import (
    CommandFailed,
    ConsentCaptured,
    DeadlinePassed,
    DigitPressed,
    RecordingBegun,
    RecordingControl,
    RecordingEvent,
    RecordingFailed,
    RecordingStopped,
)
from outdial.domain.legs import Side
from outdial.domain.recording import BY_API, BY_KEY, Recording, Track, permitted
from outdial.domain.recordings import ConsentAct, ConsentTaken, Pause, SpoolFile

ASK_MS = 60_000
"""How long after the announcement has begun the other side may answer with a key."""
AGAIN_MS = 1_000
"""How soon a stop or a resumption that failed is asked for again."""
AUTOMATIC = "automatic"
"""Who resumes a recording that was paused for too long."""
_ANSWERS = {"1": ConsentAct.GIVEN, "2": ConsentAct.REFUSED}
"""What the keys mean that the announcement names."""

Step = tuple[Recording, tuple[Command, ...]]


def begin(recording: Recording, decision: RecordingDecision, now: int) -> Step:
    """Both sides are joined: record what may be recorded, and ask for what may not yet."""
    begun, commands = _settled(recording, decision, now)
    if decision.announcement is None:
        return begun, commands
    return replace(begun, asking_until=now + ASK_MS), (*commands, Announce(decision.announcement))


def step(recording: Recording, decision: RecordingDecision, event: RecordingEvent, now: int) -> Step:
    """What an event makes of a recording; the very same recording where it says nothing new."""
    match event:
        case RecordingBegun(started, failed, detail):
            return _begun(recording, decision, started, failed, detail, now)
        case RecordingFailed(side, detail):
            if not recording.track(side).running:
                return recording, ()
            return recording.with_track(Track.FAILED, side).failed(detail), ()
        case RecordingStopped(sides):
            return _stopped(recording, decision, sides, now)
        case ConsentCaptured(act, way, who):
            return _consent(recording, decision, ConsentTaken(now, act, Side.PARTY, way, who), now)
        case DigitPressed(side, digit):
            return _digit(recording, decision, side, digit, now)
        case RecordingControl(pause, who):
            return _pause(recording, decision, who, now) if pause else _resume(recording, decision, who, now)
        case CommandFailed(command, detail):
            return _command_failed(recording, command, detail, now)
        case DeadlinePassed():
            return _due(recording, decision, now)


def repeated(recording: Recording) -> tuple[Command, ...]:
    """What is asked again for a call that was taken over, as nobody knows whether it was done. None of it does harm."""
    again: list[Command] = []
    if asked := recording.sides(Track.ASKED):
        again.append(Record(asked))
    if recording.running and recording.pauses:
        again.append(_muted(recording))
    if stopping := recording.sides(Track.STOPPING):
        again.append(StopRecording(stopping))
    return tuple(again)


def _settled(recording: Recording, decision: RecordingDecision, now: int) -> Step:
    """Begin what may be recorded and is not, end what is recorded and may not be."""
    allowed = permitted(decision, recording.consents)
    commands: list[Command] = []
    if over := tuple(side for side in recording.running if side not in allowed):
        recording = recording.with_track(Track.STOPPING, *over)
        for side in over:
            recording = recording.with_file(side, stopped_at=now)
        recording = replace(recording, stop_again_at=now + AGAIN_MS)
        commands.append(StopRecording(over))
    # What begins while it is paused would be heard for a moment: it begins when the pause is over.
    fresh = () if recording.paused else tuple(side for side in recording.sides(Track.OFF) if side in allowed)
    if fresh:
        files = tuple(SpoolFile(side, now, _name(recording, side)) for side in fresh)
        recording = replace(recording.with_track(Track.ASKED, *fresh), files=(*recording.files, *files))
        commands.append(Record(fresh))
    return recording, tuple(commands)


def _name(recording: Recording, side: Side) -> str:
    """The name of a leg's next file: its own first, then with a number."""
    before = sum(file.side is side for file in recording.files)
    return f"{side.value}-{before + 1}.wav" if before else ""


def _begun(
    recording: Recording,
    decision: RecordingDecision,
    started: Sequence[Side],
    failed: Sequence[Side],
    detail: str | None,
    now: int,
) -> Step:
    asked = recording.sides(Track.ASKED)
    on = tuple(side for side in asked if side in started)
    off = tuple(side for side in asked if side in failed)
    if not on and not off:
        return recording, ()
    recording = recording.with_track(Track.ON, *on).with_track(Track.FAILED, *off)
    for side in on:
        recording = recording.with_file(side, started_at=now)
    if off:
        recording = recording.failed(detail or f"the {' and the '.join(off)}'s leg could not be recorded")
    return recording, ()


def _stopped(recording: Recording, decision: RecordingDecision, sides: Sequence[Side], now: int) -> Step:
    stopped = tuple(side for side in recording.sides(Track.STOPPING) if side in sides)
    if not stopped:
        return recording, ()
    recording = recording.with_track(Track.OFF, *stopped)
    if not recording.sides(Track.STOPPING):
        recording = replace(recording, stop_again_at=None)
    # Consent may have been given again meanwhile.
    return _settled(recording, decision, now)


def _consent(recording: Recording, decision: RecordingDecision, taken: ConsentTaken, now: int) -> Step:
    if taken.act is ConsentAct.GIVEN and taken.way == BY_API and recording.refused_by_party:
        return recording, ()
    asked = recording.asking_until is not None
    recording = replace(recording, consents=(*recording.consents, taken), asking_until=None)
    after, commands = _settled(recording, decision, now)
    return after, ((StopAnnouncement(), *commands) if asked else commands)


def _digit(recording: Recording, decision: RecordingDecision, side: Side, digit: str, now: int) -> Step:
    act = _ANSWERS.get(digit)
    if side is not Side.PARTY or act is None or recording.asking_until is None:
        return recording, ()
    return _consent(recording, decision, ConsentTaken(now, act, Side.PARTY, BY_KEY), now)


def _pause(recording: Recording, decision: RecordingDecision, who: str, now: int) -> Step:
    if recording.paused or not recording.running:
        return recording, ()
    after = decision.auto_resume_seconds
    recording = replace(
        recording,
        pauses=(*recording.pauses, Pause(now, None, who)),
        resume_at=now + after * 1000 if after else None,
    )
    return recording, (PauseRecording(recording.running),)


def _resume(recording: Recording, decision: RecordingDecision, who: str, now: int) -> Step:
    if not recording.paused:
        return recording, ()
    over = replace(recording.pauses[-1], until=now, resumed_by=who)
    recording = replace(recording, pauses=(*recording.pauses[:-1], over), resume_at=None)
    resumed: tuple[Command, ...] = (ResumeRecording(recording.running),) if recording.running else ()
    recording, begun = _settled(recording, decision, now)
    return recording, (*resumed, *begun)


def _command_failed(recording: Recording, command: str, detail: str, now: int) -> Step:
    """What was asked for was not done, or nobody knows: what stands in the value must be true again."""
    if command == PauseRecording.__name__ and recording.paused:
        # Told at once to whoever asked; what is recorded of one leg must not be missing of the other.
        before = replace(recording, pauses=recording.pauses[:-1], resume_at=None)
        both: tuple[Command, ...] = (ResumeRecording(before.running),) if before.running else ()
        return before.failed(f"it could not be paused: {detail}"), both
    if command == ResumeRecording.__name__ and recording.pauses and recording.running and not recording.paused:
        still = replace(recording.pauses[-1], until=None, resumed_by=None)
        again = replace(recording, pauses=(*recording.pauses[:-1], still), resume_at=now + AGAIN_MS)
        return again.failed(f"it could not be resumed: {detail}"), ()
    if command == StopRecording.__name__ and recording.sides(Track.STOPPING):
        return recording.failed(f"it could not be stopped: {detail}"), ()
    if command == Announce.__name__ and recording.asking_until is not None:
        return replace(recording, asking_until=None).failed(f"consent could not be asked for: {detail}"), ()
    return recording, ()


def _due(recording: Recording, decision: RecordingDecision, now: int) -> Step:
    commands: tuple[Command, ...] = ()
    if recording.asking_until is not None and now >= recording.asking_until:
        recording = replace(recording, asking_until=None)
    if recording.stop_again_at is not None and now >= recording.stop_again_at:
        recording = replace(recording, stop_again_at=now + AGAIN_MS)
        commands += (StopRecording(recording.sides(Track.STOPPING)),)
    if recording.resume_at is not None and now >= recording.resume_at:
        recording, resumed = _resume(replace(recording, resume_at=None), decision, AUTOMATIC, now)
        commands += resumed
    return recording, commands


def _muted(recording: Recording) -> Command:
    return PauseRecording(recording.running) if recording.paused else ResumeRecording(recording.running)
