"""`outdial recordings …`, as far as it proves something: the ledger, verifications, evidence, certificates."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from outdial.cli.api import Api
from outdial.cli.command import Account, command
from outdial.cli.errors import CommandError
from outdial.cli.ledger_told import entry_told
from outdial.cli.recordings import Id, app, managed
from outdial.cli.saved import saved
from outdial.cli.told import Told, said, shown
from outdial.recordings.erasure import is_signed
from outdial.recordings.evidence_check import NoEvidence, check

Key = Annotated[str | None, typer.Option(help="The public key; without it, the service is asked.")]
NO_KEY = "the key is no public key of Ed25519, in Base64"


@command(app, "ledger")
async def ledger(
    api: Api,
    account: Account = None,
    call: Annotated[str | None, typer.Option("--call", help="Entries of this call.")] = None,
    after: Annotated[int | None, typer.Option(help="Entries beyond this number.", min=0)] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="How many at most.", min=1)] = None,
) -> Told:
    """What was decided, agreed, recorded, kept, heard and erased, by whom and when: oldest first, times in UTC."""
    url, query = await managed(api, account, "ledger"), {"callId": call, "cursor": after}
    entries = await api.every(url, query, most=limit)

    def write(console: Console) -> None:
        for entry in entries:
            console.print(entry_told(entry), markup=False, soft_wrap=True)
        if not entries:
            console.print("There is no entry.", markup=False)

    return Told(entries, write)


@command(app, "evidence")
async def evidence(
    api: Api,
    id: Id,  # noqa: A002 -- what it is called in help
    account: Account = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The zip file to write.")] = None,
) -> Told:
    """Write all that proves a recording into one zip file, with a README that says how to check it without Outdial.

    Its audio, its decision, consents and pauses, and the ledger up to a signed head. That it was made is in the ledger.
    """
    pieces = api.pieces("GET", await managed(api, account, id, "evidence"))
    return await saved(pieces, output or Path(f"evidence-{id}.zip"))


@command(app, "verify-evidence", offline="key")
async def verify_evidence(
    api: Api | None,
    file: Annotated[Path, typer.Argument(help="What `evidence` wrote.")],
    account: Account = None,
    key: Key = None,
) -> Told:
    """Check that evidence is signed by this installation and hangs together; the status is 1 where it does not.

    With a key, nothing is asked of the service.
    """
    key = key or await _key_of(api, account)
    try:
        checked = check(file, key)
    except NoEvidence as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{file}: can't be read: {error.strerror}") from None
    except ValueError:
        raise CommandError(NO_KEY) from None
    statement, faults = checked.statement, checked.faults
    data = {"sound": not faults, "faults": faults, "legs": checked.legs, "statement": statement}

    def write(console: Console) -> None:
        for fault in faults:
            console.print(f"{file}: {fault}", style="red", markup=False)
        legs, whose = ", ".join(checked.legs) or "none", f"recording {statement['recording']} of {statement['account']}"
        console.print(f"{file}: {whose}, made {statement['at']} by {statement['by']}; legs: {legs}", markup=False)
        if not faults:
            entries = f"{checked.entries} entries of its call lead over {checked.chained} to the head that was signed"
            console.print(f"Nothing is wrong: {entries}.", markup=False)

    return Told(data, write, 1 if faults else 0)


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
    path = "/manage/recordings/verification" if account is None else await managed(api, account, "verification")
    findings, verified = list[dict[str, Any]](), list[dict[str, Any]]()
    async for line in _lines(api.pieces("POST", path, {"expected": _heads(against)})):
        if "finding" in line:
            findings.append(line["finding"])
        else:
            verified.append(line["verified"])
    return Told({"findings": findings, "verified": verified}, _writer(findings, verified), 1 if findings else 0)


@command(app, "signing-key")
async def signing_key(api: Api, account: Account = None) -> Told:
    """The public key of certificates and evidence: kept elsewhere, it checks any of them without the service."""
    return shown(await api.ask("GET", await managed(api, account, "signing-key")))


@command(app, "verify-certificate", offline="key")
async def verify_certificate(
    api: Api | None,
    file: Annotated[Path, typer.Argument(help="What `erase --certificate` wrote.")],
    account: Account = None,
    key: Key = None,
) -> Told:
    """Check that the certificate of an erasure is signed by this installation; the status is 1 where it is not.

    With a key, nothing is asked of the service.
    """
    key = key or await _key_of(api, account)
    try:
        certificate = json.loads(file.read_text(encoding="utf-8"))
        signed = isinstance(certificate, dict) and is_signed(certificate, key)
    except OSError as error:
        raise CommandError(f"{file}: can't be read: {error.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise CommandError(f"{file}: is no certificate") from None
    except ValueError:
        raise CommandError(NO_KEY) from None
    if not signed:
        return said(f"{file}: is NOT what this key signed.", {"signed": False}, status=1)
    numbers = f"{len(certificate['erased'])} erased, {len(certificate['held'])} held"
    sentence = f"{file}: certificate {certificate['certificate']} is what this key signed: {numbers}."
    return said(sentence, {"signed": True, "certificate": certificate["certificate"]})


async def _key_of(api: Api | None, account: str | None) -> str:
    if api is None:
        raise CommandError(NO_KEY)
    return str((await api.ask("GET", await managed(api, account, "signing-key")))["publicKey"])


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
