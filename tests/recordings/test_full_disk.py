"""A full disk: named, on nobody's conscience, and over as soon as there is room. On a small disk of its own."""

import os
import subprocess
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest

from outdial.calls.recordings import SpoolUnusable
from outdial.domain.legs import Side
from outdial.domain.recordings import State
from support.vault import Vault, recording_of, wav_of, working

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
LONG = wav_of(b"\1\2" * 300_000)


@pytest.fixture
def resize(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """The vault's folder is a disk of 1 MiB; the function makes it another size."""
    folder = tmp_path / "recordings"
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    try:
        yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True) and None
    finally:
        # Whoever still reads from it may finish.
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def begin_ten(vault: Vault) -> None:
    for number in range(10):
        await vault.keeper.spool(recording_of(f"c{number}"))


def fill(file: FileIO) -> None:
    while True:
        file.write(bytes(4096))


async def test_a_recording_waits_in_the_spool_until_there_is_room(resize: Callable[[str], None], still: Vault) -> None:
    vault = Vault(still.folder, still.database, patience=lambda _: 60)
    recording = recording_of("c1", [Side.AGENT], ms=37_500)
    async with working(vault):
        await vault.write(recording, {Side.AGENT: LONG})
        await vault.keeper.finish(recording)
        waiting = await vault.rests(recording)

        assert waiting.state is State.SPOOLED
        assert vault.keeper.troubles == {("ours", "c1"): "the disk of kept is full"}
        assert (vault.folder / "spool" / "c1" / "agent.wav").read_bytes() == LONG
        assert vault.files() == [], "nothing half written is left"

        resize("4m")
        vault.keeper.wake("ours", "c1")
        await vault.rests(recording, State.KEPT)
        assert await vault.heard(recording, Side.AGENT) == LONG
        assert vault.files("spool") == []
        assert vault.keeper.troubles == {}


async def test_a_disk_without_room_is_named_before_a_recording_is_begun(
    resize: Callable[[str], None], still: Vault
) -> None:
    (still.folder / "spool").mkdir()
    (still.folder / "filler").write_bytes(bytes(1024 * 1024 - 3 * 4096))

    with pytest.raises(SpoolUnusable, match=r"^the disk of spool is full$"):
        await begin_ten(still)


async def test_an_ended_recording_is_kept_although_there_is_no_room_for_its_note(
    resize: Callable[[str], None], still: Vault
) -> None:
    recording = await still.write(recording_of("c1", [Side.AGENT], ms=100))
    with (still.folder / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        fill(filler)
    async with working(still):
        await still.keeper.finish(recording)
        assert (await still.rests(recording)).state is State.SPOOLED
        (still.folder / "filler").unlink()

        kept = await still.rests(recording, State.KEPT)

    assert not kept.recording.cut_short
