"""`outdial call …`: place, watch, find and hang up calls."""

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

import typer

from outdial.cli.api import Api, Refused, as_typed, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.follow_call import follow, told_ending
from outdial.cli.told import Columns, Item, Told, listed, moment, said, shown

app = group("Calls: place, watch, find and hang them up.")
VERSION = 6
Id = Annotated[str, typer.Argument(help="The call's id.")]
Consent = "What this side's law asks for before recording: Unknown, OneParty or TwoParty."


def _calls(account: str, *more: str) -> str:
    return "/".join((f"/v{VERSION}", quote(account, safe=""), "calls", *(quote(each, safe="") for each in more)))


def _whom(item: Item) -> str:
    return item["number"] or f"agent {item['calledAgentId']}"


def _ending(item: Item) -> str:
    result = item["result"]
    return item["state"].replace("_", " ") if result is None else told_ending(result)


def _leg(item: Item, side: str) -> str:
    leg = item[f"{side}Leg"]
    through = f" through {leg['trunk']}" if leg["trunk"] else ""
    code = f", SIP {leg['sipCode']}" if leg["sipCode"] else ""
    return f"{leg['phone']}{through}: {leg['state'].replace('_', ' ')}{code}; shown {leg['shown'] or 'no number'}"


_COLUMNS: Columns = {
    "Id": "id",
    "Placed": lambda item: moment(item["createdAt"]),
    "Agent": "agentId",
    "Calls": _whom,
    "State": _ending,
}
_DETAILS: Columns = {
    **_COLUMNS,
    "Joined": lambda item: moment(item["joinedAt"]),
    "Ended": lambda item: moment(item["endedAt"]),
    "Hung up by": "hungUpBy",
    "Detail": lambda item: (item["result"] or {}).get("detail"),
    "Agent's leg": lambda item: _leg(item, "agent"),
    "Other leg": lambda item: _leg(item, "party"),
    "Groups": "groups",
    "Reference": "reference",
    "Application": "application",
    "Recording": lambda item: f"{item['recording']['legs']}: {item['recording']['rule']}",
    "Why": "reasons",
}


@command(app, "place")
async def place(
    api: Api,
    number: Annotated[str | None, typer.Argument(help="Whom to call.")] = None,
    agent: Annotated[str | None, typer.Option(help="The agent who calls.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="An available agent of this group calls; repeat.")] = None,
    to_agent: Annotated[str | None, typer.Option(help="Call this agent in place of a number.")] = None,
    caller_id: Annotated[str | None, typer.Option(help="Number to present.")] = None,
    reference: Annotated[str | None, typer.Option(help="What the call is about: a record's id or URL.")] = None,
    application: Annotated[str | None, typer.Option(help="What asks for the call.")] = None,
    consent_from: Annotated[str | None, typer.Option(help=f"The agent's side. {Consent}")] = None,
    consent_to: Annotated[str | None, typer.Option(help=f"The other side. {Consent}")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="Used again, the first call is told of again.")] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Don't stay until the call has ended.")] = False,
    account: Account = None,
) -> Told:
    """Place a call: the agent's phone rings, then the other side's. Stays until it has ended; Ctrl-C leaves it be.

    Ends with status 0 where both sides were joined, else with 1.
    """
    key = await api.account(account)
    asked: dict[str, Any] = {
        "from": members(agent_id=agent, groups=group or None, consent=consent_from),
        "to": members(telephone_number=number, agent_id=to_agent, consent=consent_to),
    }
    if caller_id is not None:
        asked["from"]["presentedCLID"] = caller_id
    asked |= members(application=application, regarding=members(reference=reference) or None)
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    try:
        placed = await api.ask("POST", _calls(key), asked, headers=headers)
    except Refused as refused:
        await _tell_cause(api, key, refused)
        raise
    if no_wait:
        return said(f"Call {placed['id']}: agent {placed['from']['agentId']} is being rung.", placed)
    return await follow(api, _calls(key, placed["id"]), placed)


async def _tell_cause(api: Api, account: str, refused: Refused) -> None:
    """Add why the call came to nothing that a refusal names, where that is known and may be read."""
    if refused.related is None:
        return
    with suppress(CommandError):
        cause = (await api.ask("GET", _calls(account, refused.related)))["detail"]
        if cause:
            refused.add_note(cause)


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002 -- its name in help
    """A call with both legs, and why everything was decided as it was."""
    return shown(await api.ask("GET", at("accounts", await api.account(account), "calls", id)), _DETAILS)


@command(app, "list")
async def list_(
    api: Api,
    agent: Annotated[str | None, typer.Option(help="Calls of this agent, on either side.")] = None,
    number: Annotated[str | None, typer.Option(help="Calls to this number.")] = None,
    reference: Annotated[str | None, typer.Option(help="Calls with exactly this reference.")] = None,
    live: Annotated[bool | None, typer.Option("--live/--ended", help="Only calls that live, or have ended.")] = None,
    since: Annotated[str | None, typer.Option(help="Placed then or later, such as 2026-11-24T09:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Placed before then.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 50,
    account: Account = None,
) -> Told:
    """Find calls, newest first; whatever is given must match."""
    query = {"agentId": agent, "number": number, "reference": reference, "live": live, "from": since, "to": until}
    with as_typed({"from": "--since", "to": "--until", "agentId": "--agent"}):
        items = await api.every(at("accounts", await api.account(account), "calls"), query, most=limit)
    return listed(items, _COLUMNS, "There is no such call.")


@command(app, "hangup")
async def hang_up(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """End a call at whatever moment, ringing included; one that has ended is left as it is."""
    if not id.isprintable():
        raise CommandError("a call's id is letters, digits and dashes")
    told = await api.ask("DELETE", _calls(await api.account(account), id))
    ending = f"Call {id} has ended: {told_ending(told['result'])}." if told["result"] else f"Call {id} is being ended."
    return said(ending, told)
