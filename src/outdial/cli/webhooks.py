"""`outdial webhook …`: where an account's events are delivered, and how that goes."""

from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.secret_input import password
from outdial.cli.told import Columns, Item, Told, listed, moment, said, shown

app = group("Webhooks: where an account's events are delivered, and how that goes.")
Id = Annotated[str, typer.Argument(help="The webhook's id.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Types of events; a star stands for anything.")]
Name = Annotated[str | None, typer.Option(help="What it is called.")]
Signature = Annotated[str | None, typer.Option(help="standard, or vonage.")]
AskSecret = Annotated[
    bool, typer.Option("--ask-secret", help="Ask for a secret of your own, or read it from standard input.")
]
Most = Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1)]

_COLUMNS: Columns = {
    "Id": "id",
    "URL": "url",
    "Types": "types",
    "Signature": "signature",
    "Enabled": "enabled",
    "Why not": "disabledReason",
}
_LOG: Columns = {
    "At": lambda item: moment(item["at"]),
    "Event": "event",
    "Type": "type",
    "Attempt": "attempt",
    "Answer": lambda item: item["status"] if item["delivered"] else item["error"],
    "ms": "tookMs",
}
_UNDELIVERED: Columns = {
    "Event": "event",
    "Type": "type",
    "About": "subject",
    "Attempts": "attempts",
    "Last answer": "error",
    "Next attempt": lambda item: moment(item["nextAttemptAt"]),
}


async def _at(api: Api, account: str | None, *more: str) -> str:
    return at("accounts", await api.account(account), "webhooks", *more)


@command(app, "add")
async def add(
    api: Api,
    url: Annotated[str, typer.Argument(help="Where events are to be delivered.")],
    account: Account = None,
    type: Types = None,  # noqa: A002 -- what it is called in help
    name: Name = None,
    signature: Signature = None,
    ask_secret: AskSecret = False,
) -> Told:
    """Add a webhook; it is told what happens from now on. Its secret is shown this once."""
    secret = password("Secret of the webhook") if ask_secret else None
    body = members(url=url, types=type or None, name=name, signature=signature, secret=secret)
    return shown(await api.ask("POST", await _at(api, account), body), secrets={"secret": "secret"})


@command(app, "list")
async def list_(api: Api, account: Account = None) -> Told:
    """Every webhook."""
    found = await api.ask("GET", await _at(api, account))
    return listed(found["items"], _COLUMNS, "There is no webhook yet; `outdial webhook add` makes one.")


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """One webhook, with how far it has come and what waits."""
    return shown(await api.ask("GET", await _at(api, account, id)))


@command(app, "change")
async def change(
    api: Api,
    id: Id,  # noqa: A002
    account: Account = None,
    url: Annotated[str | None, typer.Option(help="Where events are to be delivered.")] = None,
    type: Types = None,  # noqa: A002
    name: Name = None,
    signature: Signature = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it is delivered to.")] = None,
) -> Told:
    """Change what is given. Switched on again, it goes on where it stopped."""
    body = members(url=url, types=type or None, name=name, signature=signature, enabled=enabled)
    if not body:
        raise CommandError("say what to change; see `outdial webhook change --help`")
    return shown(await api.ask("PATCH", await _at(api, account, id), body))


@command(app, "remove")
async def remove(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """Remove a webhook, with everything that waits for it."""
    await api.ask("DELETE", await _at(api, account, id))
    return said(f"Webhook {id} is gone.", {"id": id, "removed": True})


@command(app, "rotate-secret")
async def rotate_secret(
    api: Api,
    id: Id,  # noqa: A002
    account: Account = None,
    overlap_seconds: Annotated[
        int | None, typer.Option(help="How long the old one stays good; a day unless told otherwise.", min=0)
    ] = None,
    ask_secret: AskSecret = False,
) -> Told:
    """Replace a webhook's secret; the new one is shown this once."""
    secret = password("New secret of the webhook") if ask_secret else None
    body = members(secret=secret, overlap_seconds=overlap_seconds)
    return shown(await api.ask("POST", await _at(api, account, id, "secret"), body), secrets={"secret": "secret"})


@command(app, "test")
async def try_out(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002
    """Deliver a test event now; the status is 1 where the receiver did not take it."""
    outcome = await api.ask("POST", await _at(api, account, id, "test"))
    return said(_outcome(outcome), outcome, status=0 if outcome["delivered"] else 1)


@command(app, "deliveries")
async def deliveries(
    api: Api,
    id: Id,  # noqa: A002
    account: Account = None,
    state: Annotated[str, typer.Option(help="log (the attempts), waiting, or dead.")] = "log",
    limit: Most = 50,
) -> Told:
    """The delivery log, newest first; or what waits for another attempt, or what was given up."""
    if state == "log":
        items = await api.every(await _at(api, account, id, "attempts"), most=limit)
        return listed(items, _LOG, "Nothing has been delivered yet.")
    path = await _at(api, account, id, "deliveries")
    items = await api.every(path, {"state": state}, most=limit)
    return listed(items, _UNDELIVERED, "There is none.")


@command(app, "replay")
async def replay(
    api: Api,
    id: Id,  # noqa: A002
    account: Account = None,
    event: Annotated[list[int] | None, typer.Option(help="Only these dead letters, by number.")] = None,
    after: Annotated[
        int | None, typer.Option(help="In place of dead letters: every event beyond this number, again.", min=0)
    ] = None,
) -> Told:
    """Deliver again what was given up, and at once what waits; or everything beyond an event."""
    body = members(dead_letters=event or None, after=after)
    replayed = await api.ask("POST", await _at(api, account, id, "replay"), body)
    count = replayed["deadLetters"]
    sentence = (
        f"Events after {after} are delivered again."
        if count is None
        else f"Tried again at once: {count} dead letters, and what waits."
    )
    return said(sentence, replayed)


def _outcome(outcome: Item) -> str:
    took = f"after {outcome['tookMs']} ms"
    return f"Delivered: {outcome['status']} {took}." if outcome["delivered"] else f"Failed: {outcome['error']}, {took}."
