"""Packages in a folder of our own, from Debian's real archive: small ones, so that it takes seconds."""

from pathlib import Path

import pytest

from outdial.asterisk.debian import InstallError, Selection, install, installed

SMALL = Selection("bookworm", ("hostname",))


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
