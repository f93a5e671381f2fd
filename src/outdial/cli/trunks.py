"""`outdial trunk …`: the carriers that calls go out through."""

from typing import Annotated, Any

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.secret_input import password as asked_password
from outdial.cli.told import Columns, Item, Told, listed, moment, said, shown

app = group("Trunks: the carriers that calls go out through.")
Id = Annotated[str, typer.Argument(help="The trunk's id: letters, digits, dashes and underscores.")]
Port = Annotated[int | None, typer.Option(help="The carrier's port; 5060 unless told otherwise.", min=1, max=65535)]
Transport = Annotated[str | None, typer.Option(help="udp, tcp, or tls where the switch has a port for it.")]
Username = Annotated[str | None, typer.Option(help="For carriers that want one; an empty text for none.")]
AskPassword = Annotated[
    bool, typer.Option("--ask-password", help="Ask for the trunk's password, or read it from standard input.")
]
FromDomain = Annotated[str | None, typer.Option(help="Domain of the From header; an empty text for our own.")]
Prefix = Annotated[str | None, typer.Option(help="What stands before the country code: +, nothing, or digits.")]
Rate = Annotated[float | None, typer.Option("--calls-per-second", help="How many calls it takes each second.")]
Most = Annotated[int | None, typer.Option("--max-concurrent-calls", help="How many calls it takes at a time.")]
Priority = Annotated[int | None, typer.Option(help="Trunks are tried lowest first.")]
Enabled = Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it carries calls.")]


def _address(item: Item) -> str:
    host = f"[{item['host']}]" if ":" in item["host"] else item["host"]
    return f"{host}:{item['port']}/{item['transport']}"


def _answers(item: Item) -> str:
    reach = item["reach"]
    took = f" in {reach['roundTripMs']:g} ms" if reach["roundTripMs"] is not None else ""
    since = f" since {moment(reach['since'])}" if reach["since"] else ""
    return f"{reach['state']}{took}{since}{': ' + reach['why'] if reach['why'] else ''}"


_COLUMNS: Columns = {
    "Id": "id",
    "Carrier": _address,
    "Enabled": "enabled",
    "Priority": "priority",
    "Calls/s": "callsPerSecond",
    "At a time": "maxConcurrentCalls",
    "Answers": _answers,
}


def _body(username: str | None, from_domain: str | None, **given: object) -> dict[str, Any]:
    """What was given; empty texts take away, where there may be nothing."""
    body = members(**given)
    for name, value in (("username", username), ("fromDomain", from_domain)):
        if value is not None:
            body[name] = value or None
    return body


@command(app, "add")
async def add(
    api: Api,
    id: Id,  # noqa: A002 -- what it is called in help
    host: Annotated[str, typer.Option(help="The carrier's host name or address.")],
    account: Account = None,
    port: Port = None,
    transport: Transport = None,
    username: Username = None,
    ask_password: AskPassword = False,
    from_domain: FromDomain = None,
    number_prefix: Prefix = None,
    calls_per_second: Rate = None,
    max_concurrent_calls: Most = None,
    priority: Priority = None,
) -> Told:
    """Add a trunk; it can carry calls at once."""
    body = _body(
        username,
        from_domain,
        id=id,
        host=host,
        port=port,
        transport=transport,
        password=asked_password("Password of the trunk") if ask_password else None,
        number_prefix=number_prefix,
        calls_per_second=calls_per_second,
        max_concurrent_calls=max_concurrent_calls,
        priority=priority,
    )
    return shown(await api.ask("POST", at("accounts", await api.account(account), "trunks"), body))


@command(app, "list")
async def list_(api: Api, account: Account = None) -> Told:
    """Every trunk, in the order in which they are tried."""
    items = await api.every(at("accounts", await api.account(account), "trunks"))
    items.sort(key=lambda trunk: (trunk["priority"], trunk["id"]))
    return listed(items, _COLUMNS, "There is no trunk yet; `outdial trunk add` makes one.")


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """One trunk; its password is never shown."""
    return shown(await api.ask("GET", at("accounts", await api.account(account), "trunks", id)))


@command(app, "change")
async def change(
    api: Api,
    id: Id,  # noqa: A002
    account: Account = None,
    host: Annotated[str | None, typer.Option(help="The carrier's host name or address.")] = None,
    port: Port = None,
    transport: Transport = None,
    username: Username = None,
    ask_password: AskPassword = False,
    from_domain: FromDomain = None,
    number_prefix: Prefix = None,
    calls_per_second: Rate = None,
    max_concurrent_calls: Most = None,
    priority: Priority = None,
    enabled: Enabled = None,
) -> Told:
    """Change what is given; everything else stays. Live calls keep the channels they have."""
    body = _body(
        username,
        from_domain,
        host=host,
        port=port,
        transport=transport,
        password=asked_password("Password of the trunk") if ask_password else None,
        number_prefix=number_prefix,
        calls_per_second=calls_per_second,
        max_concurrent_calls=max_concurrent_calls,
        priority=priority,
        enabled=enabled,
    )
    if not body:
        raise CommandError("say what to change; see `outdial trunk change --help`")
    return shown(await api.ask("PATCH", at("accounts", await api.account(account), "trunks", id), body))


@command(app, "remove")
async def remove(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """Remove a trunk; not while it carries live calls."""
    await api.ask("DELETE", at("accounts", await api.account(account), "trunks", id))
    return said(f"Trunk {id} is gone.", {"id": id, "removed": True})
