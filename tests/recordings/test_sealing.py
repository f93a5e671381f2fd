"""Any stretch of a sealed file reads as the same stretch of the plain text; any bit changed is found."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.recordings import sealing
from outdial.recordings.sealing import CHUNK_SIZE, HEADER_SIZE, TAG_SIZE, Seal, SealBroken

KEY = bytes(range(32))
SIZES = st.one_of(
    st.integers(0, 3000),
    st.builds(lambda chunks, off: max(0, chunks * CHUNK_SIZE + off), st.integers(0, 3), st.integers(-2, 2)),
)


def plain_of(size: int) -> bytes:
    return (b"0123456789abcdefg" * (size // 17 + 1))[:size]


def seal(plain: bytes, context: str = "a/call/agent", key: bytes = KEY, piece: int = 50_000) -> bytes:
    parts = (plain[start : start + piece] for start in range(0, len(plain), piece))
    return b"".join(Seal.fresh(key, context).sealed(parts))


def read(data: bytes, start: int, stop: int, context: str = "a/call/agent", key: bytes = KEY) -> bytes:
    part = sealing.extent(start, stop, len(data))
    chunks = sealing.chunks_of(len(data))
    taken = data[part.offset : part.offset + part.length]
    opened = b"".join(Seal(key, context, data[:HEADER_SIZE]).opened(taken, part.first, chunks))
    return opened[part.skip : part.skip + stop - start]


def whole(data: bytes) -> bytes:
    return read(data, 0, sealing.plain_size(len(data)))


@settings(max_examples=150, deadline=None)
@given(size=SIZES, data=st.data())
def test_any_stretch_is_the_same_stretch_of_the_plain_text(size: int, data: st.DataObject) -> None:
    plain = plain_of(size)
    sealed = seal(plain, piece=data.draw(st.sampled_from([1000, CHUNK_SIZE, CHUNK_SIZE + 1])))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))

    assert read(sealed, start, stop) == plain[start:stop]


@given(size=SIZES)
@settings(deadline=None)
def test_the_sizes_follow_from_each_other(size: int) -> None:
    sealed = seal(plain_of(size))

    assert len(sealed) == sealing.sealed_size_of(size)
    assert sealing.plain_size(len(sealed)) == size


@settings(max_examples=150, deadline=None)
@given(size=SIZES, data=st.data())
def test_any_flipped_bit_is_found(size: int, data: st.DataObject) -> None:
    sealed = bytearray(seal(plain_of(size)))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8

    with pytest.raises(SealBroken):
        whole(bytes(sealed))


@settings(max_examples=100, deadline=None)
@given(size=SIZES, data=st.data())
def test_any_cut_is_found_also_between_two_chunks(size: int, data: st.DataObject) -> None:
    sealed = seal(plain_of(size))
    step = CHUNK_SIZE + TAG_SIZE
    boundaries = [HEADER_SIZE + step * number for number in range(sealing.chunks_of(len(sealed)))]
    left = data.draw(st.one_of(st.integers(0, len(sealed) - 1), st.sampled_from(boundaries)))

    with pytest.raises(SealBroken):
        whole(sealed[:left])


def test_chunks_can_not_change_places() -> None:
    sealed = seal(plain_of(3 * CHUNK_SIZE))
    step = CHUNK_SIZE + TAG_SIZE
    one, two = sealed[HEADER_SIZE : HEADER_SIZE + step], sealed[HEADER_SIZE + step : HEADER_SIZE + 2 * step]

    with pytest.raises(SealBroken, match="chunk 1 of 3 was changed"):
        whole(sealed[:HEADER_SIZE] + two + one + sealed[HEADER_SIZE + 2 * step :])


def test_the_changed_chunk_is_named() -> None:
    sealed = bytearray(seal(plain_of(3 * CHUNK_SIZE)))
    sealed[HEADER_SIZE + CHUNK_SIZE + TAG_SIZE + 5] ^= 1

    with pytest.raises(SealBroken, match="chunk 2 of 3 was changed"):
        whole(bytes(sealed))
    assert read(bytes(sealed), 0, 100) == plain_of(100), "what was not changed can still be read"


def test_a_file_can_not_stand_for_another() -> None:
    sealed = seal(plain_of(10), context="a/call/agent")

    with pytest.raises(SealBroken):
        read(sealed, 0, 10, context="a/call/party")
    with pytest.raises(SealBroken):
        read(sealed, 0, 10, key=secrets.token_bytes(32))


def test_the_same_audio_sealed_twice_shows_no_likeness() -> None:
    one, two = seal(plain_of(1000)), seal(plain_of(1000))

    assert one[HEADER_SIZE:] != two[HEADER_SIZE:]
