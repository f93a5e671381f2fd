"""Real calls, recorded and moved to an object store that is away while the service is killed: nothing is lost."""

import asyncio
import io
import tempfile
import wave
from array import array
from pathlib import Path
from typing import Any

from outdial.sandbox import seed
from outdial.sandbox.behaviours import AGENT_TONE, PARTY_TONE
from outdial.sandbox.tones import Sound, heard_ms
from support.in_time import in_time
from support.s3 import ObjectStore, serving
from support.served import Served, served, until

NUMBER = {"telephoneNumber": "02072068888"}
TALK_SECONDS = 3


def settings_of(store: ObjectStore) -> dict[str, str]:
    bucket = store.bucket
    return {
        "S3_BUCKET": bucket.name,
        "S3_ENDPOINT": store.endpoint,
        "S3_ACCESS_KEY_ID": bucket.access_key_id,
        "S3_SECRET_ACCESS_KEY": bucket.secret_access_key,
    }


async def recordings(service: Served) -> dict[str, Any]:
    url = f"{service.url}/v6/{seed.ACCOUNT}/recordings"
    async with service.http.get(url, headers=service.headers) as reply:
        return {found["id"]: found for found in (await reply.json())["recordings"]}


async def heard(service: Served, call: str) -> list[Sound]:
    """Both sides of a recording, as the API gives them."""
    url = f"{service.url}/v6/{seed.ACCOUNT}/recordings/{call}/audio?leg=stereo"
    async with service.http.get(url, headers=service.headers) as reply:
        assert reply.status == 200, await reply.text()
        with wave.open(io.BytesIO(await reply.read())) as file:
            samples = array("h", file.readframes(file.getnframes()))
    return [Sound(samples[side::2], 8_000) for side in range(2)]


async def findings(service: Served) -> list[Any]:
    url = f"{service.url}/manage/accounts/{seed.ACCOUNT}/recordings/verification"
    async with service.http.post(url, json={}, headers=service.headers) as reply:
        assert reply.status == 200
        return [line for line in (await reply.text()).splitlines() if "finding" in line]


async def talk(service: Served, agent: str) -> str:
    call = await service.place({"agentId": agent}, NUMBER)

    async def is_recorded() -> bool:
        return bool((await service.call(call))["recordingStatus"] == "Started")

    await until(is_recorded, "the call is recorded")
    await asyncio.sleep(TALK_SECONDS)
    return call


@in_time
async def test_calls_reach_the_object_store_whatever_dies_in_between(tmp_path: Path) -> None:
    data = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=tmp_path))
    with serving() as store:
        async with served(data, more=settings_of(store)) as service:
            url = f"{service.url}/manage/accounts/{seed.ACCOUNT}"
            async with service.http.patch(url, json={"recording": {"legs": "both"}}, headers=service.headers) as reply:
                assert reply.status == 200, await reply.text()
            store.stop()
            ended = await talk(service, "1234")
            await service.hang_up(ended)
            lives = await talk(service, "2001")

            async def is_kept() -> bool:
                return ended in await recordings(service)

            await until(is_kept, "the first is kept")
            await service.kill()
            await service.start()
            assert [heard_ms(side, tone) > 2_500 for side, tone in _tones(await heard(service, ended))] == [True, True]
            await service.hang_up(lives)
            store.start()

            async def all_are_there() -> bool:
                return len(store.names()) == 4 and not list(data.rglob("*.sealed"))

            await until(all_are_there, "both are in the object store, and in it alone")
            found = await recordings(service)
            assert sorted(found) == sorted([ended, lives])
            for call in (ended, lives):
                for side, tone in _tones(await heard(service, call)):
                    assert heard_ms(side, tone) > 2_500
                    assert abs(heard_ms(side, tone) - side.length_ms) < 300
            assert await findings(service) == []


def _tones(sides: list[Sound]) -> list[tuple[Sound, int]]:
    return list(zip(sides, (AGENT_TONE, PARTY_TONE), strict=True))
