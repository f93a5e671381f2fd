"""`outdial recordings …`: recordings found, downloaded, held, erased, and proved to be as they were."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from outdial.cli.api import Api, as_typed, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.told import Columns, Told, listed, moment, said, shown
from outdial.recordings.erasure import is_signed

app = group("Recordings: find, hear, hold, erase and verify them.")
_VERSION = "v6"
_PAGE = 200
Id = Annotated[str, typer.Argument(help="The recording's id, which is its call's.")]
ByCall = Annotated[str | None, typer.Option("--call", help="The recording of this call.")]
ByNumber = Annotated[str | None, typer.Option("--number", help="Recordings with this number.")]
ByReference = Annotated[str | None, typer.Option("--reference", help="Recordings of calls with this reference.")]
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
    agent: Annotated[str | None, typer.Option(help="With this agent, on either side.")] = None,
    group: Annotated[str | None, typer.Option(help="Of calls that were asked of this group.")] = None,
    number: ByNumber = None,
    reference: ByReference = None,
    since: Annotated[str | None, typer.Option("--from", help="Begun then or later: 2026-11-24T00:00:00Z.")] = None,
    to: Annotated[str | None, typer.Option(help="Begun before then.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those whose audio is deleted.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1)] = 50,
) -> Told:
    """Find recordings, newest first."""
    wanted: dict[str, object] = {"callId": call, "agent": agent, "group": group, "number": number}
    wanted |= {"reference": reference, "from": since, "to": to, "deleted": True if deleted else None}
    url, items, cursor = await _url(api, account), list[dict[str, Any]](), None
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
    found = await api.ask("GET", await _url(api, account, id))
    legs = {f"leg {leg['leg']}": f"{leg['lengthMs']} ms, SHA-256 {leg['sha256']}" for leg in found["legs"]}
    told = shown({**{name: value for name, value in found.items() if name not in ("links", "legs")}, **legs})
    return Told(found, told.write)


@command(app, "download")
async def download(
    api: Api,
    id: Id,  # noqa: A002
    account: Account = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.")] = None,
    leg: Annotated[str | None, typer.Option(help="agent, party, mixed or stereo.")] = None,
    format: Annotated[str, typer.Option(help="wav or opus.")] = "wav",  # noqa: A002
) -> Told:
    """Write a recording into a file; both legs in stereo, or the one there is, unless told otherwise."""
    path = output or Path(f"{id}.{format}")
    url = await _url(api, account, id, "audio")
    part = path.with_name(f"{path.name}.part")
    size = 0
    try:
        with part.open("wb") as file:
            async for piece in api.pieces("GET", url, query={"leg": leg, "format": format}):
                size += file.write(piece)
        part.replace(path)
    except OSError as error:
        raise CommandError(f"{path}: can't be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return said(f"{path}: {size} bytes.", {"file": str(path), "size": size})


@command(app, "hold")
async def hold(
    api: Api,
    matter: Matter,
    account: Account = None,
    call: ByCall = None,
    number: ByNumber = None,
    reference: ByReference = None,
) -> Told:
    """Put a legal hold on recordings: nothing deletes them until it is released."""
    body = members(matter=matter, **_selected(call, number, reference))
    found = await api.ask("POST", await _managed(api, account, "holds"), body)
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
) -> Told:
    """Release recordings from the hold of a matter."""
    body = members(matter=matter, **_selected(call, number, reference))
    found = await api.ask("POST", await _managed(api, account, "releases"), body)
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
    certificate: Annotated[Path | None, typer.Option(help="Where to write the certificate.")] = None,
    yes: Confirmed = False,
) -> Told:
    """Erase recordings for ever, and write the certificate of it. The status is 1 where one could not be erased."""
    selected = _selected(call, number, reference)
    if not yes and (api.quiet or not typer.confirm("Erase them for ever?", err=True)):
        raise CommandError("erasing recordings takes --yes")
    done = await api.ask("POST", await _managed(api, account, "erasures"), members(reason=reason, **selected))
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
        found = await api.ask("GET", await _managed(api, account, "erasures"))
        return listed(found["items"], _CERTIFICATES, "There is none.")
    done = await api.ask("GET", await _managed(api, account, "erasures", id))
    if output is not None:
        _write(done, output)
    return said(_certified(done), done)


@command(app, "verify")
async def verify(
    api: Api,
    account: Account = None,
    against: Annotated[
        Path | None,
        typer.Option(help="What an earlier `verify --json` said: the ledger must still lead through its heads."),
    ] = None,
) -> Told:
    """Hold audio, ledger and database against each other; the status is 1 where anything is wrong.

    Of every account, unless one is named.
    """
    path = "/manage/recordings/verification" if account is None else await _managed(api, account, "verification")
    findings, verified = list[dict[str, Any]](), list[dict[str, Any]]()
    async for line in _lines(api.pieces("POST", path, {"expected": _heads(against)})):
        if "finding" in line:
            findings.append(line["finding"])
        else:
            verified.append(line["verified"])
    return Told({"findings": findings, "verified": verified}, _writer(findings, verified), 1 if findings else 0)


@command(app, "signing-key")
async def signing_key(api: Api, account: Account = None) -> Told:
    """The public key of erasures' certificates: kept elsewhere, it checks any of them without asking the service."""
    return shown(await api.ask("GET", await _managed(api, account, "signing-key")))


@command(app, "verify-certificate", offline="key")
async def verify_certificate(
    api: Api | None,
    file: Annotated[Path, typer.Argument(help="What `erase --certificate` wrote.")],
    account: Account = None,
    key: Annotated[str | None, typer.Option(help="The public key; without it, the service is asked.")] = None,
) -> Told:
    """Check that the certificate of an erasure is signed by this installation; the status is 1 where it is not.

    With a key, nothing is asked of the service.
    """
    if api is not None:
        key = (await api.ask("GET", await _managed(api, account, "signing-key")))["publicKey"]
    try:
        certificate = json.loads(file.read_text(encoding="utf-8"))
        signed = isinstance(certificate, dict) and is_signed(certificate, key or "")
    except OSError as error:
        raise CommandError(f"{file}: can't be read: {error.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise CommandError(f"{file}: is no certificate") from None
    except ValueError:
        raise CommandError("the key is no public key of Ed25519, in Base64") from None
    if not signed:
        return said(f"{file}: is NOT what this key signed.", {"signed": False}, status=1)
    numbers = f"{len(certificate['erased'])} erased, {len(certificate['held'])} held"
    sentence = f"{file}: certificate {certificate['certificate']} is what this key signed: {numbers}."
    return said(sentence, {"signed": True, "certificate": certificate["certificate"]})


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


async def _url(api: Api, account: str | None, *more: str) -> str:
    key = at(await api.account(account), "recordings", *more).removeprefix("/manage/")
    return f"/{_VERSION}/{key}"


async def _managed(api: Api, account: str | None, *more: str) -> str:
    return at("accounts", await api.account(account), "recordings", *more)


def _selected(call: str | None, number: str | None, reference: str | None) -> dict[str, Any]:
    given = {"call_id": call, "number": number, "reference": reference}
    if sum(value is not None for value in given.values()) != 1:
        raise CommandError("say which recordings, by one of --call, --number and --reference")
    return given


def _unreadable(ids: list[str]) -> str:
    return f" Left as they are, as their records can't be read: {', '.join(ids)}." if ids else ""


def _heads(against: Path | None) -> dict[str, Any]:
    if against is None:
        return {}
    try:
        said = json.loads(against.read_text(encoding="utf-8"))
        return {each["account"]: each["head"] for each in said["verified"] if each["head"] is not None}
    except OSError as error:
        raise CommandError(f"{against}: can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{against}: is not what `outdial recordings verify --json` says") from None


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield json.loads(line)
    if rest:
        raise CommandError("the verification was cut off before its end")


def _writer(findings: list[dict[str, Any]], verified: list[dict[str, Any]]) -> Any:  # noqa: ANN401 -- writes to a console
    def write(console: Console) -> None:
        for found in findings:
            where = f"{found['account']}: " if found["account"] else ""
            line = f"{where}{found['subject']}: {found['detail']} ({found['code']})"
            console.print(line, style="red", markup=False)
        for each in verified:
            head = f", ledger ends with {each['head']['hash'][:16]}…" if each["head"] else ""
            numbers = f"{each['entries']} entries, {each['recordings']} recordings, {each['files']} files"
            console.print(f"{each['account']}: {numbers} looked at{head}", markup=False)
            if each["unproved"]:
                older = f"{each['unproved']} of the recordings are of an older version: not all in them can be proved"
                console.print(f"{each['account']}: {older}", markup=False)
        console.print("Nothing is wrong." if not findings else f"Wrong: {len(findings)}.")

    return write
