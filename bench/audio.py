"""Tones to be sent and looked for: A-law to stream, and how long a recorded tone is ever missing."""

from pathlib import Path

import numpy as np

RATE = 8000
AMPLITUDE = 8000


def write_alaw(path: Path, tone: int) -> None:
    """A second of a tone of whole hertz as raw A-law: it can be said over and over without a seam."""
    samples = np.round(AMPLITUDE * np.sin(2 * np.pi * tone * np.arange(RATE) / RATE)).astype(np.int32)
    path.write_bytes(_alaw(samples).tobytes())


def _alaw(samples: np.ndarray) -> np.ndarray:
    """G.711 A-law of 16 bit samples: sign, exponent and four bits of mantissa, every second bit inverted."""
    magnitude = np.minimum(np.where(samples < 0, -samples - 1, samples), 32_767) >> 3
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = np.where(exponent > 0, magnitude >> np.maximum(exponent, 1), magnitude >> 1) & 0x0F
    coded = (exponent << 4) | mantissa | np.where(samples < 0, 0, 0x80)
    return (coded ^ 0x55).astype(np.uint8)


def longest_gap_ms(samples: np.ndarray) -> float:
    """The longest stretch without a sound, from the first sound to the last."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > AMPLITUDE // 8)
    return float(np.max(np.diff(loud), initial=1) - 1) * 1000 / RATE if len(loud) else float("inf")
