"""Whether a carrier answers when the real switch asks it, and that calls go out to one that does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from outdial.sandbox import seed
from support.options import asked
from support.sandbox_world import Members, World, until

PATIENCE_SECONDS = 90
"""A carrier that says nothing is asked again after a minute at the latest."""


@asynccontextmanager
async def account(world: World, key: str) -> AsyncIterator[str]:
    """An account with an agent whose phone answers by itself; a token for it. Afterwards nobody is asked any more."""
    made = await world.manage("POST", "/accounts", {"key": key, "name": key, "homeCountry": "GB", "wrapUpSeconds": 0})
    far_end = world.ready["far_end"]
    phone = {"kind": "address", "address": f"sip:{seed.sip_user('1234')}@{far_end['host']}:{far_end['port']}"}
    await world.manage("POST", f"/accounts/{key}/agents", {"id": "1", "name": "Ann", "phone": phone})
    yield await world.token_of(key, made["apiToken"])
    for trunk in (await world.manage("GET", f"/accounts/{key}/trunks"))["items"]:
        await world.manage("DELETE", f"/accounts/{key}/trunks/{trunk['id']}")


async def reach(world: World, key: str, trunk: str, state: str) -> Members:
    """What is told of a trunk once its state is this."""
    told: Members = {}

    async def there() -> bool:
        nonlocal told
        told = (await world.manage("GET", f"/accounts/{key}/trunks/{trunk}"))["reach"]
        return bool(told["state"] == state)

    await until(there, f"{trunk} is {state}", PATIENCE_SECONDS)
    return told


async def add(world: World, key: str, trunk: str, host: str, port: int = 5060) -> None:
    made = await world.manage("POST", f"/accounts/{key}/trunks", {"id": trunk, "host": host, "port": port})
    assert made["reach"] == {"state": "unknown", "since": None, "roundTripMs": None, "why": None}


async def test_one_that_answers_and_one_that_does_not_are_told_apart(world: World) -> None:
    async with account(world, "asked1"), asked(answers=True) as there, asked(answers=False) as silent:
        await add(world, "asked1", "there", "127.0.0.1", there.port)
        await add(world, "asked1", "silent", "127.0.0.1", silent.port)
        await add(world, "asked1", "nowhere", "sip.invalid")
        found = await reach(world, "asked1", "there", "reachable")
        assert found["roundTripMs"] > 0
        assert found["since"] is not None
        found = await reach(world, "asked1", "silent", "unreachable")
        assert (found["since"] is not None, found["roundTripMs"], found["why"]) == (True, None, None)
        found = await reach(world, "asked1", "nowhere", "unreachable")
        await until(lambda: says_why(world, "nowhere"), "why it can't be reached")
        question = there.requests[0]
        assert b"\r\nFrom: <sip:outdial@" in question
        assert b"asked1" not in question


async def says_why(world: World, trunk: str) -> bool:
    told = await world.manage("GET", f"/accounts/asked1/trunks/{trunk}")
    return bool(told["reach"]["why"] == "sip.invalid can't be found")


async def test_one_that_answers_nothing_is_called_all_the_same(world: World) -> None:
    async with account(world, "asked2") as token, asked(answers=False) as silent:
        await add(world, "asked2", "silent", "127.0.0.1", silent.port)
        await reach(world, "asked2", "silent", "unreachable")
        placed = await world.place(
            {"agentId": "1"}, {"telephoneNumber": "020 7206 8888"}, account="asked2", token=token
        )

        async def called() -> bool:
            return bool(silent.heads("INVITE"))

        await until(called, "the carrier is called")
        await world.ask("DELETE", f"/v6/asked2/calls/{placed.id}", token=token)
        await world.ended(placed.id, account="asked2", token=token)


async def test_its_new_address_is_asked_at_once_and_one_that_is_switched_off_is_not(world: World) -> None:
    async with account(world, "asked3"), asked(answers=False) as before, asked(answers=True) as after:
        await add(world, "asked3", "moves", "127.0.0.1", before.port)
        await reach(world, "asked3", "moves", "unreachable")
        changed = await world.manage("PATCH", "/accounts/asked3/trunks/moves", {"port": after.port})
        assert changed["reach"]["state"] == "unknown"
        await reach(world, "asked3", "moves", "reachable")
        changed = await world.manage("PATCH", "/accounts/asked3/trunks/moves", {"enabled": False})
        assert changed["reach"]["state"] == "unknown"


@pytest.mark.parametrize("state", ["reachable", "unreachable", "unknown"])
async def test_they_are_counted_by_state_alone(world: World, state: str) -> None:
    async with world.http.get(world.ready["url"] + "/metrics") as reply:
        assert f'outdial_trunks{{state="{state}"}}' in await reply.text()
