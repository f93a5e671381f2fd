"""Changes an agent, and the phone on the switch with it. A call that is under way keeps the phone it began on."""

from dataclasses import replace

from outdial.calls.administration import Administration
from outdial.domain.directory import Account, Agent
from outdial.domain.plan import PhoneKind
from outdial.domain.setup import WantedPhone, check_phone_transport, own_caller_id, with_phone


async def change_agent(
    administration: Administration, account: Account, before: Agent, after: Agent, wanted: WantedPhone | None
) -> tuple[Agent, str | None]:
    """The agent as changed, and the phone's password where it is a new one. Without `wanted` the phone stays.

    Raises:
        InvalidMember: phone or caller id can't be used.
        Unknown: the agent is gone.
    """
    if wanted is not None:
        if wanted.kind is PhoneKind.SIP and wanted.password is None and before.sip_ha1 is None:
            wanted = replace(wanted, password=administration.new_secret())
        after = with_phone(after, account, wanted)
        check_phone_transport(after.phone, administration.phones.speaks_tls)
    if after.caller_id is not None and after.caller_id != before.caller_id:
        own = [each.number for each in await administration.directory.caller_ids(account.key)]
        after = replace(after, caller_id=own_caller_id(after.caller_id, account, own, "callerId"))
    await administration.directory.change_agent(after)
    if before.sip_user is not None and after.sip_user is None:
        await administration.phones.withdraw_agent(before)
    await administration.phones.provision_agent(after)
    return after, wanted.password if wanted else None
