"""The keeper removes a sandbox's folder when its process is gone, and no other folder."""

import subprocess
import sys
from pathlib import Path

from outdial.sandbox import keeper


def run(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-I", str(Path(keeper.__file__)), str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_folder_goes_when_the_sandbox_does(tmp_path: Path) -> None:
    folder = tmp_path / "outdial-abc"
    (folder / "deep" / "down").mkdir(parents=True)
    (folder / "deep" / "file").write_text("x")
    with run(folder) as process:
        assert folder.exists()
        process.communicate()
    assert process.returncode == 0
    assert not folder.exists()


def test_a_folder_that_is_no_sandbox_s_is_left_alone(tmp_path: Path) -> None:
    with run(tmp_path) as process:
        _, complaint = process.communicate()
    assert process.returncode == 1
    assert "is no sandbox's folder" in complaint
    assert tmp_path.exists()
