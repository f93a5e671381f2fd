"""What the called side is shown, as it stood on the wire: the rules of who is presented, and in which headers."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from outdial.sandbox import seed
from outdial.sandbox.journal import Heard
from support.sandbox_world import World, e164, until

ACCOUNTS = f"/accounts/{seed.ACCOUNT}"
AGENTS_OWN, ASKED_FOR = "020 7946 0201", "08008888888"


@pytest.fixture
async def own_caller_id(world: World) -> AsyncIterator[str]:
    """An agent with a caller id of their own."""
    await world.manage("PATCH", f"{ACCOUNTS}/agents/2002", {"callerId": AGENTS_OWN})
    yield "2002"
    await world.manage("PATCH", f"{ACCOUNTS}/agents/2002", {"callerId": None})


@pytest.fixture
async def without_default(world: World) -> AsyncIterator[None]:
    """An account without a caller id of its own."""
    await world.manage("PATCH", ACCOUNTS, {"defaultCallerId": None})
    yield
    await world.manage("PATCH", ACCOUNTS, {"defaultCallerId": seed.CALLER_ID})


async def shown(world: World, agent: str, number: str, **caller: str) -> tuple[Heard, Mapping[str, str]]:
    """What the other side is shown when an agent calls it, and why."""
    call_id = await world.dial(agent, number, **caller)

    async def rang() -> bool:
        return len(world.rang(e164(number))) == 1

    await until(rang, "the other side rings")
    reasons = (await world.call(call_id))["reasons"]
    await world.hang_up(call_id)
    await world.ended(call_id)
    return world.leg(e164(number)), reasons


async def test_the_caller_id_asked_for_else_the_agents_else_the_accounts(world: World, own_caller_id: str) -> None:
    default, agents, asked, asked_over = await asyncio.gather(
        shown(world, "2001", "020 7206 8201"),
        shown(world, own_caller_id, "020 7206 8202"),
        shown(world, "2003", "020 7206 8203", presentedCLID=ASKED_FOR),
        shown(world, "2004", "020 7206 8204", presentedCLID=" "),
    )
    for (leg, reasons), number, why in (
        (default, seed.CALLER_ID, "the account's default"),
        (agents, e164(AGENTS_OWN), "the agent's own"),
        (asked, e164(ASKED_FOR), "asked for in the request"),
        (asked_over, seed.CALLER_ID, "the account's default"),
    ):
        assert f"<sip:{number}@" in leg.from_header
        assert f"<sip:{number}@" in leg.asserted_identity
        assert leg.privacy == ""
        assert reasons["callerId"] == why
    # A number of the account's is shown with its name.
    assert default[0].from_header.startswith('"Sandbox" ')


async def test_the_callee_is_shown_to_the_agent_who_calls(world: World) -> None:
    call_id = await world.dial("2005", "020 7206 8205")
    await world.until(call_id, "Connected")
    await world.hang_up(call_id)
    assert "<sip:+442072068205@" in world.phone_of("2005").from_header


async def test_each_agent_of_a_call_between_two_is_shown_the_other(world: World) -> None:
    call_id = (await world.place({"agentId": "2006"}, {"agentId": "2007"})).id
    await world.until(call_id, "Connected")
    await world.hang_up(call_id)
    assert world.phone_of("2006").from_header.startswith('"Agent 2007" <sip:2007@')
    assert world.phone_of("2007").from_header.startswith('"Agent 2006" <sip:2006@')


async def test_without_any_caller_id_nothing_is_presented(world: World, without_default: None) -> None:
    leg, reasons = await shown(world, "2008", "020 7206 8206")
    assert "anonymous" in leg.from_header.lower()
    assert "2008" not in leg.from_header + leg.asserted_identity
    assert reasons["callerId"] == "none is set for the agent or the account"
