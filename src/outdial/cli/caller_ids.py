"""`outdial caller-id …`: the numbers an account may present."""

from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.told import Columns, Told, listed, said, shown

app = group("Caller ids: the numbers an account may present.")
Number = Annotated[str, typer.Argument(help="The number, in E.164 or as people write it in the account's country.")]
_COLUMNS: Columns = {"Number": "number", "Name": "name"}


@command(app, "add")
async def add(
    api: Api,
    number: Number,
    name: Annotated[str | None, typer.Option(help="Shown with it, where carriers pass it on.")] = None,
    account: Account = None,
) -> Told:
    """Let an account present a number. Whoever adds it says that it is the account's to present."""
    path = at("accounts", await api.account(account), "caller-ids")
    return shown(await api.ask("POST", path, members(number=number, name=name)), _COLUMNS)


@command(app, "list")
async def list_(api: Api, account: Account = None) -> Told:
    """Every number."""
    items = await api.every(at("accounts", await api.account(account), "caller-ids"))
    return listed(items, _COLUMNS, "There is no caller id yet; `outdial caller-id add` makes one.")


@command(app, "show")
async def show(api: Api, number: Number, account: Account = None) -> Told:
    """A number and the name shown with it."""
    return shown(await api.ask("GET", at("accounts", await api.account(account), "caller-ids", number)), _COLUMNS)


@command(app, "change")
async def change(
    api: Api,
    number: Number,
    name: Annotated[str, typer.Option(help="Shown with it; an empty text for none.")],
    account: Account = None,
) -> Told:
    """Change the name shown with a number."""
    path = at("accounts", await api.account(account), "caller-ids", number)
    return shown(await api.ask("PATCH", path, {"name": name or None}), _COLUMNS)


@command(app, "remove")
async def remove(api: Api, number: Number, account: Account = None) -> Told:
    """Take a number away; not while the account or an agent presents it by default."""
    await api.ask("DELETE", at("accounts", await api.account(account), "caller-ids", number))
    return said(f"{number} can't be presented any more.", {"number": number, "removed": True})
