"""Gives an agent's phone a new password; with the old one it can't register any more."""

from dataclasses import replace

from outdial.calls.administration import Administration
from outdial.domain.directory import Agent
from outdial.domain.phones import ha1
from outdial.domain.setup import InvalidMember


async def renew_phone_password(administration: Administration, agent: Agent, given: str | None = None) -> str:
    """The password: the one given, else a new one.

    Raises:
        InvalidMember: the agent's phone does not register with us.
        Unknown: the agent is gone.
    """
    if agent.sip_user is None:
        raise InvalidMember("phone.kind", "sip for the phone to have a password")
    password = given or administration.new_secret()
    changed = replace(agent, sip_ha1=ha1(agent.sip_user, password))
    await administration.directory.change_agent(changed)
    await administration.phones.provision_agent(changed)
    return password
