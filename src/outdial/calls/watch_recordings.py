"""Looks after the recordings being made: the switch does not say when it can't write any further."""

import asyncio
from pathlib import Path

from outdial.calls.engine import Engine
from outdial.calls.record_calls import Recorder
from outdial.domain.events import RecordingFailed
from outdial.domain.legs import Side

LOOK_SECONDS = 5
"""More than twice what the switch gathers before it writes."""
DISK_FULL = "the disk is full: nothing is being written any more"


async def watch_recordings(engine: Engine, recorder: Recorder, spool: Path) -> None:
    """Look until cancelled, and tell each call whose recording has ceased to grow."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        written: dict[Path, tuple[str, Side]] = {}
        for call_id, call in engine.live.items():
            for side in call.recording.running:
                file = call.recording.file_of(side)
                if file is not None:
                    written[spool / call_id / file.file_name] = (call_id, side)
        for path in recorder.starved(tuple(written)):
            call_id, side = written[path]
            engine.notify(call_id, RecordingFailed(side, DISK_FULL))
