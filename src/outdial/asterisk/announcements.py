"""Announcements as sound files: an account's own, and those that come with the product.

Must not know when one is played, or to whom.
"""

import io
import re
import shutil
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile  # type: ignore[import-untyped]

BUILT_IN = Path(__file__).parent / "sounds"
RATE = 8000
LONGEST_SECONDS = 60
_ACCOUNT = re.compile(r"[0-9a-z]{1,64}")
_NAME = re.compile(r"[a-z0-9-]{1,32}")


class AnnouncementError(Exception):
    """A sound can't be an announcement, or there is none of that name. One line for people."""


class Announcements:
    """Sound files by account and name, in one folder. An account's own stands before a built-in one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, account: str, name: str) -> Path | None:
        """Where an announcement lies; none where there is no such one."""
        if not _ACCOUNT.fullmatch(account) or not _NAME.fullmatch(name):
            return None
        for folder in (self._folder / account, BUILT_IN):
            path = folder / f"{name}.wav"
            if path.is_file():
                return path.absolute()
        return None

    def names(self, account: str) -> dict[str, bool]:
        """Every announcement an account can play, and whether it is its own."""
        found = {path.stem: False for path in sorted(BUILT_IN.glob("*.wav"))}
        return found | {path.stem: True for path in sorted(self._own(account).glob("*.wav"))}

    def put(self, account: str, name: str, source: Path) -> float:
        """Make any sound file an account's announcement, in place of one of that name; how many seconds it lasts.

        Raises:
            AnnouncementError: the name or the sound can't be used.
        """
        path = self._named(account, name)
        samples = _samples_of(source)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_bytes(_wav(samples))
        # At once: a call that begins now plays the one or the other.
        beside.replace(path)
        return len(samples) / RATE

    def remove(self, account: str, name: str) -> None:
        """Remove an account's own announcement. Raises AnnouncementError where there is none of that name."""
        path = self._named(account, name)
        if not path.is_file():
            raise AnnouncementError(f"account {account} has no announcement of its own called {name}")
        path.unlink()

    def forget(self, account: str) -> None:
        """Remove all of an account's own, so that nobody comes by them who is given its key later."""
        folder = self._own(account)
        if folder.is_dir():
            shutil.rmtree(folder)

    def _own(self, account: str) -> Path:
        if not _ACCOUNT.fullmatch(account):
            raise AnnouncementError(f"{account!r} can't be an account's key")
        return self._folder / account

    def _named(self, account: str, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise AnnouncementError(f"{name!r} can't be a name: 1 to 32 small letters, digits and dashes")
        return self._own(account) / f"{name}.wav"


def _samples_of(source: Path) -> npt.NDArray[np.int16]:
    """A sound of any form as a telephone has it: one channel, 8,000 samples a second, all above 4 kHz taken out."""
    try:
        with soundfile.SoundFile(source) as file:
            if file.frames > LONGEST_SECONDS * file.samplerate:
                raise AnnouncementError(f"{source} lasts longer than {LONGEST_SECONDS} seconds")
            sound, rate = file.read(always_2d=True).mean(axis=1), file.samplerate
    except (OSError, soundfile.SoundFileError) as error:
        raise AnnouncementError(f"{source} is no sound that can be read: {error}") from None
    count = len(sound) * RATE // rate
    if not count or not np.any(np.abs(sound) > 0.001):
        raise AnnouncementError(f"{source} holds no sound")
    spectrum = np.zeros(count // 2 + 1, complex)
    whole = np.fft.rfft(sound)[: len(spectrum)]
    spectrum[: len(whole)] = whole
    resampled = np.fft.irfft(spectrum, count) * count / len(sound)
    made: npt.NDArray[np.int16] = np.round(np.clip(resampled, -1, 1) * 32_767).astype(np.int16)
    return made


def _wav(samples: npt.NDArray[np.int16]) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return made.getvalue()
