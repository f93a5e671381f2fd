"""Which Asterisk is run: new enough or not, the system's or our own."""

from pathlib import Path

import pytest

from outdial.asterisk import runtime
from outdial.asterisk.runtime import RuntimeUnusable, have_runtime, is_new_enough, private_runtime, system_runtime


@pytest.mark.parametrize("version", ["22.5", "22.5.0", "22.10.1", "22.10.1~dfsg+~cs6", "23.0.0-rc1"])
def test_versions_with_outbound_websockets_are_taken(version: str) -> None:
    assert is_new_enough(version)


@pytest.mark.parametrize("version", ["22.4.1", "20.11.0", "16.28.0", "", "certified"])
def test_older_ones_are_not(version: str) -> None:
    assert not is_new_enough(version)


def stand_in(folder: Path, says: str) -> None:
    """What answers `asterisk -V` on a system, and no more."""
    binary = folder / "asterisk"
    binary.write_text(f"#!/bin/sh\necho '{says}'\n")
    binary.chmod(0o755)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "modules").mkdir()
    monkeypatch.setattr(runtime, "SYSTEM_PATH", str(tmp_path))
    monkeypatch.setattr(runtime, "SYSTEM_MODULES", (str(tmp_path / "modules"),))
    return tmp_path


def test_the_systems_asterisk_is_taken_where_it_is_new_enough(system: Path) -> None:
    stand_in(system, "Asterisk 22.8.2")
    found = have_runtime("auto", system / "none", print)
    assert (found.source, found.version, found.command) == ("system", "22.8.2", (str(system / "asterisk"),))


def test_an_old_one_is_named_when_it_was_asked_for(system: Path) -> None:
    stand_in(system, "Asterisk 16.28.0")
    with pytest.raises(RuntimeUnusable, match=r"no Asterisk 22\.5 or newer: version 16\.28\.0 is installed"):
        have_runtime("system", system / "none", print)


def test_none_is_told_as_none(system: Path) -> None:
    assert system_runtime() is None
    with pytest.raises(RuntimeUnusable, match="none is installed"):
        have_runtime("system", system / "none", print)


def test_one_that_does_not_run_is_none(system: Path) -> None:
    stand_in(system, "Segmentation fault")
    assert system_runtime() is None


def test_a_private_one_that_is_not_there_or_damaged_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnusable, match="no private Asterisk is installed"):
        private_runtime(tmp_path)
    (tmp_path / "installed.json").write_text('{"selection": ["forky", "asterisk"], "versions": {}}')
    with pytest.raises(RuntimeUnusable, match="is damaged"):
        private_runtime(tmp_path)
