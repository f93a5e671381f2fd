"""Announcements: an account's own before the built-in, any sound made fit for a telephone, no way out of the folder."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from outdial.asterisk.announcements import BUILT_IN, AnnouncementError, Announcements
from outdial.cli.main import app
from outdial.sandbox.tones import heard_ms, power_of, read_sound

ACCOUNT = "a1b2c3d4e5"


def sound(path: Path, *, rate: int = 44_100, seconds: float = 2.0, channels: int = 2, volume: float = 0.5) -> Path:
    wave = volume * np.sin(2 * math.pi * 440 * np.arange(int(rate * seconds)) / rate)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate)
    return path


def test_the_built_in_one_is_speech_for_a_telephone() -> None:
    found = Announcements(Path("/nowhere")).path_of(ACCOUNT, "default")
    assert found == BUILT_IN / "default.wav"
    spoken = read_sound(found)
    assert (spoken.rate, 4_000 < spoken.length_ms < 15_000) == (8000, True)
    assert power_of(spoken.samples) > 1_000**2


@pytest.mark.parametrize(
    ("name", "rate", "channels"), [("a.wav", 44_100, 2), ("a.flac", 16_000, 1), ("a.ogg", 8_000, 1)]
)
def test_any_sound_becomes_an_accounts_own(tmp_path: Path, name: str, rate: int, channels: int) -> None:
    announcements = Announcements(tmp_path / "announcements")
    assert announcements.put(ACCOUNT, "default", sound(tmp_path / name, rate=rate, channels=channels)) == 2.0
    found = announcements.path_of(ACCOUNT, "default")
    assert found == tmp_path / "announcements" / ACCOUNT / "default.wav"
    made = read_sound(found)
    assert made.rate == 8000
    assert heard_ms(made, 440) > 1_900
    assert announcements.path_of("other", "default") == BUILT_IN / "default.wav"
    assert announcements.names(ACCOUNT) == {"default": True}
    announcements.remove(ACCOUNT, "default")
    assert announcements.names(ACCOUNT) == {"default": False}


def test_what_is_no_sound_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    announcements = Announcements(tmp_path / "announcements")
    announcements.put(ACCOUNT, "mine", sound(tmp_path / "a.wav"))
    before = (tmp_path / "announcements" / ACCOUNT / "mine.wav").read_bytes()
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    bad = [text, tmp_path / "nothing.wav", tmp_path, sound(tmp_path / "quiet.wav", volume=0)]
    for source in [*bad, sound(tmp_path / "long.wav", rate=8000, seconds=61, channels=1)]:
        with pytest.raises(AnnouncementError):
            announcements.put(ACCOUNT, "mine", source)
    assert (tmp_path / "announcements" / ACCOUNT / "mine.wav").read_bytes() == before


@pytest.mark.parametrize(("account", "name"), [("..", "default"), (ACCOUNT, "../x"), ("a/b", "default"), (ACCOUNT, "")])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, account: str, name: str) -> None:
    announcements = Announcements(tmp_path / "announcements")
    assert announcements.path_of(account, name) is None
    with pytest.raises(AnnouncementError):
        announcements.put(account, name, sound(tmp_path / "a.wav"))


def test_from_the_command_line(tmp_path: Path) -> None:
    folder = ["--data-dir", str(tmp_path / "data")]
    run = CliRunner().invoke
    put = run(app, ["announcement", "put", ACCOUNT, "mine", str(sound(tmp_path / "a.wav")), *folder])
    assert put.exit_code == 0, put.output
    listed = run(app, ["announcement", "list", ACCOUNT, "--json", *folder])
    assert '{"name": "mine", "own": true}' in listed.stdout
    assert run(app, ["announcement", "remove", ACCOUNT, "mine", *folder]).exit_code == 0
    again = run(app, ["announcement", "remove", ACCOUNT, "mine", *folder])
    assert (again.exit_code, "no announcement of its own called mine" in again.output) == (1, True)
