"""`outdial group …`: agents one of whom may be chosen for a call."""

from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group
from outdial.cli.told import Columns, Told, listed, said, shown

app = group("Groups: agents one of whom may be chosen for a call.")
Id = Annotated[str, typer.Argument(help="The group's id: letters, digits, dashes and underscores.")]
Agents = Annotated[list[str], typer.Argument(help="Ids of agents.")]
Name = Annotated[str, typer.Option(help="For people.")]
_COLUMNS: Columns = {"Id": "id", "Name": "name"}


@command(app, "add")
async def add(api: Api, id: Id, name: Name, account: Account = None) -> Told:  # noqa: A002 -- its name in help
    """Add a group; nobody is in it yet."""
    made = await api.ask("POST", at("accounts", await api.account(account), "groups"), {"id": id, "name": name})
    return shown(made, _COLUMNS)


@command(app, "list")
async def list_(api: Api, account: Account = None) -> Told:
    """Every group."""
    items = await api.every(at("accounts", await api.account(account), "groups"))
    return listed(items, _COLUMNS, "There is no group yet; `outdial group add` makes one.")


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """A group and who is in it."""
    path = at("accounts", await api.account(account), "groups", id)
    found = await api.ask("GET", path)
    return shown({**found, "members": await api.every(f"{path}/members")}, {**_COLUMNS, "Members": "members"})


@command(app, "change")
async def change(api: Api, id: Id, name: Name, account: Account = None) -> Told:  # noqa: A002
    """Change a group's name."""
    path = at("accounts", await api.account(account), "groups", id)
    return shown(await api.ask("PATCH", path, {"name": name}), _COLUMNS)


@command(app, "remove")
async def remove(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """Remove a group; who is in it stays an agent."""
    await api.ask("DELETE", at("accounts", await api.account(account), "groups", id))
    return said(f"Group {id} is gone.", {"id": id, "removed": True})


@command(app, "add-member")
async def add_member(api: Api, id: Id, agents: Agents, account: Account = None) -> Told:  # noqa: A002
    """Put agents into a group; doing so twice is no error."""
    key = await api.account(account)
    for agent in agents:
        await api.ask("PUT", at("accounts", key, "groups", id, "members", agent))
    return said(f"In group {id}: {', '.join(agents)}.", {"id": id, "added": agents})


@command(app, "remove-member")
async def remove_member(api: Api, id: Id, agents: Agents, account: Account = None) -> Told:  # noqa: A002
    """Take agents out of a group."""
    key = await api.account(account)
    for agent in agents:
        await api.ask("DELETE", at("accounts", key, "groups", id, "members", agent))
    return said(f"Out of group {id}: {', '.join(agents)}.", {"id": id, "removed": agents})
