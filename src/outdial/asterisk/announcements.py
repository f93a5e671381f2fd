"""Announcements as sound files: an account's own, and those that come with the product.

Must not know when one is played, or to whom.
"""

import io
import re
import shutil
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile  # type: ignore[import-untyped]

from outdial.calls.administration import AnnouncementError

BUILT_IN = Path(__file__).parent / "sounds"
RATE = 8000
LONGEST_SECONDS = 60
MOST_RATE, MOST_CHANNELS = 96_000, 8
"""What is decoded at all. With the length they bound what a sound that somebody else made can take: some 250 MB."""
MOST = 50
"""How many announcements of its own an account may have."""
_BLOCK = 1 << 16
_ACCOUNT = re.compile(r"[0-9a-z]{1,64}")
_NAME = re.compile(r"[a-z0-9-]{1,32}")


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
        return dict.fromkeys(self.built_in(), False) | {
            path.stem: True for path in sorted(self._own(account).glob("*.wav"))
        }

    def built_in(self) -> Sequence[str]:
        """Those that come with the product."""
        return [path.stem for path in sorted(BUILT_IN.glob("*.wav"))]

    def read(self, account: str, name: str) -> bytes | None:
        """One as the switch plays it; none where there is no such one."""
        path = self.path_of(account, name)
        return None if path is None else path.read_bytes()

    def put(self, account: str, name: str, sound: bytes) -> float:
        """Make any sound an account's announcement, in place of one of that name; how many seconds it lasts.

        Raises:
            AnnouncementError: the name or the sound can't be used, or the account has too many.
        """
        path = self._named(account, name)
        if not path.is_file() and len(list(self._own(account).glob("*.wav"))) >= MOST:
            raise AnnouncementError(f"the account has {MOST} announcements of its own, and can't have more")
        samples = _samples_of(sound)
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
            raise AnnouncementError(f"{name!r} can't be a name")
        return self._own(account) / f"{name}.wav"


def _samples_of(data: bytes) -> npt.NDArray[np.int16]:
    """A sound of any form as a telephone has it: one channel, 8,000 samples a second, all above 4 kHz taken out."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            rate = file.samplerate
            if rate > MOST_RATE or file.channels > MOST_CHANNELS:
                raise AnnouncementError(f"the sound has more than {MOST_RATE} Hz or {MOST_CHANNELS} channels")
            sound = _mixed(file, LONGEST_SECONDS * rate)
    except soundfile.SoundFileError as error:
        # The library's own text, without the object that it was read from.
        why = getattr(error, "error_string", str(error)).strip().rstrip(".")
        raise AnnouncementError(f"it is no sound that can be read: {why}") from None
    count = len(sound) * RATE // rate
    if not count or not np.any(np.abs(sound) > 0.001):
        raise AnnouncementError("the sound holds nothing to be heard")
    spectrum = np.zeros(count // 2 + 1, complex)
    whole = np.fft.rfft(sound)[: len(spectrum)]
    spectrum[: len(whole)] = whole
    resampled = np.fft.irfft(spectrum, count) * count / len(sound)
    made: npt.NDArray[np.int16] = np.round(np.clip(resampled, -1, 1) * 32_767).astype(np.int16)
    return made


def _mixed(file: Any, most: int) -> npt.NDArray[np.float32]:  # noqa: ANN401 -- the library has no types
    """All channels in one, block by block: what a file says of its own length is not believed."""
    blocks: list[npt.NDArray[np.float32]] = []
    length = 0
    for block in file.blocks(blocksize=_BLOCK, dtype="float32", always_2d=True):
        blocks.append(np.nan_to_num(block.mean(axis=1)))
        length += len(block)
        if length > most:
            raise AnnouncementError(f"the sound lasts longer than {LONGEST_SECONDS} seconds")
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _wav(samples: npt.NDArray[np.int16]) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return made.getvalue()
