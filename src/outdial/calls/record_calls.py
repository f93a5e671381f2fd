"""Records calls: a telephony that performs a call's recording commands too, and hands what was recorded on to be kept.

What is known of a recording is written down beside its files too. Must not know how a switch records.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from outdial.calls.ports import Telephony
from outdial.calls.recordings import RecordingError, RecordingsKept, SpoolUnusable
from outdial.domain.call import Call
from outdial.domain.commands import (
    Command,
    FinishRecording,
    PauseRecording,
    Record,
    ResumeRecording,
    StopRecording,
)
from outdial.domain.events import CommandFailed, Event, RecordingBegun, RecordingControlled, RecordingStopped
from outdial.domain.legs import LegState, Side
from outdial.domain.recording_records import call_recording


class RecorderFailed(RecordingError):
    """The switch would not do what concerns a recording, or nobody knows whether it did."""


class Recorder(Protocol):
    """A switch, as far as it records legs. Each leg goes into a file of its own, 8 kHz, 16 bit, mono."""

    async def start(self, call_id: str, files: Mapping[Side, Path]) -> RecordingBegun:
        """Begin to record what is heard from these sides; since when. A file that is there is being written already."""
        ...

    async def stop(self, call_id: str, sides: Sequence[Side]) -> None:
        """End it: nothing is recorded of these sides once it returns. Raises RecorderFailed."""
        ...

    async def mute(self, call_id: str, sides: Sequence[Side], *, muted: bool) -> None:
        """Write silence in place of what is heard, or what is heard again. Raises RecorderFailed."""
        ...

    async def closed(self, files: Sequence[Path]) -> None:
        """Wait until nobody writes to the files of a call that has ended, as long as that is worth it."""
        ...

    def starved(self, files: Sequence[Path]) -> Sequence[Path]:
        """Those that have not grown since this was asked before, as their disk is full."""
        ...


class RecordingTelephony:
    """See `ports.Telephony`. Recording commands are performed here, everything else by the telephony within."""

    def __init__(self, telephony: Telephony, recorder: Recorder, kept: RecordingsKept) -> None:
        self._telephony = telephony
        self._recorder = recorder
        self._kept = kept

    @property
    def name(self) -> str:
        """The switch's name."""
        return self._telephony.name

    @property
    def reachable(self) -> bool:
        """Whether commands can be given now."""
        return self._telephony.reachable

    async def leg_state(self, call_id: str, side: Side) -> LegState | None:
        """What the switch says of one leg now."""
        return await self._telephony.leg_state(call_id, side)

    async def legs_held(self) -> Mapping[str, Mapping[Side, LegState]] | None:
        """Every leg of ours the switch holds."""
        return await self._telephony.legs_held()

    async def drop(self, call_id: str, side: Side) -> None:
        """End a channel that belongs to no live call."""
        await self._telephony.drop(call_id, side)

    async def perform(self, call: Call, command: Command) -> Event | None:
        """Carry out one command; what goes wrong comes back as an event."""
        try:
            match command:
                case Record(sides):
                    return await self._record(call, sides)
                case PauseRecording(sides):
                    return await self._mute(call, sides, muted=True)
                case ResumeRecording(sides):
                    return await self._mute(call, sides, muted=False)
                case StopRecording(sides):
                    await self._recorder.stop(call.id, sides)
                    await self._note(call)
                    return RecordingStopped(sides)
                case FinishRecording():
                    await self._finish(call)
                case _:
                    return await self._telephony.perform(call, command)
        except RecordingError as error:
            return CommandFailed(type(command).__name__, str(error))
        return None

    async def _record(self, call: Call, sides: Sequence[Side]) -> Event:
        try:
            folder = self._kept.folder(call.id)
        except SpoolUnusable as error:
            return RecordingBegun((), tuple(sides), str(error))
        names = {side: file.file_name for side in sides if (file := call.recording.file_of(side)) is not None}
        files = {side: folder / name for side, name in names.items()}
        # The call, which is stored, says all that the note does: what is being said need not wait for the disk.
        begun, _ = await asyncio.gather(self._recorder.start(call.id, files), self._note(call))
        return begun

    async def _mute(self, call: Call, sides: Sequence[Side], *, muted: bool) -> Event:
        # First the silence, then the note: what is said meanwhile may be a card's number.
        await self._recorder.mute(call.id, sides, muted=muted)
        await self._note(call)
        return RecordingControlled(pause=muted)

    async def _note(self, call: Call) -> None:
        """Keep what lies beside the audio up to date; the call itself, which is stored, says the same."""
        if call.recording.files:
            with suppress(SpoolUnusable):
                await self._kept.spool(call_recording(call))

    async def _finish(self, call: Call) -> None:
        recording = call_recording(call)
        with suppress(SpoolUnusable):
            folder = self._kept.folder(call.id)
            if not recording.cut_short:
                begun = [file for file in recording.files if not file.unconfirmed]
                await self._recorder.closed([folder / file.file_name for file in begun])
        await self._kept.finish(recording)
