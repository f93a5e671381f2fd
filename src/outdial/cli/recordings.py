"""`outdial recordings …`: recordings found, downloaded, held and erased. How they are proved: `recording_proofs`."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from outdial.cli.api import Api, as_typed, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.recording_told import recording_lines, written
from outdial.cli.saved import saved
from outdial.cli.told import Columns, Told, listed, moment, said

app = group("Recordings: find, hear, hold, erase and verify them.")
_VERSION = "v6"
_PAGE = 200
Id = Annotated[str, typer.Argument(help="The recording's id, which is its call's.")]
ByCall = Annotated[str | None, typer.Option("--call", help="The recording of this call.")]
ByNumber = Annotated[str | None, typer.Option("--number", help="Recordings with this number.")]
ByReference = Annotated[str | None, typer.Option("--reference", help="Recordings of calls with this reference.")]
ByAgent = Annotated[str | None, typer.Option("--agent", help="With this agent, on either side.")]
Since = Annotated[str | None, typer.Option("--from", help="Begun then or later: 2026-11-24T00:00:00Z.")]
To = Annotated[str | None, typer.Option("--to", help="Begun before then.")]
Matter = Annotated[str, typer.Argument(help="What the hold is for; each matter is released by itself.")]
Confirmed = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
_COLUMNS: Columns = {
    "Id": "id",
    "Begun": lambda item: moment(item["startedAt"]),
    "Seconds": lambda item: item["lengthMs"] / 1000,
    "Agent": "agentId",
    "Number": lambda item: item["number"] or item["calledAgentId"],
    "Reference": "reference",
    "Legs": "legs",
    "Status": "status",
    "Held": "held",
}
_CERTIFICATES: Columns = {
    "Certificate": "certificate",
    "At": lambda item: moment(item["at"]),
    "By": "by",
    "Selected by": "selectedBy",
    "Reason": "reason",
    "Erased": "erased",
}


@command(app, "list")
async def list_(
    api: Api,
    account: Account = None,
    call: ByCall = None,
    agent: ByAgent = None,
    group: Annotated[str | None, typer.Option(help="Of calls that were asked of this group.")] = None,
    number: ByNumber = None,
    reference: ByReference = None,
    since: Since = None,
    to: To = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those whose audio is deleted.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1)] = 50,
) -> Told:
    """Find recordings, newest first."""
    wanted: dict[str, object] = {"callId": call, "agent": agent, "group": group, "number": number}
    wanted |= {"reference": reference, "from": since, "to": to, "deleted": True if deleted else None}
    url, items, cursor = await url_of(api, account), list[dict[str, Any]](), None
    while len(items) < limit:
        query = {**wanted, "limit": min(_PAGE, limit - len(items)), "cursor": cursor}
        with as_typed({"from": "--from", "to": "--to"}):
            page = await api.ask("GET", url, query=query)
        items += page["recordings"]
        if unreadable := page.get("unreadable"):
            typer.echo(f"Not shown, as their records can't be read: {', '.join(unreadable)}.", err=True)
        cursor = page["next"]
        if cursor is None:
            break
    return listed(items, _COLUMNS, "There is none.")


@command(app, "show")
async def show(api: Api, id: Id, account: Account = None) -> Told:  # noqa: A002 -- what it is called in help
    """One recording: its legs with their hashes, its pauses, consents and holds, and why it was made."""
    found = await api.ask("GET", await url_of(api, account, id))
    return Told(found, written(recording_lines(found)))


@command(app, "download")
async def download(
    api: Api,
    id: Id,  # noqa: A002
    file: Annotated[Path | None, typer.Argument(help="The file to write; else the recording's id.")] = None,
    account: Account = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The same.")] = None,
    leg: Annotated[str | None, typer.Option(help="agent, party, mixed or stereo.")] = None,
    format: Annotated[str, typer.Option(help="wav or opus.")] = "wav",  # noqa: A002
) -> Told:
    """Write a recording into a file; both legs in stereo, or the one there is, unless told otherwise."""
    if file is not None and output is not None:
        raise CommandError("say the file once: after the id, or with --output")
    url = await url_of(api, account, id, "audio")
    pieces = api.pieces("GET", url, query={"leg": leg, "format": format})
    return await saved(pieces, file or output or Path(f"{id}.{format}"))


@command(app, "hold")
async def hold(
    api: Api,
    matter: Matter,
    account: Account = None,
    call: ByCall = None,
    number: ByNumber = None,
    reference: ByReference = None,
    agent: ByAgent = None,
    since: Since = None,
    to: To = None,
) -> Told:
    """Put a legal hold on recordings: nothing deletes them until it is released."""
    body = members(matter=matter) | _selected(call, number, reference, agent, since, to)
    with _as_typed():
        found = await api.ask("POST", await managed(api, account, "holds"), body)
    sentence = f"{len(found['recordings'])} held for {matter}."
    if found["underWay"]:
        sentence += f" Under way, and held too: {', '.join(found['underWay'])}."
    sentence += _unreadable(found["unreadable"])
    return said(sentence, {"matter": matter, **found}, status=1 if found["unreadable"] else 0)


@command(app, "release")
async def release(
    api: Api,
    matter: Matter,
    account: Account = None,
    call: ByCall = None,
    number: ByNumber = None,
    reference: ByReference = None,
    agent: ByAgent = None,
    since: Since = None,
    to: To = None,
) -> Told:
    """Release recordings from the hold of a matter."""
    body = members(matter=matter) | _selected(call, number, reference, agent, since, to)
    with _as_typed():
        found = await api.ask("POST", await managed(api, account, "releases"), body)
    sentence = f"{len(found['recordings'])} released from {matter}."
    if found["underWay"]:
        sentence += f" Under way, and released too: {', '.join(found['underWay'])}."
    sentence += _unreadable(found["unreadable"])
    return said(sentence, {"matter": matter, **found}, status=1 if found["unreadable"] else 0)


@command(app, "erase")
async def erase(
    api: Api,
    reason: Annotated[str, typer.Argument(help="Why; it stays in the ledger, so name nobody.")],
    account: Account = None,
    call: ByCall = None,
    number: ByNumber = None,
    reference: ByReference = None,
    agent: ByAgent = None,
    since: Since = None,
    to: To = None,
    certificate: Annotated[Path | None, typer.Option(help="Where to write the certificate.")] = None,
    yes: Confirmed = False,
) -> Told:
    """Erase recordings for ever, and write the certificate of it. The status is 1 where one could not be erased."""
    selected = _selected(call, number, reference, agent, since, to)
    if not yes:
        await _confirm(api, account, selected)
    with _as_typed():
        done = await api.ask("POST", await managed(api, account, "erasures"), members(reason=reason) | selected)
    if certificate is not None:
        _write(done, certificate, f"erased, and `outdial recordings certificate {done['certificate']}` tells it, but ")
    return said(_certified(done), done, status=1 if done["held"] or done["unreadable"] else 0)


@command(app, "certificate")
async def certificate_(
    api: Api,
    id: Annotated[str | None, typer.Argument(help="The certificate's; without it, the latest are listed.")] = None,  # noqa: A002
    account: Account = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write it.")] = None,
) -> Told:
    """Read the certificate of an erasure again, also of one that was interrupted and completed later."""
    if id is None:
        found = await api.ask("GET", await managed(api, account, "erasures"))
        return listed(found["items"], _CERTIFICATES, "There is none.")
    done = await api.ask("GET", await managed(api, account, "erasures", id))
    if output is not None:
        _write(done, output)
    return said(_certified(done), done)


def _certified(certificate: dict[str, Any]) -> str:
    held, under_way = (", ".join(each["recording"] for each in certificate[member]) for member in ("held", "underWay"))
    sentence = f"{len(certificate['erased'])} erased; certificate {certificate['certificate']}."
    sentence += f" Held, and kept: {held}." if held else ""
    sentence += f" Under way, and erased once their calls have ended: {under_way}." if under_way else ""
    return sentence + _unreadable([each["recording"] for each in certificate["unreadable"]])


def _write(certificate: dict[str, Any], path: Path, before: str = "") -> None:
    try:
        path.write_text(json.dumps(certificate, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{before}{path} can't be written: {error.strerror}") from None


async def url_of(api: Api, account: str | None, *more: str) -> str:
    """Where an account's recordings are found and heard."""
    key = at(await api.account(account), "recordings", *more).removeprefix("/manage/")
    return f"/{_VERSION}/{key}"


async def managed(api: Api, account: str | None, *more: str) -> str:
    """Where an account's recordings are managed."""
    return at("accounts", await api.account(account), "recordings", *more)


def _selected(
    call: str | None, number: str | None, reference: str | None, agent: str | None, since: str | None, to: str | None
) -> dict[str, Any]:
    named = members(call_id=call, number=number, reference=reference, agent_id=agent)
    dates = {name: value for name, value in (("from", since), ("to", to)) if value is not None}
    if len(named) > 1 or not named | dates:
        raise CommandError(
            "say which recordings, by one of --call, --number, --reference and --agent, or by --from and --to, or both"
        )
    return named | dates


def _as_typed() -> AbstractContextManager[None]:
    return as_typed({"callId": "--call", "agentId": "--agent", "from": "--from", "to": "--to"})


async def _confirm(api: Api, account: str | None, selected: dict[str, Any]) -> None:
    """Say what would be erased, and have it confirmed. Raises CommandError where it is not."""
    if api.quiet:
        raise CommandError("erasing recordings takes --yes")
    with _as_typed():
        found = await api.ask("POST", await managed(api, account, "count"), selected)
    asked = f"{found['recordings']} recording{'' if found['recordings'] == 1 else 's'}"
    if found["recordings"]:
        begun = f"{moment(found['firstStartedAt'])} to {moment(found['lastStartedAt'])} UTC"
        asked += f", {found['lengthMs'] / 60_000:.1f} minutes, begun {begun}"
    if found["held"]:
        asked += f"; {found['held']} of them held, and kept therefore"
    if found["underWay"]:
        asked += f"; calls under way, whose recordings go as soon as they have ended: {len(found['underWay'])}"
    if not typer.confirm(f"{asked}.\nErase them for ever?", err=True):
        raise CommandError("nothing was erased")


def _unreadable(ids: list[str]) -> str:
    return f" Left as they are, as their records can't be read: {', '.join(ids)}." if ids else ""
