"""Adds an agent and tells the switch about the phone, so that it can register at once."""

from dataclasses import replace

from outdial.calls.administration import Administration
from outdial.domain.directory import Account, Agent
from outdial.domain.plan import PhoneKind
from outdial.domain.setup import WantedPhone, check_phone_transport, own_caller_id, with_phone


async def add_agent(
    administration: Administration, account: Account, agent: Agent, wanted: WantedPhone
) -> tuple[Agent, str | None]:
    """The agent as added, and the phone's password where it registers with us: the one given, or a new one.

    Raises:
        InvalidMember: phone or caller id can't be used.
        AlreadyExists: the id is taken.
    """
    if wanted.kind is PhoneKind.SIP and wanted.password is None:
        wanted = replace(wanted, password=administration.new_secret())
    agent = with_phone(agent, account, wanted)
    check_phone_transport(agent.phone, administration.phones.speaks_tls)
    if agent.caller_id is not None:
        own = [each.number for each in await administration.directory.caller_ids(account.key)]
        agent = replace(agent, caller_id=own_caller_id(agent.caller_id, account, own, "callerId"))
    agent = replace(agent, idle_since=administration.clock.now())
    await administration.directory.add_agent(agent)
    await administration.phones.provision_agent(agent)
    return agent, wanted.password
