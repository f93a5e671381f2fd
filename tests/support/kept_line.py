"""Recordings to be found by commands: two ids, their audio, and how one is kept."""

from dataclasses import replace

from outdial.domain.legs import Side
from outdial.domain.recordings import CallRecording
from outdial.storage.ledger import StoredLedger
from support.api_world import ACCOUNT
from support.command_line import Line
from support.vault import TONES, decided, tone, wav_of

ID = "94e5928c-7f7e-4645-ad72-61010f906449"
SECOND_ID = "94e5928c-7f7e-4645-ad72-61010f906450"
WHOLE = {side: wav_of(tone(TONES[side], 2_000)) for side in Side}
IN = ("-a", ACCOUNT)


async def keep(line: Line, recording: CallRecording) -> None:
    """What was decided, and a tone on each leg."""
    recording, keeper = replace(recording, account=ACCOUNT), line.world.kept.keeper
    await StoredLedger(line.world.database).append([decided(recording)])
    folder = await keeper.spool(recording)
    for file in recording.files:
        (folder / file.file_name).write_bytes(WHOLE[file.side])
    await keeper.finish(recording)
    await keeper.rested(ACCOUNT, recording.call_id)
