"""The measuring itself: if it were wrong, every claim about audio would be."""

import math
import random
import wave
from array import array
from pathlib import Path

import pytest

from outdial.sandbox.tones import Sound, heard_ms, power_at, read_sound, spans, tone_of

RATE = 8000


def tone(frequency: float, ms: int, level: float = 8000) -> list[int]:
    return [round(level * math.sin(2 * math.pi * frequency * i / RATE)) for i in range(RATE * ms // 1000)]


def silence(ms: int) -> list[int]:
    return [0] * (RATE * ms // 1000)


def noise(ms: int, level: int = 8000) -> list[int]:
    source = random.Random(7)
    return [source.randint(-level, level) for _ in range(RATE * ms // 1000)]


def written(path: Path, samples: list[int]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", samples).tobytes())
    return path


def test_a_pure_tone_has_all_its_power_at_its_own_frequency() -> None:
    samples = tone(440, 400)
    assert power_at(samples, RATE, 440) == pytest.approx(8000**2 / 2, rel=0.01)
    assert power_at(samples, RATE, 880) < 0.001 * 8000**2


@pytest.mark.parametrize("frequency", [440, 620, 880, 1200])
def test_each_tone_of_the_sandbox_is_told_from_the_others(frequency: int) -> None:
    assert tone_of(tone(frequency, 40), RATE, (440, 620, 880, 1200)) == frequency


def test_silence_is_no_tone() -> None:
    assert tone_of(silence(40), RATE, (440, 880)) is None
    assert tone_of([], RATE, (440, 880)) is None


def test_noise_is_no_tone() -> None:
    assert tone_of(noise(200), RATE, (440, 880)) is None


def test_the_two_tones_of_a_ringing_are_neither_of_them_alone() -> None:
    ringing = [a + b for a, b in zip(tone(440, 40, 4000), tone(480, 40, 4000), strict=True)]
    assert tone_of(ringing, RATE, (440, 880)) is None


def test_spans_say_what_was_heard_when() -> None:
    sound = Sound(silence(200) + tone(880, 400) + silence(80) + tone(440, 200), RATE)
    found = [(span.tone, span.start_ms, span.end_ms) for span in spans(sound, (440, 880))]
    assert found == [(880, 200, 600), (440, 680, 880)]
    assert heard_ms(sound, 880) == 400


def test_a_recording_is_read_as_written(tmp_path: Path) -> None:
    sound = read_sound(written(tmp_path / "a.wav", tone(880, 250)))
    assert (sound.rate, sound.length_ms) == (RATE, 250)
    assert tone_of(sound.samples, sound.rate, (440, 880)) == 880


def test_a_recording_still_being_written_is_read_by_its_size(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", [])
    path.write_bytes(path.read_bytes() + array("h", tone(440, 100)).tobytes() + b"\x01")
    assert read_sound(path).length_ms == 100


def test_a_recording_that_is_not_there_is_silence(tmp_path: Path) -> None:
    assert read_sound(tmp_path / "none.wav").length_ms == 0


def test_a_stereo_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(4000))
    with pytest.raises(ValueError, match=r"a\.wav is not a recording of one 16 bit channel"):
        read_sound(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(44), bytes(4096)])
def test_a_recording_whose_head_is_not_written_yet_is_silence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fresh.wav"
    path.write_bytes(content)
    assert read_sound(path).length_ms == 0


def test_a_recording_that_is_being_written_has_no_lengths_in_its_head(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", tone(880, 250))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = bytes(4)
    path.write_bytes(data)
    assert read_sound(path).length_ms == 250
