"""`outdial events …`: what happens, as it happens or as it happened."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console

from outdial.cli.api import Api
from outdial.cli.command import Account, command, group
from outdial.cli.event_source import follow
from outdial.cli.told import Columns, Item, Told, listed

app = group("Events: what happens to calls, agents and webhooks, live or since any number still kept.")
VERSION = 6
Types = Annotated[list[str] | None, typer.Option("--type", help="Only these types; a star stands for anything.")]
Agents = Annotated[list[str] | None, typer.Option("--agent", help="Only what is about these agents.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Only what is about agents of these groups.")]
Call = Annotated[str | None, typer.Option("--call", help="Only what is about this call.")]
After = Annotated[int | None, typer.Option("--after", help="Begin after this number; 0 for everything kept.", min=0)]
Most = Annotated[int | None, typer.Option("--limit", "-n", help="End after so many.", min=1)]


@dataclass(frozen=True, slots=True)
class _Nothing(Told):
    """Everything has been said already."""

    def tell(self, *, as_json: bool) -> None:
        """Nothing more."""


def _path(account: str) -> str:
    return f"/v{VERSION}/{quote(account, safe='')}/events"


def _query(**given: object) -> dict[str, object]:
    lists = {name: ",".join(map(str, value)) if isinstance(value, list) else value for name, value in given.items()}
    return {name: value for name, value in lists.items() if value is not None and value != ""}


@command(app, "tail")
async def tail(
    api: Api,
    account: Account = None,
    type: Types = None,  # noqa: A002 -- what it is called in help
    agent: Agents = None,
    group: Groups = None,
    call: Call = None,
    after: After = None,
    limit: Most = None,
) -> Told:
    """Each event as it happens, until interrupted; with --json, one event a line. Goes on after an interruption."""
    path = _path(await api.account(account))
    query = _query(type=type, agent=agent, group=group, call=call, after=after)
    write: Callable[[Any], None] = _write_json if api.quiet else _writer()
    count = 0
    async for event in follow(api, path, query):
        write(event)
        count += 1
        if count == limit:
            break
    return _Nothing(None, lambda _: None)


@command(app, "types")
async def types(api: Api) -> Told:
    """Every type of event there is; with --json, with a schema of its data."""
    found = (await api.ask("GET", "/event-types"))["types"]
    columns: Columns = {"Type": "type", "What has become true": "about"}
    return listed(found, columns, "There is no type.")


def _write_json(event: Any) -> None:  # noqa: ANN401 -- JSON
    sys.stdout.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _writer() -> Callable[[Any], None]:
    console = Console(highlight=False, soft_wrap=True)
    return lambda event: console.print(line(event), markup=False)


def line(event: Item) -> str:
    """An event for people: number, time, type, and what stands out in it."""
    number = str(int(event["sequence"]))
    return f"{number:>6}  {event['time'][11:23]}  {event['type']:<32}  {_about(event['data'])}".rstrip()


def _about(data: Item) -> str:
    party = data.get("party") or {}
    whom = party.get("number") or (f"agent {party['agentId']}" if party.get("agentId") else None)
    result = data.get("result")
    words = (
        f"agent {data['agentId']}" if "agentId" in data else None,
        f"→ {whom}" if whom else None,
        data.get("state") if "stateCode" in data else None,
        f"{result['code']}: {result['party']} {result['reason']}" if result else None,
        f"by {data['hungUpBy']}" if data.get("hungUpBy") else None,
        data.get("reason"),
        data.get("callId"),
    )
    return "  ".join(str(word) for word in words if word)
