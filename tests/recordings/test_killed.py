"""Killed for real, with SIGKILL, again and again in the middle of its work: every recording arrives, once."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

from outdial.calls.recording_library import Finding
from outdial.domain.legs import Side
from outdial.domain.recordings import State
from outdial.storage.database import open_database
from support.s3 import ObjectStore
from support.vault import TONES, Vault, recording_of, tone, wav_of

CALLS = [f"c{number}" for number in range(12)]
TESTS = Path(__file__).parent.parent


async def is_done(folder: Path, file: Path, store: ObjectStore, steps: int) -> bool:
    """Let a process make so many steps, and kill it; whether it had nothing left to do before."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.keeper_process", str(folder), str(file), store.name, store.endpoint),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), *sys.path))},
    )
    assert process.stdout is not None
    line, made = b"", 0
    try:
        while made < steps and line != b"done\n":
            line = await process.stdout.readline()
            assert line, "it ended by itself"
            made += line.startswith(b"moved")
    finally:
        process.kill()
        await process.wait()
    return line == b"done\n"


async def test_every_recording_arrives_once(empty_file: Path, tmp_path: Path, object_store: ObjectStore) -> None:
    file, folder = Path(shutil.copy(empty_file, tmp_path / "test.db")), tmp_path / "recordings"
    async with open_database(f"sqlite:///{file}") as database:
        vault = Vault(folder, database)
        for call in CALLS:
            await vault.write(recording_of(call, ms=500))

    kills = 0
    while not await is_done(folder, file, object_store, 3 + kills % 5):
        kills += 1

    async with open_database(f"sqlite:///{file}") as database:
        vault = Vault(folder, database, object_store.bucket)
        for call in CALLS:
            found = await vault.store.find("ours", call)
            assert found is not None
            assert (found.state, found.recording.cut_short) == (State.REMOTE, True), "nobody said how it ended"
            for side in Side:
                assert await vault.heard(recording_of(call), side) == wav_of(tone(TONES[side], 500))
            assert await vault.kinds(call) == ["file.kept"] * 2 + ["file.uploaded"] * 2
        assert [each async for each in vault.library.verify(None, {}) if isinstance(each, Finding)] == []
        assert len(object_store.names()) == 2 * len(CALLS)
    assert (vault.files(), vault.files("spool")) == ([], [])
    assert kills >= 4
