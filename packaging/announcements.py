"""Makes the announcements that come with the product, with espeak-ng: `make announcements`.

Run at build time only: the files are part of the package, so that an installation needs no speech synthesis.
"""

import io
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

from outdial.asterisk.debian import Selection, install

TEXTS = {
    "default": "This call can be recorded. To agree to being recorded, press 1. If you do not agree, press 2.",
}
RATE = 8000
PEAK = 0.5
"""Of full scale: as loud as speech on a telephone line."""
ROOT = Path(__file__).parents[1]
SOUNDS = ROOT / "src" / "outdial" / "asterisk" / "sounds"


def main() -> None:
    """Write every announcement."""
    folder = ROOT / ".cache" / "espeak"
    install(Selection("forky", ("espeak-ng",)), folder, lambda text: print(text, file=sys.stderr))
    for name, text in TEXTS.items():
        write(SOUNDS / f"{name}.wav", at_rate(*spoken(folder / "root", text)))


def spoken(root: Path, text: str) -> tuple[np.ndarray, int]:
    """What espeak-ng makes of a text: samples, and how many there are in a second."""
    libraries = next((root / "usr" / "lib").glob("*-linux-gnu"))
    loader = next((root / "usr").glob("lib*/ld-linux-*.so.*"))
    path = f"{libraries}:{libraries / 'pulseaudio'}"
    command = [loader, "--library-path", path, root / "usr" / "bin" / "espeak-ng"]
    said = subprocess.run(  # noqa: S603 -- our own words and paths
        [*command, f"--path={libraries}", "-v", "en-gb", "-s", "150", "-g", "3", "--stdout", text],
        check=True,
        capture_output=True,
    ).stdout
    with wave.open(io.BytesIO(said)) as file:
        rate = file.getframerate()
    return np.frombuffer(said[44:], dtype="<i2").astype(float), rate


def at_rate(samples: np.ndarray, rate: int) -> np.ndarray:
    """The same at the rate of a telephone, all above half of it taken out."""
    count = len(samples) * RATE // rate
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    fewer = np.fft.irfft(spectrum, count)
    return fewer / np.max(np.abs(fewer)) * PEAK


def write(path: Path, samples: np.ndarray) -> None:
    """As 16 bit WAV, one channel."""
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
