"""Announcements: an account's own before the built-in, any sound made fit for a telephone, no way out of the folder."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from outdial.asterisk.announcements import BUILT_IN, MOST, Announcements
from outdial.calls.administration import AnnouncementError
from outdial.sandbox.tones import heard_ms, power_of, read_sound

ACCOUNT = "a1b2c3d4e5"


def made_of(path: Path, *, rate: int = 44_100, seconds: float = 2.0, channels: int = 2, volume: float = 0.5) -> bytes:
    wave = volume * np.sin(2 * math.pi * 440 * np.arange(int(rate * seconds)) / rate)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate)
    return path.read_bytes()


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
    assert announcements.put(ACCOUNT, "default", made_of(tmp_path / name, rate=rate, channels=channels)) == 2.0
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
    announcements.put(ACCOUNT, "mine", made_of(tmp_path / "a.wav"))
    before = (tmp_path / "announcements" / ACCOUNT / "mine.wav").read_bytes()
    bad = [b"no sound", b"", made_of(tmp_path / "quiet.wav", volume=0)]
    for data in [*bad, made_of(tmp_path / "long.wav", rate=8000, seconds=61, channels=1)]:
        with pytest.raises(AnnouncementError):
            announcements.put(ACCOUNT, "mine", data)
    assert (tmp_path / "announcements" / ACCOUNT / "mine.wav").read_bytes() == before


@pytest.mark.parametrize(("account", "name"), [("..", "default"), (ACCOUNT, "../x"), ("a/b", "default"), (ACCOUNT, "")])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, account: str, name: str) -> None:
    announcements = Announcements(tmp_path / "announcements")
    assert announcements.path_of(account, name) is None
    with pytest.raises(AnnouncementError):
        announcements.put(account, name, made_of(tmp_path / "a.wav"))


def test_what_would_take_too_much_to_decode_is_refused(tmp_path: Path) -> None:
    announcements = Announcements(tmp_path / "announcements")
    for name, rate, channels in (("fast.flac", 192_000, 1), ("wide.wav", 8_000, 9)):
        soundfile.write(tmp_path / name, np.zeros((1_000, channels), np.int16), rate)
        with pytest.raises(AnnouncementError, match="more than 96000 Hz or 8 channels"):
            announcements.put(ACCOUNT, "mine", (tmp_path / name).read_bytes())
    # A few kilobytes that would become as many megabytes.
    soundfile.write(tmp_path / "long.flac", np.zeros(96_000 * 61, np.int16), 96_000)
    assert (tmp_path / "long.flac").stat().st_size < 50_000
    with pytest.raises(AnnouncementError, match="longer than 60 seconds"):
        announcements.put(ACCOUNT, "mine", (tmp_path / "long.flac").read_bytes())


def test_an_account_has_an_end_of_announcements(tmp_path: Path) -> None:
    announcements, data = Announcements(tmp_path / "announcements"), made_of(tmp_path / "a.wav", rate=8_000)
    for number in range(MOST):
        announcements.put(ACCOUNT, f"a{number}", data)
    announcements.put(ACCOUNT, "a0", data)
    with pytest.raises(AnnouncementError, match="can't have more"):
        announcements.put(ACCOUNT, "one-more", data)
