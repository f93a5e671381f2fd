"""Phones that are not ours (baresip) as agents: they register by digest, and are what the API says they are."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from outdial.sandbox import behaviours, seed
from outdial.sandbox.tones import heard_ms
from support.baresip import Baresip, phone
from support.in_time import in_time
from support.sandbox_world import WRITTEN_SECONDS, World, e164, until

TONE = 560
"""Hertz: what the phone says."""
TALK_SECONDS = 1.5
NOT_REACHED = (400, "Unable to place call to Agent. Please try again")
AGENTS = f"/accounts/{seed.ACCOUNT}/agents"


@dataclass(frozen=True)
class Agent:
    """An agent who was added over the management API, and the password that was shown once."""

    world: World
    id: str
    user: str
    password: str

    def phone(self, folder: Path, *, password: str | None = None) -> AbstractAsyncContextManager[Baresip]:
        sip = self.world.ready["sip"]
        return phone(folder, self.user, password or self.password, (sip["host"], sip["port"]), tone=TONE)

    async def online(self) -> bool:
        told = await self.world.manage("GET", f"{AGENTS}/{self.id}")
        return bool(told["phone"]["online"])

    async def offline(self) -> bool:
        return not await self.online()


@pytest.fixture
async def agent(world: World) -> AsyncIterator[Agent]:
    made = await world.manage("POST", AGENTS, {"id": "7001", "name": "Baresip"})
    assert made["phone"] == {"kind": "sip", "address": f"{seed.ACCOUNT}-7001", "online": None}
    yield Agent(world, "7001", made["phone"]["address"], made["phonePassword"])
    for call_id in world.placed:
        await world.hang_up(call_id)
        await world.ended(call_id)
    await world.manage("DELETE", f"{AGENTS}/7001")


@in_time
async def test_it_registers_and_both_sides_are_heard(agent: Agent, tmp_path: Path) -> None:
    world, number = replace(agent.world, began=agent.world.now()), "020 7206 8701"
    assert (await world.place({"agentId": agent.id}, {"telephoneNumber": number})).refusal == NOT_REACHED
    async with agent.phone(tmp_path) as runs:
        await until(agent.online, "the phone is registered")
        call_id = await world.dial(agent.id, number)
        await world.until(call_id, "Connected")
        await asyncio.sleep(TALK_SECONDS)
        await world.hang_up(call_id)
        assert (await world.ended(call_id))["result"]["code"] == "Success"

        async def both_heard() -> bool:
            at_party = heard_ms(world.sound_of(world.leg(e164(number))), TONE)
            at_phone = heard_ms(runs.heard(), behaviours.PARTY_TONE)
            return min(at_party, at_phone) > TALK_SECONDS * 600

        await until(both_heard, "each side has heard the other", WRITTEN_SECONDS)


async def test_with_a_wrong_password_it_stays_offline_and_is_not_rung(agent: Agent, tmp_path: Path) -> None:
    async with agent.phone(tmp_path, password=agent.password[:-1]) as runs:
        await until(lambda: refused(runs), "the switch has refused the phone")
        assert await agent.offline()
        reply = await agent.world.place({"agentId": agent.id}, {"telephoneNumber": "02072068702"})
        assert reply.refusal == NOT_REACHED
    assert await agent.world.is_free(agent.id)
    assert not agent.world.rang("+442072068702")


async def refused(runs: Baresip) -> bool:
    return "401 Unauthorized" in runs.output or "403 Forbidden" in runs.output


async def test_a_new_password_voids_the_old_one(agent: Agent, tmp_path: Path) -> None:
    path = f"{AGENTS}/{agent.id}/phone-password"
    new = await agent.world.manage("POST", path, {})
    assert (new["user"], new["realm"]) == (agent.user, "outdial")
    async with agent.phone(tmp_path / "old") as runs:
        await until(lambda: refused(runs), "the old password is refused")
    async with agent.phone(tmp_path / "new", password=new["password"]):
        await until(agent.online, "the new password is taken")


async def test_a_phone_that_was_killed_and_started_again_is_rung_where_it_is_now(agent: Agent, tmp_path: Path) -> None:
    world = agent.world
    async with agent.phone(tmp_path / "first") as runs:
        await until(agent.online, "the phone is registered")
        runs.process.send_signal(signal.SIGKILL)
        await runs.process.wait()
    # The switch can't know yet: it rings a phone that is not there, and gives up.
    call_id = await world.dial(agent.id, "020 7206 8703")
    told = await world.ended(call_id)
    assert (told["result"]["code"], told["result"]["party"]) == ("Failure", "Originator")
    assert not world.rang("+442072068703"), "nobody is dialled for an agent who is not there"
    async with agent.phone(tmp_path / "second") as runs:

        async def registered() -> bool:
            return "200 OK" in runs.output

        await until(registered, "the phone has registered again")
        call_id = await world.dial(agent.id, "020 7206 8704")
        await world.until(call_id, "Connected")


async def test_a_phone_that_hangs_up_ends_the_call(agent: Agent, tmp_path: Path) -> None:
    async with agent.phone(tmp_path) as runs:
        await until(agent.online, "the phone is registered")
        call_id = await agent.world.dial(agent.id, "020 7206 8705")
        await agent.world.until(call_id, "Connected")
        # A phone that is closed says goodbye: to the call and to the registrar.
        runs.process.terminate()
        told = await agent.world.ended(call_id)
        assert told["result"] == {"code": "Success", "party": "Originator", "reason": "Normal"}
        assert told["hungUpBy"] == "Agent"
        await until(agent.offline, "the phone is not registered any more")
