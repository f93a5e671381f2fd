"""`outdial serve` that has the switch begin to record, and never learns that it does: to be killed in that moment."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from outdial.__main__ import main
from outdial.asterisk.recorder import AsteriskRecorder
from outdial.domain.events import RecordingBegun
from outdial.domain.legs import Side

_start = AsteriskRecorder.start


async def _start_and_forget(self: AsteriskRecorder, call_id: str, files: Mapping[Side, Path]) -> RecordingBegun:
    await _start(self, call_id, files)
    return await asyncio.Future()


if __name__ == "__main__":
    AsteriskRecorder.start = _start_and_forget  # type: ignore[method-assign]
    main()
