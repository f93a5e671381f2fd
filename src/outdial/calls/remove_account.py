"""Removes an account with everything in it, what the switch has of it too; not while it has live calls."""

import asyncio
from contextlib import suppress

from outdial.calls.administration import Administration
from outdial.domain.refusals import StoreUnavailable


async def remove_account(administration: Administration, key: str) -> None:
    """The account is gone, and its tokens are void.

    Raises:
        InUse: it has live calls.
        Unknown: there is no such account.
    """
    agents = await administration.directory.agents(key)
    trunks = await administration.directory.trunks(key)
    await administration.directory.remove_account(key)
    for agent in agents:
        await administration.phones.withdraw_agent(agent)
    for trunk in trunks:
        await administration.phones.withdraw_trunk(trunk)
    await asyncio.to_thread(administration.announcements.forget, key)
    # It is gone already; what can't be deleted now is deleted with what has been kept for long enough.
    with suppress(StoreUnavailable):
        await administration.directory.clear_removed()
