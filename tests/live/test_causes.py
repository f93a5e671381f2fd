"""Phones and carriers that nobody is at: the real switch says little of them, and each call says what is the matter."""

from collections.abc import Iterator

import pytest

from outdial.sandbox import seed
from support.ports import held_port
from support.sandbox_world import Members, World

NUMBER = {"telephoneNumber": "020 7206 8888"}
UNREGISTERED = "phone nobody1-1 is not registered, or no longer answers"
ORIGINATOR, DESTINATION = ("Failure", "Originator"), ("Failure", "Destination")


async def account(world: World, key: str, phone: Members, trunk: Members) -> tuple[str, str]:
    """An account whose agent has this phone, with an agent whose phone answers by itself, and a trunk; a token."""
    made = await world.manage("POST", "/accounts", {"key": key, "name": key, "homeCountry": "GB", "wrapUpSeconds": 0})
    far_end = world.ready["far_end"]
    answers = {"kind": "address", "address": f"sip:{seed.sip_user('1234')}@{far_end['host']}:{far_end['port']}"}
    await world.manage("POST", f"/accounts/{key}/trunks", {"id": "c1", **trunk})
    for agent, has in (("1", phone), ("2", answers)):
        await world.manage("POST", f"/accounts/{key}/agents", {"id": agent, "name": "Ann", "phone": has})
    return key, await world.token_of(key, made["apiToken"])


async def ended(world: World, agent: str, called: Members, key: str, token: str) -> tuple[Members, tuple[str, ...]]:
    """A call that fails, and its result."""
    placed = await world.place({"agentId": agent}, called, account=key, token=token)
    call = await world.ended(placed.id, account=key, token=token)
    return call, tuple(call["result"].values())


@pytest.fixture
def closed() -> Iterator[int]:
    """A port where nobody takes connections."""
    with held_port() as port:
        yield port


async def test_a_phone_that_is_not_registered_is_named(world: World) -> None:
    key, token = await account(world, "nobody1", {"kind": "sip", "password": "pass-word"}, {"host": "127.0.0.1"})
    refused = await world.place({"agentId": "1"}, NUMBER, account=key, token=token)
    assert refused.refusal == (400, "Unable to place call to Agent. Please try again")
    assert set(refused.body) == {"message", "code"}
    call_id = refused.headers["Link"].partition(">")[0].rpartition("/")[2]
    call = await world.call(call_id, account=key, token=token)
    assert (call["detail"], call["hungUpBy"]) == (UNREGISTERED, "System")
    assert tuple(call["result"].values()) == (*ORIGINATOR, "NumberUnobtainable")
    call, result = await ended(world, "2", {"agentId": "1"}, key, token)
    assert (call["detail"], call["hungUpBy"]) == (UNREGISTERED, "System")
    assert result == (*DESTINATION, "NumberUnobtainable")


async def test_a_carrier_whose_host_can_not_be_found_is_named_whosever_leg_it_carries(world: World) -> None:
    phone = {"kind": "number", "address": "020 7206 8004"}
    key, token = await account(world, "nobody2", phone, {"host": "sip.invalid"})
    for agent, whose in (("1", ORIGINATOR), ("2", DESTINATION)):
        call, result = await ended(world, agent, NUMBER, key, token)
        assert (call["detail"], call["hungUpBy"]) == ("trunk c1: sip.invalid can't be found", "System")
        assert result == (*whose, "CallFailed")


async def test_a_carrier_that_takes_no_connection_is_named(world: World, closed: int) -> None:
    trunk = {"host": "127.0.0.1", "port": closed, "transport": "tcp"}
    key, token = await account(world, "nobody3", {"kind": "sip", "password": "pass-word"}, trunk)
    call, result = await ended(world, "2", NUMBER, key, token)
    why = f"127.0.0.1 can't be reached on port {closed}: Connection refused"
    assert (call["detail"], call["hungUpBy"]) == (f"trunk c1: {why}", "System")
    assert result == (*DESTINATION, "CallFailed")
