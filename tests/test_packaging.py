"""What an administrator installs, held against the page that says how."""

import configparser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "packaging" / "outdial.service"
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
INSTALL = PAGE.partition("## Install\n")[2].partition("\n## ")[0]
COMMANDS = [line.strip() for line in INSTALL.splitlines() if line.startswith("    ")]


@pytest.fixture
def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return parser


def test_the_install_needs_nothing_that_a_bare_debian_has_not_and_it_does_not_name_first() -> None:
    first, *others = COMMANDS
    assert {"python3-venv", "git"} <= set(first.split())
    assert not [line for line in COMMANDS if line.startswith("sudo")], "a bare Debian has no sudo"
    assert any(line.startswith("runuser -u outdial -- outdial ") for line in others)
    assert "ln -s /opt/outdial/bin/outdial /usr/local/bin/" in others, "else nobody finds the command"


def test_what_the_unit_names_is_what_the_page_installs(unit: configparser.RawConfigParser) -> None:
    program, *words = unit["Service"]["ExecStart"].split()
    assert program == "/opt/outdial/bin/outdial"
    assert any(words[-1] in line for line in COMMANDS)
    assert any(f"useradd --system --home-dir /var/lib/{unit['Service']['StateDirectory']}" in line for line in COMMANDS)
    assert "Documentation" not in unit["Unit"], "nothing is installed that it could name"


def test_a_service_that_fails_fast_is_started_again_for_ever(unit: configparser.RawConfigParser) -> None:
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["Restart"] == "always"
    assert "postgresql.service" in unit["Unit"]["After"].split()
