"""A real call end to end below the API: engine, switch, registered phone and carrier, joined and heard by tone."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from outdial.asterisk.phones import AsteriskPhones
from outdial.asterisk.telephony import APP, AsteriskTelephony
from outdial.asterisk.translate import PhoneState, translate
from outdial.calls.engine import Engine
from outdial.domain.call import State, place
from outdial.domain.commands import Prepare
from outdial.domain.directory import Agent, Trunk
from outdial.domain.events import Asker, HangUpRequested
from outdial.domain.plan import CallerId, CallPlan, Phone, PhoneKind
from outdial.domain.results import Code
from outdial.sandbox import behaviours
from outdial.sandbox.configuration import Address, Registration
from outdial.sandbox.far_end import FarEnd
from outdial.sandbox.tones import heard_ms
from support.in_time import in_time
from support.pages import Pages, Time
from support.real_switch import RealSwitch, binary, real_switch
from support.sandbox_world import WRITTEN_SECONDS, until

USER = "acc-1"
PHONE = Phone(PhoneKind.SIP, USER)
NUMBER = "+442072068888"
SHOWN = "+442079460100"
HA1 = hashlib.md5(f"{USER}:outdial:pass".encode(), usedforsecurity=False).hexdigest()


async def phone_online(switch: RealSwitch) -> None:
    for _ in range(300):
        if any(found["resource"] == USER and found["state"] == "online" for found in await switch.ari.endpoints()):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the phone did not register")


async def reached(pages: Pages, state: State) -> None:
    for _ in range(300):
        if pages.saved and pages.saved[-1].state is state:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"never {state}: {pages.saved[-1:]}")


@in_time
@pytest.mark.parametrize("prepared", [False, True], ids=["new", "prepared by a process that was killed"])
async def test_both_sides_are_joined_and_hear_each_other(tmp_path: Path, prepared: bool) -> None:
    async with real_switch(tmp_path / "switch") as switch:
        ari, pages = switch.ari, Pages()
        telephony = AsteriskTelephony("main", ari, lambda: True)
        engine = Engine(telephony, pages, Time())

        def hear(event: dict[str, object]) -> None:
            telephony.heard(event)
            meant = translate(event)
            if meant is not None and not isinstance(meant, PhoneState):
                engine.notify(*meant)

        switch.listener = hear
        await ari.allow_events(APP, "StasisStart", "ChannelStateChange", "ChannelDestroyed", "Dial")
        far_end = FarEnd(
            tmp_path / "far-end",
            binary(),
            Address("127.0.0.1", switch.settings.sip_port),
            {USER: behaviours.ANSWERS},
            [Registration(USER, "pass")],
            listen_seconds=5,
        )
        async with far_end.running(), asyncio.TaskGroup() as tasks:
            phones = AsteriskPhones(ari, lambda: True)
            await phones.provision_agent(Agent("acc", "1", "Ann", PHONE, sip_user=USER, sip_ha1=HA1))
            await phones.provision_trunk(Trunk("acc", "t", far_end.sip.host, far_end.sip.port))
            await phone_online(switch)

            running = tasks.create_task(engine.run())
            await asyncio.sleep(0)
            now = Time().now()
            party = Phone(PhoneKind.NUMBER, NUMBER, "t")
            plan = CallPlan("1", PHONE, party, created_at=now, dial_by=now + 20_000, party_sees=CallerId(SHOWN))
            call = place("c1", "acc", "main", plan)[0]
            if prepared:
                assert await telephony.perform(call, Prepare()) is None
            await engine.start(call)
            await reached(pages, State.JOINED)
            await asyncio.sleep(2)
            await engine.tell("c1", HangUpRequested(Asker.API))
            await reached(pages, State.ENDED)
            running.cancel()

            assert pages.saved[-1].result is not None
            assert pages.saved[-1].result.code is Code.SUCCESS
            assert await telephony.legs_held() == {}
            legs = {call.called: call for call in far_end.calls()}
            assert SHOWN in legs[NUMBER].from_header

            async def heard_each_other() -> bool:
                heard = heard_ms(far_end.sound_of(legs[USER]), behaviours.PARTY_TONE)
                return min(heard, heard_ms(far_end.sound_of(legs[NUMBER]), behaviours.AGENT_TONE)) > 500

            await until(heard_each_other, "the two have heard each other", WRITTEN_SECONDS)
