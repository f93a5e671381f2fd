"""Packages in a folder of our own, from Debian's real archive: small ones, so that it takes seconds."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from outdial.asterisk import debian
from outdial.asterisk.debian import InstallError, Selection, _prepare, install, installed, renew

SMALL = Selection("bookworm", ("hostname",))
INSTALL = """
import json, sys
from pathlib import Path
from outdial.asterisk.debian import Selection, install
told = []
versions = install(Selection("bookworm", ("hostname",)), Path(sys.argv[1]), told.append)
print(json.dumps({"told": len(told), "versions": versions}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runtime")


def test_packages_are_unpacked_with_what_they_need_and_their_versions_recorded(folder: Path) -> None:
    told: list[str] = []
    versions = install(SMALL, folder, told.append)
    assert (folder / "root" / "bin" / "hostname").is_file()
    assert "libc6" in versions
    assert versions["hostname"][0].isdigit()
    assert len(told) == 3
    assert not (folder / "apt").exists()


def test_what_is_installed_is_not_fetched_again(folder: Path) -> None:
    told: list[str] = []
    versions = install(SMALL, folder, told.append)
    assert versions
    assert versions == installed(SMALL, folder)
    assert told == []


def test_what_is_the_newest_already_is_not_fetched_to_be_renewed(folder: Path) -> None:
    told: list[str] = []
    before = (folder / "root").stat().st_ino
    assert renew(SMALL, folder, told.append) == installed(SMALL, folder)
    assert (len(told), (folder / "root").stat().st_ino) == (1, before)
    assert not (folder / "apt").exists()


def test_what_debian_has_in_another_version_is_renewed(tmp_path: Path) -> None:
    newest = install(SMALL, tmp_path, lambda _: None)
    record = tmp_path / "installed.json"
    record.write_text(record.read_text().replace(newest["hostname"], "1.0"))
    (tmp_path / "root" / "bin" / "hostname").unlink()
    assert renew(SMALL, tmp_path, lambda _: None) == installed(SMALL, tmp_path) == newest
    assert (tmp_path / "root" / "bin" / "hostname").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["installed.json", "lock", "root"]


def test_security_updates_are_among_what_is_fetched(tmp_path: Path) -> None:
    _prepare(SMALL, tmp_path)
    sources = [tmp_path / "apt" / name for name in ("sources.list", "parts/security.list")]
    assert [source.read_text().split()[2:] for source in sources] == [
        ["http://deb.debian.org/debian", "bookworm", "main"],
        ["http://deb.debian.org/debian-security", "bookworm-security", "main"],
    ]


class Nothing(BaseHTTPRequestHandler):
    """A mirror that has nothing of what is asked for."""

    def do_GET(self) -> None:
        self.send_error(404)


def test_a_mirror_without_security_updates_is_no_obstacle_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(debian, "SECURITY", f"http://127.0.0.1:{server.server_port}/debian-security")
        told: list[str] = []
        assert install(SMALL, tmp_path, told.append)
        server.shutdown()
    assert any(line.startswith("without Debian's security updates: ") for line in told), told


def test_an_archive_that_is_away_leaves_what_is_installed(folder: Path) -> None:
    before = installed(SMALL, folder)
    with pytest.raises(InstallError, match="apt-get failed"):
        renew(Selection("bookworm", ("hostname",), mirror="http://127.0.0.1:9/debian"), folder, lambda _: None)
    assert installed(SMALL, folder) == before
    assert (folder / "root" / "bin" / "hostname").is_file()


def test_of_two_processes_that_install_at_once_one_waits_and_finds_it_installed(tmp_path: Path) -> None:
    words = (sys.executable, "-c", INSTALL, str(tmp_path / "runtime"))
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(each, *each.communicate()) for each in both]
    assert [each.returncode for each, _, _ in ended] == [0, 0], [said for _, _, said in ended]
    told = sorted(json.loads(out)["told"] for _, out, _ in ended)
    versions = [json.loads(out)["versions"] for _, out, _ in ended]
    assert (told, versions[0]) == ([0, 3], versions[1]), "it was fetched once"


def test_a_folder_that_can_t_be_made_is_one_line_for_people(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstallError, match="Not a directory"):
        install(SMALL, tmp_path / "file" / "runtime", lambda _: None)


def test_another_selection_is_not_taken_for_installed(folder: Path) -> None:
    assert installed(Selection("bookworm", ("sed",)), folder) is None


def test_a_package_that_does_not_exist_is_one_line_for_people(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="no-such-package") as error:
        install(Selection("bookworm", ("no-such-package",)), tmp_path, lambda _: None)
    assert "\n" not in str(error.value)
    assert installed(SMALL, tmp_path) is None


def test_an_archive_that_can_not_be_reached_leaves_nothing_installed(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="apt-get failed"):
        install(Selection("bookworm", ("hostname",), mirror="http://127.0.0.1:9/debian"), tmp_path, lambda _: None)
    assert not (tmp_path / "root").exists()
