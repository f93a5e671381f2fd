"""`outdial serve` and what stands in its way, as commands of their own: real files, real ports, a real switch."""

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.asterisk import process
from outdial.asterisk.configuration import sip_address
from support.real_switch import runtime
from support.started import started


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory that is not there yet; no switch outlives the test."""
    runtime()
    folder = tmp_path / "data"
    yield folder
    left = process.running(folder / "switch")
    if left is not None:
        left.kill()


def refused(*words: str, status: int = 1, **settings: str) -> str:
    """What a command says that can't be had: one line, and nothing for machines."""
    with started(*words, **settings) as running:
        out, err = running.communicate()
    assert (running.returncode, out) == (status, ""), err
    assert err.count("\n") == 1, err
    return err.removeprefix("outdial: ").rstrip("\n")


def open_to_others(folder: Path) -> list[str]:
    paths = (folder, *folder.rglob("*"))
    return [str(path) for path in paths if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_everything_it_makes_is_for_its_owner_alone_whatever_the_umask(data: Path) -> None:
    with started("serve", "--json", "--data-dir", str(data), public_address="203.0.113.10") as running:
        assert running.stdout is not None
        ready = json.loads(running.stdout.readline())
        assert (set(ready), ready["data"]) == ({"url", "sip", "data"}, str(data))
        assert (ready["sip"]["host"], ready["sip"]["public_address"]) == ("127.0.0.1", "203.0.113.10")
        assert {"outdial.db", "recordings", "switch"} <= {path.name for path in data.iterdir()}
        assert (data / "switch" / "console.log").is_file()
        assert open_to_others(data) == []
        # A second one is told who is there, and nothing of the switch that it may not touch.
        said = refused("serve", "--data-dir", str(data), rtp_first_port="12000")
        assert said == f"data_dir {data}: in use by another outdial (process {running.pid})"
        # Nor is one that has a folder and a switch of its own, and the same database.
        other, url = str(data.with_name("other")), f"sqlite:///{data / 'outdial.db'}"
        said = refused("serve", "--data-dir", other, database_url=url)
        assert said == f"database: in use by another outdial (process {running.pid})"
        running.terminate()
        assert running.stdout.read() == "", "one line and no more"
    assert running.returncode == 0
    stopped = subprocess.run(
        (sys.executable, "-m", "outdial", "switch", "stop", "--json", "--data-dir", str(data)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(stopped.stdout)["ended"] is True


def test_what_an_older_version_left_open_is_closed(data: Path) -> None:
    data.mkdir(mode=0o755)
    (data / "switch").mkdir(mode=0o755)
    with started("migrate", "--json", "--data-dir", str(data)) as running:
        out, err = running.communicate()
    assert (json.loads(out), err) == ({"up_to_date": True}, "")
    assert open_to_others(data) == []


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_sip_port_that_is_taken_is_told_in_one_line(data: Path, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        said = refused("serve", "--data-dir", str(data), sip_port=str(port))
    assert said.startswith(f"sip_port {port}: Address already in use (on 127.0.0.1, over ")
    assert process.running(data / "switch") is None


def test_a_sandbox_that_is_to_be_kept_in_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert refused("sandbox", "--data", str(file)) == f"data_dir {file}: Not a directory"


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_data_directory_that_can_t_be_used_is_told_in_one_line(tmp_path: Path, command: str) -> None:
    file = tmp_path / "file"
    file.touch()
    assert refused(command, "--data-dir", str(file)) == f"data_dir {file}: Not a directory"
    assert refused(command, "--data-dir", "/proc/foo") == "data_dir /proc/foo: No such file or directory"


def test_a_port_that_is_none_is_told_by_what_was_typed(tmp_path: Path) -> None:
    said = refused("serve", "--data-dir", str(tmp_path), "--port", "99999", status=2)
    assert said.startswith("Invalid value for '--port': ")


@pytest.mark.parametrize(
    ("host", "written"), [("127.0.0.1", "127.0.0.1:5060"), ("::1", "[::1]:5060"), ("pbx.example", "pbx.example:5060")]
)
def test_an_address_is_written_with_its_port(host: str, written: str) -> None:
    assert sip_address(host, 5060) == written
