"""Takes a number out of those an account may present; not while the account or an agent presents it by default."""

from outdial.calls.administration import Administration
from outdial.calls.directory import InUse
from outdial.domain.directory import Account


async def remove_caller_id(administration: Administration, account: Account, number: str) -> None:
    """The number can't be presented any more, unless the account may present any.

    Raises:
        InUse: it is the default caller id of the account or of an agent.
        Unknown: it is not one of the account's.
    """
    if account.default_caller_id == number:
        raise InUse(f"{number} is the account's default caller id")
    for agent in await administration.directory.agents(account.key):
        if agent.caller_id == number:
            raise InUse(f"{number} is the caller id of agent {agent.id}")
    await administration.directory.remove_caller_id(account.key, number)
