"""The directory in the database: accounts and what belongs to them. Each method is one statement or one commit.

Every statement that names an account sees that account's rows and no others. Must not know a call.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, bindparam, false, select

from outdial.domain.directory import Account, Agent, ApiClient, CallerIdNumber, Group, Trunk
from outdial.domain.presence import Presence
from outdial.storage import agents, rows, tables
from outdial.storage.database import Database
from outdial.storage.prepared import Prepared
from outdial.storage.records import (
    account_of,
    account_values,
    caller_id_of,
    client_of,
    client_values,
    group_of,
    plain_values,
    trunk_of,
)
from outdial.storage.removal import check_gone, clear_removed, put_out_of_use

T = TypeVar("T")
MOST_WRAP_UPS = 500
"""How many ends of wrap-ups are noted in one go."""

# Read for every request: built once.
_ACCOUNT = Prepared(
    select(tables.accounts).where(tables.accounts.c.key == bindparam("of"), tables.accounts.c.leaving == false())
)
_CLIENT = Prepared(select(tables.clients).where(tables.clients.c.id == bindparam("of")))


class StoredDirectory:
    """See `calls.directory.Directory`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _write(self, account: str | None, work: Callable[[Connection], None], *, rings: bool = False) -> None:
        await self._database.write(work, account=account, rings=rings)

    # Accounts.

    async def accounts(self) -> Sequence[Account]:
        """Every account, by key."""
        return await self._database.read(
            lambda c: [account_of(row) for row in rows.all_of(c, tables.accounts, leaving=False)]
        )

    async def account(self, key: str) -> Account | None:
        """One account; the key in any case."""
        values = {"of": key.lower()}
        found = await self._database.read(lambda c: _ACCOUNT.rows(c, values), quick=True)
        return account_of(found[0]) if found else None

    async def add_account(self, account: Account) -> None:
        """Its key is kept in lower case."""
        values = account_values(account)

        def work(connection: Connection) -> None:
            check_gone(connection, values["key"])
            rows.add(connection, tables.accounts, values, f"account {account.key}")

        await self._write(values["key"], work)

    async def change_account(self, account: Account) -> None:
        """Everything but the key."""
        values = account_values(account)
        key = values.pop("key")
        what = f"account {account.key}"
        await self._write(key, lambda c: rows.change(c, tables.accounts, values, what, key=key, leaving=False))

    async def remove_account(self, key: str) -> None:
        """Out of use at once, unless it has live calls or recordings."""
        await self._write(key.lower(), lambda c: put_out_of_use(c, key.lower()))

    async def clear_removed(self) -> None:
        """Delete what is left of them."""
        await clear_removed(self._database)

    # Agents.

    async def agents(self, account: str) -> Sequence[Agent]:
        """An account's agents, by id."""
        return await self._database.read(lambda c: agents.every(c, account))

    async def agent(self, account: str, agent_id: str) -> Agent | None:
        """One agent."""
        return await self._database.read(lambda c: agents.find(c, account, agent_id))

    async def all_agents(self) -> Sequence[Agent]:
        """Those of all accounts."""
        return await self._database.read(lambda c: agents.every(c, None))

    async def available_agents(self, account: str, groups: Sequence[str], now: int) -> Sequence[Agent]:
        """Who could be chosen now, longest idle first."""
        return await self._database.read(lambda c: agents.available(c, account, groups, now))

    async def add_agent(self, agent: Agent) -> None:
        """A member of the groups it names, which must be there."""
        await self._write(agent.account, lambda c: agents.add(c, agent))

    async def change_agent(self, agent: Agent) -> None:
        """Everything but presence, reservation, phone state and groups."""
        await self._write(agent.account, lambda c: agents.change(c, agent))

    async def remove_agent(self, account: str, agent_id: str) -> None:
        """Raises InUse while the agent is on a call."""
        await self._write(account, lambda c: agents.remove(c, account, agent_id))

    async def set_presence(self, account: str, agent_id: str, presence: Presence, now: int) -> None:
        """What the agent says of themselves."""
        await self._write(account, lambda c: agents.set_presence(c, account, agent_id, presence, now), rings=True)

    async def set_phone_online(self, sip_user: str, online: bool, now: int) -> None:
        """What the switch says of a phone. Quiet where nobody's phone has that name."""
        account = await self._database.read(lambda c: agents.account_of_phone(c, sip_user))
        if account is not None:
            await self._write(account, lambda c: agents.set_phone_online(c, sip_user, online, now), rings=True)

    async def end_wrap_ups(self, now: int) -> int:
        """Note for everybody whose time to wrap up is over that they are ready again; how many there were."""
        over = await self._database.read(lambda c: agents.wrapped_up(c, now, MOST_WRAP_UPS))
        for account, agent_id in over:
            await self._write(
                account, partial(agents.end_wrap_up, account=account, agent_id=agent_id, now=now), rings=True
            )
        return len(over)

    # Groups.

    async def groups(self, account: str) -> Sequence[Group]:
        """An account's groups, by id."""
        return await self._database.read(
            lambda c: [group_of(row) for row in rows.all_of(c, tables.groups, account=account)]
        )

    async def group(self, account: str, group_id: str) -> Group | None:
        """One group."""
        row = await self._database.read(lambda c: rows.one_of(c, tables.groups, account=account, id=group_id))
        return None if row is None else group_of(row)

    async def add_group(self, group: Group) -> None:
        """Nobody is in it yet."""
        what = f"group {group.id}"
        await self._write(group.account, lambda c: rows.add(c, tables.groups, plain_values(group), what))

    async def change_group(self, group: Group) -> None:
        """Its name."""
        what, own = f"group {group.id}", {"account": group.account, "id": group.id}
        await self._write(group.account, lambda c: rows.change(c, tables.groups, plain_values(group), what, **own))

    async def remove_group(self, account: str, group_id: str) -> None:
        """Its members stay agents."""
        what = f"group {group_id}"
        await self._write(account, lambda c: rows.remove(c, tables.groups, what, account=account, id=group_id))

    async def members(self, account: str, group_id: str) -> Sequence[str]:
        """The ids of a group's agents."""
        where = {"account": account, "group_id": group_id}
        return await self._database.read(lambda c: [row.agent_id for row in rows.all_of(c, tables.members, **where)])

    async def add_member(self, account: str, group_id: str, agent_id: str) -> None:
        """Raises Unknown where group or agent is not there."""
        await self._write(account, lambda c: agents.join(c, account, group_id, agent_id))

    async def remove_member(self, account: str, group_id: str, agent_id: str) -> None:
        """Raises Unknown where the agent is not in the group."""
        row, what = {"account": account, "group_id": group_id, "agent_id": agent_id}, f"agent {agent_id} in {group_id}"
        await self._write(account, lambda c: rows.remove(c, tables.members, what, **row))

    # Trunks and caller ids.

    async def trunks(self, account: str) -> Sequence[Trunk]:
        """An account's trunks, in the order in which they are tried."""
        return await self._database.read(lambda c: _trunks(c, account))

    async def all_trunks(self) -> Sequence[Trunk]:
        """Those of all accounts."""
        return await self._database.read(lambda c: _trunks(c, None))

    async def trunk(self, account: str, trunk_id: str) -> Trunk | None:
        """One trunk."""
        row = await self._database.read(lambda c: rows.one_of(c, tables.trunks, account=account, id=trunk_id))
        return None if row is None else trunk_of(row)

    async def add_trunk(self, trunk: Trunk) -> None:
        """A carrier more."""
        what = f"trunk {trunk.id}"
        await self._write(trunk.account, lambda c: rows.add(c, tables.trunks, plain_values(trunk), what))

    async def change_trunk(self, trunk: Trunk) -> None:
        """Everything but its id."""
        what, own = f"trunk {trunk.id}", {"account": trunk.account, "id": trunk.id}
        await self._write(trunk.account, lambda c: rows.change(c, tables.trunks, plain_values(trunk), what, **own))

    async def remove_trunk(self, account: str, trunk_id: str) -> None:
        """Calls that it carries go on."""
        what = f"trunk {trunk_id}"
        await self._write(account, lambda c: rows.remove(c, tables.trunks, what, account=account, id=trunk_id))

    async def caller_ids(self, account: str) -> Sequence[CallerIdNumber]:
        """The numbers an account may present."""
        return await self._database.read(
            lambda c: [caller_id_of(row) for row in rows.all_of(c, tables.caller_ids, account=account)]
        )

    async def add_caller_id(self, caller_id: CallerIdNumber) -> None:
        """One number more."""
        what = f"caller id {caller_id.number}"
        values = plain_values(caller_id)
        await self._write(caller_id.account, lambda c: rows.add(c, tables.caller_ids, values, what))

    async def change_caller_id(self, caller_id: CallerIdNumber) -> None:
        """The name shown with it."""
        what, own = f"caller id {caller_id.number}", {"account": caller_id.account, "number": caller_id.number}
        values = plain_values(caller_id)
        await self._write(caller_id.account, lambda c: rows.change(c, tables.caller_ids, values, what, **own))

    async def remove_caller_id(self, account: str, number: str) -> None:
        """Raises Unknown where it is not among the account's."""
        what = f"caller id {number}"
        await self._write(account, lambda c: rows.remove(c, tables.caller_ids, what, account=account, number=number))

    # API clients.

    async def clients(self, account: str | None) -> Sequence[ApiClient]:
        """An account's clients, or the operators', who belong to none."""
        return await self._database.read(
            lambda c: [client_of(row) for row in rows.all_of(c, tables.clients, account=account)]
        )

    async def client(self, client_id: str) -> ApiClient | None:
        """One client, of whatever account: its id is all that it presents."""
        found = await self._database.read(lambda c: _CLIENT.rows(c, {"of": client_id}), quick=True)
        return client_of(found[0]) if found else None

    async def add_client(self, client: ApiClient) -> None:
        """Ids are unique over all accounts."""
        what = f"client {client.id}"
        await self._write(client.account, lambda c: rows.add(c, tables.clients, client_values(client), what))

    async def change_client(self, client: ApiClient) -> None:
        """Name, scopes, secret and revocation; a client never moves to another account."""
        what, own = f"client {client.id}", {"account": client.account, "id": client.id}
        await self._write(client.account, lambda c: rows.change(c, tables.clients, client_values(client), what, **own))


def _trunks(connection: Connection, account: str | None) -> list[Trunk]:
    where = {} if account is None else {"account": account}
    found = [trunk_of(row) for row in rows.all_of(connection, tables.trunks, **where)]
    return sorted(found, key=lambda trunk: (trunk.account, trunk.priority, trunk.id))
