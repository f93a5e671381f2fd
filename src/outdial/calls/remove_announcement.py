"""Removes an account's own announcement; not while its calls are to play it and none that is built in stands behind."""

import asyncio

from outdial.calls.administration import Administration
from outdial.calls.directory import InUse, Unknown
from outdial.domain.consent import AccountRecording
from outdial.domain.directory import Account


async def remove_announcement(administration: Administration, account: Account, name: str) -> None:
    """It is gone.

    Raises:
        Unknown: the account has none of its own with this name.
        InUse: its recording settings name it.
    """
    announcements = administration.announcements
    if not (await asyncio.to_thread(announcements.names, account.key)).get(name):
        raise Unknown("the account has no such announcement of its own")
    played = AccountRecording.from_dict(account.recording).announcement == name
    if played and name not in await asyncio.to_thread(announcements.built_in):
        raise InUse("the account's recording settings name this announcement")
    await asyncio.to_thread(announcements.remove, account.key, name)
