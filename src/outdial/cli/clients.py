"""`outdial client …`: programs that ask for tokens with a secret of their own."""

from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.told import Columns, Item, Told, listed, moment, said, shown

app = group("Clients: programs that ask for tokens with a secret of their own.")
Id = Annotated[str, typer.Argument(help="The client's id.")]
Operator = Annotated[
    bool, typer.Option("--operator", help="An operator's client, good for every account, in place of an account's.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", help="What it may do; repeat. calls:create, calls:read, calls:control, agents:read, …, admin."
    ),
]
_SECRET = {"clientSecret": "Secret"}


def _created(item: Item) -> str:
    return moment(item["createdAt"])


_COLUMNS: Columns = {"Id": "id", "Name": "name", "Scopes": "scopes", "Added": _created}


async def _place(api: Api, account: str | None, operator: bool, *more: str) -> str:
    if operator and account is not None:
        raise CommandError("an operator's client belongs to no account: one of --operator and --account")
    if operator:
        return at("clients", *more)
    return at("accounts", await api.account(account), "clients", *more)


@command(app, "add")
async def add(
    api: Api,
    name: Annotated[str, typer.Option(help="For people.")],
    scope: Scopes = None,
    id: Annotated[str | None, typer.Option(help="Its id; left out, one is made.")] = None,  # noqa: A002
    account: Account = None,
    operator: Operator = False,
) -> Told:
    """Add a client. Its secret is shown once. Without --scope it may place, read and hang up calls, and read agents."""
    scopes = scope or ["calls:create", "calls:read", "calls:control", "agents:read"]
    made = await api.ask("POST", await _place(api, account, operator), members(id=id, name=name, scopes=scopes))
    return shown(made, _COLUMNS, _SECRET)


@command(app, "list")
async def list_(api: Api, account: Account = None, operator: Operator = False) -> Told:
    """Every client that is not revoked."""
    items = await api.every(await _place(api, account, operator))
    return listed(items, _COLUMNS, "There is no client yet; `outdial client add` makes one.")


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None, operator: Operator = False) -> Told:  # noqa: A002
    """One client; its secret is never shown again."""
    return shown(await api.ask("GET", await _place(api, account, operator, id)), _COLUMNS)


@command(app, "change")
async def change(
    api: Api,
    id: Id,  # noqa: A002
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    scope: Scopes = None,
    account: Account = None,
    operator: Operator = False,
) -> Told:
    """Change name or scopes; tokens with a scope that is taken away are void."""
    body = members(name=name, scopes=scope or None)
    if not body:
        raise CommandError("say what to change; see `outdial client change --help`")
    return shown(await api.ask("PATCH", await _place(api, account, operator, id), body), _COLUMNS)


@command(app, "secret")
async def secret(api: Api, id: Id, account: Account = None, operator: Operator = False) -> Told:  # noqa: A002
    """Replace a client's secret. The old one, and every token got with it, is void at once."""
    return shown(await api.ask("POST", await _place(api, account, operator, id, "secret")), secrets=_SECRET)


@command(app, "remove")
async def remove(api: Api, id: Id, account: Account = None, operator: Operator = False) -> Told:  # noqa: A002
    """Revoke a client for good; its tokens are void at once."""
    await api.ask("DELETE", await _place(api, account, operator, id))
    return said(f"Client {id} is revoked.", {"id": id, "removed": True})
