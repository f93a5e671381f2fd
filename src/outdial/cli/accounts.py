"""`outdial account …`: tenants and their settings."""

from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.told import Columns, Told, listed, said, shown

app = group("Accounts: tenants and their settings.")
Key = Annotated[str, typer.Argument(help="The account's key: letters and digits.")]
Country = Annotated[str | None, typer.Option(help="Home country, such as GB: national numbers are understood in it.")]
Allow = Annotated[
    list[str] | None, typer.Option("--allow", help="Country that may be called; repeat. None: the home country only.")
]
Outbound = Annotated[bool | None, typer.Option("--outbound/--no-outbound", help="Whether calls may be placed.")]
AnyCallerId = Annotated[
    bool | None, typer.Option("--any-caller-id/--own-caller-ids", help="Whether calls may present any number.")
]
Premium = Annotated[bool | None, typer.Option("--premium/--no-premium", help="Whether premium numbers may be called.")]
CallerId = Annotated[str | None, typer.Option(help="Presented by default; an empty text for none.")]
AgentRings = Annotated[
    int | None, typer.Option("--agent-ring-seconds", help="How long an agent's phone rings (1-180).")
]
PartyRings = Annotated[int | None, typer.Option("--party-ring-seconds", help="How long the other side rings (1-180).")]
Longest = Annotated[int | None, typer.Option("--max-call-seconds", help="The longest a call may last.")]
WrapUp = Annotated[int | None, typer.Option("--wrap-up-seconds", help="What an agent has to finish after a call.")]
Rate = Annotated[float | None, typer.Option("--calls-per-second", help="How many calls may be placed each second.")]
Most = Annotated[int | None, typer.Option("--max-concurrent-calls", help="How many calls may live at a time.")]
Record = Annotated[str | None, typer.Option(help="Legs recorded without a consent: none, agent or both.")]
Announcement = Annotated[
    str | None, typer.Option(help="What asks the other side for consent to be recorded; an empty text for nothing.")
]
AutoResume = Annotated[
    int | None, typer.Option(help="Seconds after which a paused recording goes on by itself; 0 for never.")
]
RecordOrDrop = Annotated[
    bool | None, typer.Option("--record-or-drop/--record-or-go-on", help="Whether a call ends if its recording fails.")
]
RecordUnknown = Annotated[str | None, typer.Option(help="Legs that the consent Unknown allows: none, agent or both.")]
_COLUMNS: Columns = {
    "Key": "key",
    "Name": "name",
    "Country": "homeCountry",
    "Outbound": "outboundEnabled",
    "Caller id": "defaultCallerId",
    "Calls/s": "callsPerSecond",
    "At a time": "maxConcurrentCalls",
}


def _recording(announcement: str | None, **settings: object) -> dict[str, object] | None:
    """An empty text takes the announcement away."""
    asks = {} if announcement is None else {"announcement": announcement or None}
    return members(**settings) | asks or None


def _caller_id(given: str | None) -> dict[str, object]:
    """An empty text takes a caller id away."""
    return {} if given is None else {"defaultCallerId": given or None}


@command(app, "add")
async def add(
    api: Api,
    key: Key,
    name: Annotated[str, typer.Option(help="For people.")],
    country: Annotated[str, typer.Option(help="Home country, such as GB: national numbers are understood in it.")],
    allow: Allow = None,
    any_caller_id: AnyCallerId = None,
    premium: Premium = None,
) -> Told:
    """Add an account. Its API token is shown once. Further settings: `outdial account change`."""
    body = members(
        key=key,
        name=name,
        home_country=country.upper(),
        allowed_countries=[each.upper() for each in allow] if allow else None,
        any_caller_id=any_caller_id,
        premium_allowed=premium,
    )
    return shown(await api.ask("POST", at("accounts"), body), secrets={"apiToken": "API token"})


@command(app, "list")
async def list_(api: Api) -> Told:
    """Every account."""
    return listed(
        await api.every(at("accounts")), _COLUMNS, "There is no account yet; `outdial account add` makes one."
    )


@command(app, "show")
async def show(api: Api, key: Key) -> Told:
    """An account's settings."""
    return shown(await api.ask("GET", at("accounts", key)))


@command(app, "change")
async def change(
    api: Api,
    key: Key,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    country: Country = None,
    allow: Allow = None,
    outbound: Outbound = None,
    any_caller_id: AnyCallerId = None,
    premium: Premium = None,
    caller_id: CallerId = None,
    agent_ring_seconds: AgentRings = None,
    party_ring_seconds: PartyRings = None,
    max_call_seconds: Longest = None,
    wrap_up_seconds: WrapUp = None,
    calls_per_second: Rate = None,
    max_concurrent_calls: Most = None,
    record: Record = None,
    record_unknown: RecordUnknown = None,
    announcement: Announcement = None,
    auto_resume: AutoResume = None,
    record_or_drop: RecordOrDrop = None,
) -> Told:
    """Change what is given; everything else stays."""
    body = _caller_id(caller_id) | members(
        name=name,
        home_country=country and country.upper(),
        allowed_countries=[each.upper() for each in allow if each] if allow is not None else None,
        outbound_enabled=outbound,
        any_caller_id=any_caller_id,
        premium_allowed=premium,
        agent_ring_seconds=agent_ring_seconds,
        party_ring_seconds=party_ring_seconds,
        max_call_seconds=max_call_seconds,
        wrap_up_seconds=wrap_up_seconds,
        calls_per_second=calls_per_second,
        max_concurrent_calls=max_concurrent_calls,
        recording=_recording(
            announcement,
            legs=record,
            when_unknown=record_unknown,
            auto_resume_seconds=auto_resume,
            record_or_drop=record_or_drop,
        ),
    )
    if not body:
        raise CommandError("say what to change; see `outdial account change --help`")
    return shown(await api.ask("PATCH", at("accounts", key), body))


@command(app, "remove")
async def remove(api: Api, key: Key, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> Told:
    """Remove an account with everything in it: agents, groups, trunks, clients and its calls' records."""
    if not yes:
        if api.quiet:
            raise CommandError("removing an account takes --yes")
        typer.confirm(
            f"Remove account {key} with its agents, trunks, clients and the records of its calls?", abort=True
        )
    await api.ask("DELETE", at("accounts", key))
    return said(f"Account {key} is gone.", {"key": key, "removed": True})


@command(app, "token")
async def token(api: Api, key: Key) -> Told:
    """Replace an account's API token. The old one, and every access token got with it, is void at once."""
    return shown(await api.ask("POST", at("accounts", key, "api-token")), {}, secrets={"apiToken": "API token"})
