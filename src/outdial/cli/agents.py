"""`outdial agent …`: who calls, on which phone, and whether they are there."""

from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.secret_input import password as asked_password
from outdial.cli.told import Columns, Item, Told, listed, said, shown
from outdial.domain.presence import Presence

app = group("Agents: who calls, on which phone, and whether they are there.")
Id = Annotated[str, typer.Argument(help="The agent's id: up to 11 digits.")]
Number = Annotated[str | None, typer.Option(help="The phone is this telephone number, rung through a trunk.")]
Address = Annotated[str | None, typer.Option(help="The phone is this SIP address, such as sip:name@host.")]
CallerId = Annotated[str | None, typer.Option(help="Presented when the agent calls; an empty text for none.")]
AskPassword = Annotated[
    bool, typer.Option("--ask-password", help="Ask for the phone's password, or read it from standard input.")
]
_PASSWORD = {"phonePassword": "Password"}


def _phone(item: Item) -> str:
    phone = item["phone"]
    online = {True: " (registered)", False: " (not registered)", None: ""}[phone["online"]]
    return f"{phone['kind']} {phone['address']}{online}"


def _state(item: Item) -> str:
    return f"{item['state']['word']} ({item['state']['number']})"


def _registers(item: Item) -> str:
    """What is typed into the phone, beside the password."""
    found = item["registrar"]
    host = found["host"] or "<an address of the machine>"
    host = f"[{host}]" if ":" in host else host
    tls = f", or {host}:{found['tlsPort']} over TLS" if found["tlsPort"] else ""
    reach = "; phones elsewhere can't reach that: set sip_host" if found["local"] else ""
    return f"at {host}:{found['port']} over {' or '.join(map(str.upper, found['transports']))}{tls}{reach}"


_COLUMNS: Columns = {"Id": "id", "Name": "name", "State": _state, "Phone": _phone, "Groups": "groups"}
_DETAILS: Columns = {
    **_COLUMNS,
    "Presence": "presence",
    "Caller id": "callerId",
    "Call": "callId",
    "Wraps up until": "wrapUpUntil",
}


def _shown(item: Item) -> Told:
    """An agent; with a phone that registers, what that needs."""
    registers: Columns = {"Phone's user": lambda item: item["phone"]["address"], "Registers": _registers}
    return shown(item, {**_DETAILS, **(registers if item["registrar"] else {})}, _PASSWORD)


def _wanted_phone(number: str | None, address: str | None, *, sip: bool, ask: bool) -> dict[str, object] | None:
    if sum((number is not None, address is not None, sip)) > 1:
        raise CommandError("an agent has one phone: one of --sip, --number and --address")
    if number is not None:
        return {"kind": "number", "address": number}
    if address is not None:
        return {"kind": "address", "address": address}
    if ask:
        return {"kind": "sip", "password": asked_password("Password of the agent's phone")}
    return {"kind": "sip"} if sip else None


@command(app, "add")
async def add(
    api: Api,
    id: Id,  # noqa: A002 -- what it is called in help
    name: Annotated[str, typer.Option(help="For people, and for whoever is called.")],
    account: Account = None,
    number: Number = None,
    address: Address = None,
    caller_id: CallerId = None,
    ask_password: AskPassword = False,
) -> Told:
    """Add an agent. Without --number or --address they have a SIP phone that registers; its password is shown once."""
    body = members(id=id, name=name, caller_id=caller_id or None)
    phone = _wanted_phone(number, address, sip=False, ask=ask_password)
    if phone is not None:
        body["phone"] = phone
    made = await api.ask("POST", at("accounts", await api.account(account), "agents"), body)
    return _shown(made)


@command(app, "list")
async def list_(api: Api, account: Account = None) -> Told:
    """Every agent, with what each is doing now."""
    items = await api.every(at("accounts", await api.account(account), "agents"))
    return listed(items, _COLUMNS, "There is no agent yet; `outdial agent add` makes one.")


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """One agent."""
    return _shown(await api.ask("GET", at("accounts", await api.account(account), "agents", id)))


@command(app, "change")
async def change(
    api: Api,
    id: Id,  # noqa: A002
    name: Annotated[str | None, typer.Option(help="For people, and for whoever is called.")] = None,
    account: Account = None,
    number: Number = None,
    address: Address = None,
    sip: Annotated[bool, typer.Option("--sip", help="The phone is a SIP phone that registers.")] = False,
    caller_id: CallerId = None,
) -> Told:
    """Change what is given; everything else stays. A call under way keeps the phone it began on."""
    body = members(name=name, phone=_wanted_phone(number, address, sip=sip, ask=False))
    if caller_id is not None:
        body["callerId"] = caller_id or None
    if not body:
        raise CommandError("say what to change; see `outdial agent change --help`")
    changed = await api.ask("PATCH", at("accounts", await api.account(account), "agents", id), body)
    return _shown(changed)


@command(app, "remove")
async def remove(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """Remove an agent; not while they are on a call."""
    await api.ask("DELETE", at("accounts", await api.account(account), "agents", id))
    return said(f"Agent {id} is gone.", {"id": id, "removed": True})


@command(app, "presence")
async def presence(
    api: Api,
    id: Id,  # noqa: A002
    presence: Annotated[Presence, typer.Argument(case_sensitive=False, help="What the agent says of themselves.")],
    account: Account = None,
) -> Told:
    """Say whether an agent is there. Only who is Ready is called; going ready ends a wrap-up."""
    path = at("accounts", await api.account(account), "agents", id, "presence")
    return _shown(await api.ask("PUT", path, {"presence": presence.value}))


@command(app, "password")
async def password(api: Api, id: Id, account: Account = None, ask_password: AskPassword = False) -> Told:  # noqa: A002
    """Replace the password of an agent's phone; it is shown once."""
    given = asked_password("Password of the agent's phone") if ask_password else None
    path = at("accounts", await api.account(account), "agents", id, "phone-password")
    return shown(await api.ask("POST", path, members(password=given)), secrets={"password": "password"})
