"""Our configuration, client and phones on a real Asterisk."""

from dataclasses import replace
from pathlib import Path

from outdial.asterisk.phones import AsteriskPhones
from outdial.asterisk.telephony import APP, AsteriskTelephony
from outdial.domain.call import place
from outdial.domain.commands import Ring
from outdial.domain.directory import Agent
from outdial.domain.events import LegRefused
from outdial.domain.legs import LegState, Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from support.real_switch import real_switch

PHONE = Phone(PhoneKind.SIP, "acc-1")
AGENT = Agent("acc", "1", "Ann", PHONE, sip_user="acc-1", sip_ha1="0" * 32)


NAMES = {
    "cyrillic": "Екатерина Александровна Константинопольская-Петрова",
    "chinese": "张" * 60,
    "mixed": "a" + "é" * 59,
    "combining": "e\u0301" * 60,
    "beyond the first plane": "𝔘" * 60,
    "quoted": '"><sip:x@y>;\r\n\\',
    "none": "",
}


async def test_the_switch_takes_every_name(tmp_path: Path) -> None:
    async with real_switch(tmp_path) as switch:
        phones = AsteriskPhones(switch.ari, lambda: True)
        agents = [
            replace(AGENT, id=str(number), name=name, sip_user=f"acc-{number}")
            for number, name in enumerate(NAMES.values())
        ]
        await phones.provision_all(agents, [])
        known = {found["resource"] for found in await switch.ari.endpoints()}
        assert {agent.sip_user for agent in agents} <= known


async def test_the_switch_takes_our_configuration_and_commands(tmp_path: Path) -> None:
    async with real_switch(tmp_path) as switch:
        ari = switch.ari
        # It dials us, and says who it is.
        assert switch.events[0]["type"] == "ApplicationRegistered"
        assert switch.events[0]["application"] == APP
        major, minor = (await ari.info())["system"]["version"].split(".")[:2]
        assert (int(major), int(minor)) >= (22, 5)

        await ari.allow_events(APP, "StasisStart", "ChannelDestroyed", "Dial", "EndpointStateChange")
        await ari.subscribe_endpoints(APP)

        phones = AsteriskPhones(ari, lambda: True)
        await phones.provision_agent(AGENT)
        states = {found["resource"]: found["state"] for found in await ari.endpoints()}
        assert states["acc-1"] == "offline"

        # A phone that is not registered can't be rung, and no channel is left of the attempt.
        telephony = AsteriskTelephony("main", ari, lambda: True)
        call, _ = place("c1", "acc", "main", CallPlan("1", PHONE, PHONE, created_at=0, dial_by=20_000))
        outcome = await telephony.perform(call, Ring(15))
        assert isinstance(outcome, LegRefused)
        assert outcome.side is Side.AGENT
        assert await telephony.leg_state("c1", Side.AGENT) is LegState.GONE
        assert await telephony.legs_held() == {}

        await phones.withdraw_agent(AGENT)
        assert "acc-1" not in {found["resource"] for found in await ari.endpoints()}
