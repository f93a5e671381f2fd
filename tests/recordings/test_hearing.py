"""What is heard: one leg, both mixed, one on each side; as WAV in any stretch, as Opus, as a waveform."""

import array
import asyncio
import io
import threading
from dataclasses import replace

import pytest
import soundfile  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outdial.calls.recording_library import Hearing
from outdial.domain.legs import Side
from outdial.domain.recordings import SpoolFile
from outdial.recordings import peaks as module
from outdial.recordings.mixing import Mix, sides_of
from outdial.recordings.opus import encoded
from outdial.recordings.peaks import peaks
from outdial.sandbox.tones import Sound, heard_ms
from support.vault import START, Vault, recording_of, tone, wav_of

SECOND = 8_000
BOTH = recording_of(
    "c1", ms=10_000, files=(SpoolFile(Side.AGENT, START), SpoolFile(Side.PARTY, START, stopped_at=START + 4_500))
)


async def mix_of(vault: Vault, hearing: Hearing, call: str = "c1") -> Mix:
    kept = await vault.store.find("ours", call)
    assert kept is not None
    return Mix(hearing, tuple([await vault.reading.leg(kept, side) for side in sides_of(hearing)]))


async def read(mix: Mix, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in mix.read(start, mix.size if stop is None else stop)])


def channels(data: bytes, count: int) -> list[Sound]:
    samples = array.array("h", data[44:])
    return [Sound(samples[channel::count], SECOND) for channel in range(count)]


@pytest.fixture
async def vault_with_both(vault: Vault) -> Vault:
    await vault.kept(BOTH, {Side.PARTY: wav_of(tone(880, 4_500))})
    return vault


async def test_stereo_has_the_agent_on_the_left(vault_with_both: Vault) -> None:
    data = await read(await mix_of(vault_with_both, Hearing.STEREO))
    left, right = channels(data, 2)

    assert soundfile.info(io.BytesIO(data)).channels == 2
    assert (heard_ms(left, 440), heard_ms(left, 880)) == (10_000, 0)
    assert (heard_ms(right, 440), heard_ms(right, 880)) == (0, 4_480), "the tone in whole windows of 40 ms"
    assert left.length_ms == right.length_ms == 10_000


async def test_mixed_has_both_in_one_channel(vault_with_both: Vault) -> None:
    data = await read(await mix_of(vault_with_both, Hearing.MIXED))
    agent, party = tone(440, 10_000), tone(880, 4_500) + bytes(5_500 * 16)
    expected = array.array("h", map(sum, zip(array.array("h", agent), array.array("h", party), strict=True)))

    assert data == wav_of(expected.tobytes())


async def test_what_is_too_loud_together_is_clipped_not_wrapped(vault: Vault) -> None:
    recording = recording_of("c1", ms=1_000)
    loud = {side: wav_of(tone(440, 1_000, amplitude=30_000)) for side in Side}
    await vault.kept(recording, loud)

    samples = channels(await read(await mix_of(vault, Hearing.MIXED)), 1)[0].samples

    assert (max(samples), min(samples)) == (32_767, -32_768)
    assert all(
        (one > 0) == (both > 0)
        for one, both in zip(array.array("h", loud[Side.AGENT][44:]), samples, strict=True)
        if one
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(hearing=st.sampled_from(Hearing), data=st.data())
async def test_any_stretch_is_the_same_stretch_of_the_whole(
    vault_with_both: Vault, hearing: Hearing, data: st.DataObject
) -> None:
    mix = await mix_of(vault_with_both, hearing)
    whole = await read(mix)
    near = st.sampled_from([0, 1, 43, 44, 45, 46, 65_535, 65_536, 65_537, mix.size - 1])
    start = data.draw(st.one_of(near, st.integers(0, mix.size - 1)))
    stop = data.draw(st.one_of(st.just(start + 1), st.integers(start, mix.size)))

    assert len(whole) == mix.size
    assert await read(mix, start, stop) == whole[start:stop]


@pytest.mark.parametrize("hearing", Hearing)
async def test_opus_sounds_the_same_and_is_a_tenth(vault_with_both: Vault, hearing: Hearing) -> None:
    mix = await mix_of(vault_with_both, hearing)
    data = await encoded(mix)
    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)

    assert data[:4] == b"OggS"
    assert b"OpusHead" in data[:64]
    assert rate == SECOND
    assert len(data) < mix.size / 5
    assert abs(len(samples) - mix.samples) < SECOND // 10
    heard = [Sound(samples[:, channel].tolist(), rate) for channel in range(mix.channels)]
    if hearing is Hearing.STEREO:
        assert heard_ms(heard[0], 440) > 9_800
        assert heard_ms(heard[0], 880) == 0
        assert 4_300 < heard_ms(heard[1], 880) <= 4_560
    if hearing is Hearing.AGENT:
        assert heard_ms(heard[0], 440) > 9_800


async def test_peaks_show_where_it_is_loud(vault_with_both: Vault) -> None:
    found = await peaks(await mix_of(vault_with_both, Hearing.STEREO), 10)
    data = found.pop("data")

    assert found == {
        "version": 2,
        "channels": 2,
        "sample_rate": 8_000,
        "samples_per_pixel": 800,
        "bits": 8,
        "length": 100,
    }
    assert len(data) == 400
    stretches = [data[place : place + 4] for place in range(0, 400, 4)]
    assert all(agent_least == -32 and agent_most == 31 for agent_least, agent_most, _, _ in stretches)
    assert all((least, most) == (-32, 31) for _, _, least, most in stretches[:45])
    assert all((least, most) == (0, 0) for _, _, least, most in stretches[45:])


async def test_a_long_recording_has_no_more_peaks_than_can_be_drawn(
    vault_with_both: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_IN_ALL", 7)
    mix = await mix_of(vault_with_both, Hearing.STEREO)
    found = await peaks(mix, 100)

    assert found["length"] == 7
    assert len(found["data"]) == 7 * 2 * 2
    assert found["samples_per_pixel"] * 7 >= mix.samples


async def test_peaks_end_with_whatever_is_left(vault: Vault) -> None:
    await vault.kept(replace(recording_of("c1", [Side.AGENT], ms=1_050)))

    found = await peaks(await mix_of(vault, Hearing.AGENT), 10)

    assert (found["length"], len(found["data"])) == (11, 22)


async def test_an_encoding_that_is_cancelled_is_closed_only_when_nothing_is_written_any_more(
    vault_with_both: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed while a thread writes, it would take the process with it."""
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    happened = list[str]()

    class Slow(soundfile.SoundFile):  # type: ignore[misc]
        def write(self, data: object) -> None:
            begun.set()
            go_on.wait()
            super().write(data)
            happened.append("written")

        def close(self) -> None:
            if not self.closed:
                happened.append("closed")
            super().close()
            closed.set()

    monkeypatch.setattr(soundfile, "SoundFile", Slow)
    encoding = asyncio.create_task(encoded(await mix_of(vault_with_both, Hearing.STEREO)))
    await asyncio.to_thread(begun.wait)
    encoding.cancel()
    await asyncio.wait([encoding])
    before = list(happened)
    go_on.set()

    assert encoding.cancelled()
    assert before == []
    del encoding
    await asyncio.to_thread(closed.wait)
    assert happened == ["written", "closed"]
