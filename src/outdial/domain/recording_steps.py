"""What becomes of a call's recording when something happens, and what is to be done about it. Pure.

Must not know the call: `call.advance` decides when these apply, and that a failure does or does not end it.
"""

from collections.abc import Sequence
from dataclasses import replace

from outdial.domain import recording_pauses as pauses
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
    RecordingControlled,
    RecordingEvent,
    RecordingFailed,
    RecordingStopped,
)
from outdial.domain.legs import Side
from outdial.domain.recording import BY_API, BY_KEY, Recording, Track, ever_permitted, permitted
from outdial.domain.recording_pauses import AGAIN_MS, AUTOMATIC, Step
from outdial.domain.recordings import ConsentAct, ConsentTaken, SpoolFile

ASK_MS = 60_000
"""How long after the announcement has begun the other side may answer with a key."""
RETRY_MS = (1_000, 5_000, 15_000, 60_000, 300_000)
"""How long after each failure in a row a leg is tried again."""
_ANSWERS = {"1": ConsentAct.GIVEN, "2": ConsentAct.REFUSED}
"""What the keys mean that the announcement names."""


def begin(recording: Recording, decision: RecordingDecision, now: int) -> Step:
    """Both sides are joined: record what may be recorded, and ask for what may not yet."""
    begun, commands = _settled(recording, decision, now)
    if decision.announcement is None:
        return begun, commands
    return replace(begun, asking_until=now + ASK_MS), (*commands, Announce(decision.announcement))


def step(recording: Recording, decision: RecordingDecision, event: RecordingEvent, now: int) -> Step:
    """What an event makes of a recording; the very same recording where it says nothing new."""
    match event:
        case RecordingBegun():
            return _begun(recording, event, now)
        case RecordingFailed(side, detail):
            return _doubted(recording, (side,), detail, now) if recording.track(side).running else (recording, ())
        case RecordingStopped(sides):
            return _stopped(recording, decision, sides, now)
        case RecordingControlled(pause):
            return _controlled(recording, decision, now, paused=pause)
        case ConsentCaptured(act, way, who):
            return _consent(recording, decision, ConsentTaken(now, act, Side.PARTY, way, who), now)
        case DigitPressed(side, digit):
            return _digit(recording, decision, side, digit, now)
        case RecordingControl():
            return _control(recording, decision, event, now)
        case CommandFailed(command, detail):
            return _command_failed(recording, decision, command, detail, now)
        case DeadlinePassed():
            return _due(recording, decision, now)


def repeated(recording: Recording, decision: RecordingDecision) -> tuple[Command, ...]:
    """What is asked again for a call that was taken over, as nobody knows whether it was done. None of it does harm.

    Whatever leg is not to be recorded is stopped, whether or not anything says that it is.
    """
    again: list[Command] = []
    if idle := _idle(recording, decision):
        again.append(StopRecording(idle))
    if asked := recording.sides(Track.ASKED):
        again.append(Record(asked))
    if running := recording.running:
        silent = recording.paused and recording.unmute_again_at is None
        again.append(PauseRecording(running) if silent else ResumeRecording(running))
    return tuple(again)


def _idle(recording: Recording, decision: RecordingDecision) -> tuple[Side, ...]:
    """The legs not to be recorded now, of those that may be at some time."""
    return tuple(side for side in ever_permitted(decision) if not recording.track(side).running)


def _settled(recording: Recording, decision: RecordingDecision, now: int) -> Step:
    """Begin what may be recorded and is not, end what is recorded and may not be."""
    allowed = permitted(decision, recording.consents)
    commands: list[Command] = []
    if over := tuple(side for side in recording.running if side not in allowed):
        recording = _stopping(recording, Track.STOPPING, over, now)
        commands.append(StopRecording(over))
    # What failed and may not be recorded any more has nothing left to try: consent given again begins it anew.
    recording = recording.with_track(
        Track.OFF, *(side for side in recording.sides(Track.FAILED) if side not in allowed)
    )
    # What begins while it is paused would be heard for a moment: it begins when the pause is over.
    fresh = () if recording.paused else tuple(side for side in _ready(recording, now) if side in allowed)
    if fresh:
        files = tuple(SpoolFile(side, now, _name(recording, side)) for side in fresh)
        recording = replace(recording.with_track(Track.ASKED, *fresh), files=(*recording.files, *files))
        commands.append(Record(fresh))
    tried = not recording.paused and _is_due(recording.retry_at, now)
    if recording.retry_at is not None and (tried or not recording.sides(Track.FAILED)):
        recording = replace(recording, retry_at=None)
    return recording, tuple(commands)


def _with_settled(before: Step, decision: RecordingDecision, now: int) -> Step:
    """A step, and whatever may begin after it."""
    recording, commands = before
    recording, begun = _settled(recording, decision, now)
    return recording, (*commands, *begun)


def _ready(recording: Recording, now: int) -> tuple[Side, ...]:
    """The legs that could be begun: they never were, or they failed and it is time to try again."""
    again = recording.sides(Track.FAILED) if _is_due(recording.retry_at, now) else ()
    tried = tuple(side for side in again if recording.starts_failed(side) <= len(RETRY_MS))
    return tuple(side for side in Side if side in recording.sides(Track.OFF) or side in tried)


def _is_due(at: int | None, now: int) -> bool:
    return at is not None and now >= at


def _name(recording: Recording, side: Side) -> str:
    """The name of a leg's next file: its own first, then with a number."""
    before = sum(file.side is side for file in recording.files)
    return f"{side.value}-{before + 1}.wav" if before else ""


def _stopping(recording: Recording, state: Track, sides: Sequence[Side], now: int) -> Recording:
    """With these legs to be stopped, for whatever reason, until that is confirmed. What was never confirmed as begun
    is not kept: nobody could have known that it was written."""
    for side in sides:
        recording = recording.with_file(side, stopped_at=now, unconfirmed=recording.track(side) is Track.ASKED)
    return replace(recording.with_track(state, *sides), stop_again_at=now + AGAIN_MS)


def _doubted(recording: Recording, sides: tuple[Side, ...], detail: str, now: int) -> Step:
    """Legs could not be recorded, or not any further. Nobody knows whether they are, so they are stopped."""
    return _stopping(recording, Track.DOUBTFUL, sides, now).failed(detail), (StopRecording(sides),)


def _begun(recording: Recording, begun: RecordingBegun, now: int) -> Step:
    asked = recording.sides(Track.ASKED)
    on = tuple(side for side in asked if side in begun.started)
    off = tuple(side for side in asked if side in begun.failed)
    recording, since = recording.with_track(Track.ON, *on), dict(begun.since)
    for file in [each for side in on if (each := recording.file_of(side)) is not None]:
        # By whatever clock that was told: not before it was asked for, and not in the future.
        at = max(file.started_at, min(now, since.get(file.side, now)))
        recording = recording.with_file(file.side, started_at=at)
    if not off:
        return recording, ()
    return _doubted(recording, off, begun.detail or f"the {' and the '.join(off)}'s leg could not be recorded", now)


def _stopped(recording: Recording, decision: RecordingDecision, sides: Sequence[Side], now: int) -> Step:
    stopped = tuple(side for side in recording.unstopped if side in sides)
    if recording.stop_again_at is None or (recording.unstopped and not stopped):
        return recording, ()
    for side in stopped:
        if recording.track(side) is Track.STOPPING:
            recording = recording.with_track(Track.OFF, side)
        else:
            recording = _given_up(recording, side, now)
    if not recording.unstopped:
        recording = replace(recording, stop_again_at=None)
    # Consent may have been given again meanwhile.
    return _settled(recording, decision, now)


def _given_up(recording: Recording, side: Side, now: int) -> Recording:
    """A leg has failed, and nothing is written of it: it is tried again in a while, unless it was too often."""
    recording = recording.with_track(Track.FAILED, side)
    failures = max(1, recording.starts_failed(side))
    if failures > len(RETRY_MS):
        return recording
    again = now + RETRY_MS[failures - 1]
    return replace(recording, retry_at=min(again, recording.retry_at or again))


def _control(recording: Recording, decision: RecordingDecision, asked: RecordingControl, now: int) -> Step:
    if asked.pause:
        return pauses.pause(recording, decision, asked.who, now)
    return _with_settled(pauses.resume(recording, asked.who, now), decision, now)


def _controlled(recording: Recording, decision: RecordingDecision, now: int, *, paused: bool) -> Step:
    if paused:
        return (replace(recording, pausing=False) if recording.pausing else recording), ()
    if recording.unmute_again_at is None:
        return recording, ()
    return _settled(pauses.resumed(recording, now), decision, now)


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


def _command_failed(recording: Recording, decision: RecordingDecision, command: str, detail: str, now: int) -> Step:
    """What was asked for was not done, or nobody knows: what stands in the value must be true again."""
    if command == PauseRecording.__name__ and recording.paused and recording.pausing:
        return _with_settled(pauses.not_paused(recording, detail, now), decision, now)
    silent = recording.paused and recording.unmute_again_at is None
    if command == ResumeRecording.__name__ and recording.running and not silent:
        return pauses.not_resumed(recording, detail, now), ()
    if command == StopRecording.__name__ and _idle(recording, decision):
        again = replace(recording, stop_again_at=now + AGAIN_MS)
        # Of a leg that nobody says is being written, it is no failure.
        return (again.failed(f"it could not be stopped: {detail}") if again.unstopped else again), ()
    if command == Announce.__name__ and recording.asking_until is not None:
        return replace(recording, asking_until=None).failed(f"consent could not be asked for: {detail}"), ()
    return recording, ()


def _due(recording: Recording, decision: RecordingDecision, now: int) -> Step:
    commands: tuple[Command, ...] = ()
    if _is_due(recording.asking_until, now):
        recording = replace(recording, asking_until=None)
    if _is_due(recording.stop_again_at, now):
        over = recording.unstopped or _idle(recording, decision)
        recording = replace(recording, stop_again_at=now + AGAIN_MS if over else None)
        commands += (StopRecording(over),) if over else ()
    if _is_due(recording.unmute_again_at, now):
        recording, unmuted = pauses.unmute_again(recording, now)
        commands += unmuted
    if _is_due(recording.resume_at, now):
        recording, unmuted = pauses.resume(recording, AUTOMATIC, now)
        commands += unmuted
    return _with_settled((recording, commands), decision, now)
