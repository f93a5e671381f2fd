"""The recorder on Asterisk: a MixMonitor for each leg, on that leg's own channel, started over AMI.

Of each channel only what is heard from it is written (`r`), with silence where nothing comes (`S`): a leg that is
not allowed is never written, not even for a moment. Must not know who may be recorded.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from outdial.asterisk.ami import Ami, AmiError, AmiRefused
from outdial.asterisk.translate import channel_id
from outdial.calls.record_calls import RecorderFailed
from outdial.domain.events import RecordingBegun
from outdial.domain.legs import Side

APPEAR_SECONDS = 1.0
"""How long a file may take to be there; it takes some milliseconds. The switch says "Success" to any path."""
CLOSE_SECONDS = 1.0
POLL_SECONDS = 0.005
FULL = 1024 * 1024
"""With so few bytes left, a file that does not grow can't."""
MOST_OF_A_CHANNEL = 10
"""So many recordings of one channel are ended, one after another, until the switch says that there is none."""
_MEANINGFUL = frozenset(",()|;\"'\\$ \t")
"""What has a meaning where the switch is told a file's name."""
_BYTES_A_MS = 16
_HEADER = 44
_LENGTH = 40
"""Where a WAV file's header has the number of bytes that follow it; written when the file is closed."""


class AsteriskRecorder:
    """See `calls.record_calls.Recorder`."""

    def __init__(self, ami: Ami) -> None:
        self._ami = ami
        self._sizes: dict[Path, int] = {}

    async def start(self, call_id: str, files: Mapping[Side, Path]) -> RecordingBegun:
        """Begin to record what is heard from these sides."""
        troubles = await asyncio.gather(*(self._start(call_id, side, path) for side, path in files.items()))
        failed = {side: trouble for side, trouble in zip(files, troubles, strict=True) if trouble is not None}
        started = tuple(side for side in files if side not in failed)
        since = tuple((side, at) for side in started if (at := _began(files[side])) is not None)
        return RecordingBegun(started, tuple(failed), next(iter(failed.values()), None), since)

    async def stop(self, call_id: str, sides: Sequence[Side]) -> None:
        """End it. Each channel has one MixMonitor at most, so that no id of it needs to be known; it has two where a
        start was done after all that nobody knew of, and a later one too."""
        for side in sides:
            try:
                for _ in range(MOST_OF_A_CHANNEL):
                    await self._ami.act("StopMixMonitor", Channel=channel_id(call_id, side))
            except AmiRefused:
                continue  # there is no such channel, or nothing that records it
            except AmiError as error:
                raise RecorderFailed(str(error)) from None
            raise RecorderFailed(f"the {side}'s leg is recorded again and again")

    async def mute(self, call_id: str, sides: Sequence[Side], *, muted: bool) -> None:
        """Silence in place of what is heard from these sides, or no longer."""
        try:
            for side in sides:
                channel, state = channel_id(call_id, side), "1" if muted else "0"
                await self._ami.act("MixMonitorMute", Channel=channel, Direction="read", State=state)
        except AmiError as error:
            raise RecorderFailed(str(error)) from None

    async def closed(self, files: Sequence[Path]) -> None:
        """The switch closes its files a few milliseconds after their channels have gone."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await _until(lambda: all(map(_is_closed, files)))
        except TimeoutError:
            return

    def starved(self, files: Sequence[Path]) -> Sequence[Path]:
        """Those that have not grown since this was asked before, as their disk is full."""
        before, self._sizes = self._sizes, {path: _size(path) for path in files}
        still = [path for path in files if before.get(path) == self._sizes[path]]
        return [path for path in still if _free(path) < FULL]

    async def _start(self, call_id: str, side: Side, path: Path) -> str | None:
        """Begin to record one side; why that can't be done, none where it is."""
        if _size(path) >= 0:
            return None  # begun before we were restarted
        word = _word(path)
        if set(word) & _MEANINGFUL:
            return f"the folder of {path.name} has a name that can't be told to the switch"
        try:
            await self._ami.act("MixMonitor", Channel=channel_id(call_id, side), Options=f"r({word})S")
            async with asyncio.timeout(APPEAR_SECONDS):
                await _until(path.exists)
        except AmiError as error:
            return str(error)
        except TimeoutError:
            if _size(path) >= 0:
                return None  # it came while we could not look
            return f"the switch did not begin to write {path.name}: the disk may be full"
        return None


def _word(path: Path) -> str:
    return os.path.abspath(path)


async def _until(true: Callable[[], bool]) -> None:
    """Wait for the disk, which tells nobody when something has come to it."""
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)


def _began(path: Path) -> int | None:
    """When the first sample of a file was written, in milliseconds since the epoch; none where it is not there.

    The switch writes the header at once and then what it has gathered, all of it: whenever it wrote last, the file was
    as long as the time since its beginning. Measured over ten seconds, that is right to 15 ms.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns // 1_000_000 - max(0, found.st_size - _HEADER) // _BYTES_A_MS


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _free(path: Path) -> int:
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _is_closed(path: Path) -> bool:
    """Whether the switch has completed a file's header; a file that is not there is not being written either."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except OSError:
        return True
    return any(head[_LENGTH:])
