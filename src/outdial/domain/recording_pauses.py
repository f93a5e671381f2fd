"""What becomes of a recording's pauses: asked for, made or not made, ended or not ended. Pure.

A pause holds from when it is asked for, and until the switch has confirmed its end: whoever reads the record finds no
silence that is not told of, and nobody is told that a recording goes on which may still be silent.
"""

from dataclasses import replace

from outdial.domain.commands import Command, PauseRecording, ResumeRecording
from outdial.domain.consent import RecordingDecision
from outdial.domain.recording import Recording
from outdial.domain.recordings import Pause

AGAIN_MS = 1_000
"""How soon what the switch did not confirm is asked for again."""
AUTOMATIC = "automatic"
"""Who resumes a recording that was paused for too long."""

Step = tuple[Recording, tuple[Command, ...]]


def pause(recording: Recording, decision: RecordingDecision, who: str, now: int) -> Step:
    """Somebody wants silence. While a resumption is under way nobody knows whether there is any: it is made anew."""
    if not recording.running or (recording.paused and recording.unmute_again_at is None):
        return recording, ()
    before = (*recording.pauses[:-1], _over(recording, now)) if recording.paused else recording.pauses
    after = decision.auto_resume_seconds
    paused = replace(
        recording,
        pauses=(*before, Pause(now, None, who)),
        pausing=True,
        unmute_again_at=None,
        resume_at=now + after * 1000 if after else None,
    )
    return paused, (PauseRecording(recording.running),)


def resume(recording: Recording, who: str, now: int) -> Step:
    """Somebody wants the silence to end, or the recording to be heard again that may be silent by mistake."""
    if not recording.paused:
        return unmute(recording, now) if recording.unmute_again_at is not None else (recording, ())
    last = replace(recording.pauses[-1], resumed_by=who)
    asked = replace(recording, pauses=(*recording.pauses[:-1], last), pausing=False, resume_at=None)
    return unmute(asked, now)


def unmute(recording: Recording, now: int) -> Step:
    """Have what is said written again, until that is confirmed; where nothing is recorded, nothing is silent."""
    if not recording.running:
        return resumed(recording, now), ()
    return replace(recording, unmute_again_at=now + AGAIN_MS), (ResumeRecording(recording.running),)


def unmute_again(recording: Recording, now: int) -> Step:
    """Nobody has confirmed that what is said is written again."""
    who = recording.pauses[-1].resumed_by if recording.paused else None
    return resume(recording, who or AUTOMATIC, now)


def resumed(recording: Recording, now: int) -> Recording:
    """What is said is written again."""
    pauses = (*recording.pauses[:-1], _over(recording, now)) if recording.paused else recording.pauses
    return replace(recording, pauses=pauses, unmute_again_at=None)


def not_paused(recording: Recording, detail: str, now: int) -> Step:
    """A pause could not be made, or not of every leg. That is told at once to whoever asked, and as the switch may have
    done it nevertheless, what is said is to be written again."""
    before = replace(recording, pauses=recording.pauses[:-1], pausing=False, resume_at=None)
    return unmute(before.failed(f"it could not be paused: {detail}"), now)


def not_resumed(recording: Recording, detail: str, now: int) -> Recording:
    """A pause could not be ended, so that it goes on, or nobody knows: its end is asked for again."""
    pauses = recording.pauses
    if recording.paused:
        pauses = (*pauses[:-1], replace(pauses[-1], resumed_by=None))
    again = replace(recording, pauses=pauses, unmute_again_at=now + AGAIN_MS)
    return again.failed(f"it could not be resumed: {detail}")


def _over(recording: Recording, now: int) -> Pause:
    return replace(recording.pauses[-1], until=now)
