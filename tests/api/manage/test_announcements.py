"""Announcements over HTTP: heard, set, replaced and removed by whoever manages the account, and by nobody else."""

import io
import math
from typing import Any

import numpy as np
import pytest
import soundfile

from outdial.api.framing import LONGEST_BODY, LONGEST_SOUND
from support.api_world import ACCOUNT, OTHER, ApiWorld

URL = f"/manage/accounts/{ACCOUNT}/announcements"
BUILT_IN = [{"name": "default", "own": False}]


def sound(seconds: float = 1.0, rate: int = 44_100) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, 0.5 * np.sin(2 * math.pi * 440 * np.arange(int(rate * seconds)) / rate), rate, format="WAV")
    return file.getvalue()


async def test_an_announcement_is_set_heard_replaced_and_removed(world: ApiWorld, log: list[Any]) -> None:
    data = sound(2)
    assert len(data) > LONGEST_BODY, "a sound has a limit of its own"
    put = await world.client.put(f"{URL}/greeting", content=data)
    assert (put.status_code, put.json()) == (200, {"name": "greeting", "own": True, "seconds": 2.0})
    assert (await world.client.get(URL)).json()["items"] == [*BUILT_IN, {"name": "greeting", "own": True}]
    heard = await world.client.get(f"{URL}/greeting")
    assert heard.headers["content-type"] == "audio/wav"
    assert soundfile.info(io.BytesIO(heard.content)).samplerate == 8_000
    assert (await world.client.put(f"{URL}/greeting", content=sound(1))).json()["seconds"] == 1.0
    assert (await world.client.delete(f"{URL}/greeting")).status_code == 204
    assert (await world.client.get(f"{URL}/greeting")).status_code == 404
    assert (await world.client.get(f"{URL}/default")).content[:4] == b"RIFF"
    assert [each["action"] for each in log if each["event"] == "managed"] == [
        "announcement set",
        "announcement set",
        "announcement removed",
    ]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("greeting", b"no sound", "It is no sound that can be read: Format not recognised"),
        ("greeting", sound(61, 8_000), "The sound lasts longer than 60 seconds"),
        ("greeting", b"", "It is no sound that can be read: "),
        ("Greeting", sound(), "name must be 1 to 32 small letters, digits and dashes"),
    ],
)
async def test_what_can_be_no_announcement_is_refused_with_the_reason(
    world: ApiWorld, name: str, data: bytes, message: str
) -> None:
    answer = await world.client.put(f"{URL}/{name}", content=data)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert "object at" not in answer.text
    assert (await world.client.get(URL)).json()["items"] == BUILT_IN


async def test_two_megabytes_are_read_and_no_byte_more_and_only_of_a_sound(world: ApiWorld) -> None:
    assert (await world.client.put(f"{URL}/greeting", content=bytes(LONGEST_SOUND + 1))).status_code == 413
    assert (await world.client.put(f"{URL}/greeting", content=bytes(LONGEST_SOUND))).status_code == 400
    settings = await world.client.patch(
        f"/manage/accounts/{ACCOUNT}",
        content=b" " * (LONGEST_BODY + 1),
        headers={"Content-Type": "application/json"},
    )
    assert settings.status_code == 413
    nobody = await world.client.put(f"{URL}/x", content=bytes(LONGEST_SOUND + 1), headers={"Authorization": ""})
    assert nobody.status_code == 401


async def test_an_account_that_is_not_there_has_none(operate: Any) -> None:
    answer = await operate("PUT", "/accounts/nosuch/announcements/greeting")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_an_announcement_that_is_to_be_played_stays(world: ApiWorld) -> None:
    for name in ("greeting", "default"):
        await world.client.put(f"{URL}/{name}", content=sound())
        settings = {"recording": {"announcement": name}}
        assert (await world.client.patch(f"/manage/accounts/{ACCOUNT}", json=settings)).status_code == 200
        answer = await world.client.delete(f"{URL}/{name}")
        # One that is built in stands behind `default`.
        assert answer.status_code == (409 if name == "greeting" else 204)
    assert (await world.client.delete(f"{URL}/default")).status_code == 404
    assert (await world.client.get(f"/manage/accounts/{OTHER}/announcements")).status_code == 403
