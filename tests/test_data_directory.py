"""The data directory: one process at a time, and private files stay private."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.data_directory import DataDirectoryError, have_private, held, kept_key, write_private

HOLD = "import sys; from pathlib import Path; from outdial.data_directory import held\nwith held(Path(sys.argv[1])): "


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    with held(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_process_is_refused_in_one_line_that_names_the_first(tmp_path: Path) -> None:
    code = HOLD + "print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(DataDirectoryError) as caught, held(tmp_path):
            pass
        assert str(caught.value) == f"data_dir {tmp_path}: in use by another outdial (process {first.pid})"
        first.kill()
    with held(tmp_path):
        pass


def test_it_can_be_held_again_after_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path):
            pass


@pytest.fixture
def open_to_all() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("open_to_all")
def test_whatever_is_made_while_it_is_held_is_private_and_nothing_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with held(folder):
        (folder / "outdial.db").touch()
    (folder / "later").touch()
    assert [mode(folder / name) for name in ("lock", "outdial.db", "later")] == [0o600, 0o600, 0o644]


@pytest.mark.usefixtures("open_to_all")
def test_one_that_others_could_look_into_is_closed_with_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "recordings").mkdir(parents=True)
    (folder / "outdial.db").touch()
    (folder / ".profile").touch()
    have_private(folder)
    names = (".", "recordings", "outdial.db", ".profile")
    assert [mode(folder / name) for name in names] == [0o700, 0o700, 0o600, 0o644]


@pytest.mark.usefixtures("open_to_all")
def test_one_that_others_use_too_stays_open_and_only_what_is_ours_is_closed(tmp_path: Path) -> None:
    for name in ("outdial.db", "somebody-elses"):
        (tmp_path / name).touch()
    tmp_path.chmod(0o755)
    have_private(tmp_path)
    assert [mode(tmp_path / name) for name in (".", "outdial.db", "somebody-elses")] == [0o755, 0o600, 0o644]


def test_a_file_in_its_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(DataDirectoryError, match=f"^data_dir {tmp_path}/file: Not a directory$"),
        held(tmp_path / "file"),
    ):
        pass


def test_a_folder_that_can_t_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryError) as caught, held(tmp_path / "file/data"):
        pass
    assert str(caught.value) == f"data_dir {tmp_path}/file/data: Not a directory"


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    key = kept_key(path)
    assert len(key) == 32
    assert kept_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    kept_key(path)
    path.chmod(0o644)
    with pytest.raises(DataDirectoryError, match="readable by its owner only"):
        kept_key(path)


def test_a_key_that_was_cut_short_is_refused_rather_than_used(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    write_private(path, b"short")
    with pytest.raises(DataDirectoryError, match="is no key of 32 bytes"):
        kept_key(path)


def test_a_private_file_is_replaced_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "operator.json"
    path.write_text("old")
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["operator.json"]


def test_a_private_file_lasts_once_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name too: what it replaces, a master key perhaps, is destroyed next."""
    path, synced = tmp_path / "master-2.key", list[tuple[bool, bool]]()

    def noting(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", noting)
    write_private(path, b"new")

    assert synced == [(False, False), (True, True)]
