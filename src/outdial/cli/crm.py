"""`outdial crm …`: which CRM an account's calls are told to, and how that goes."""

from pathlib import Path
from typing import Annotated

import typer

from outdial.cli.api import Api, at
from outdial.cli.command import Account, command, group, members
from outdial.cli.errors import CommandError
from outdial.cli.secret_input import password
from outdial.cli.told import Columns, Item, Told, listed, moment, said, shown

app = group("CRM: a task for each call that ended, in Salesforce or in any other.")
Most = Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1)]
Org = Annotated[str | None, typer.Option(help="Address of a Salesforce org, https://….")]
ClientId = Annotated[str | None, typer.Option(help="Salesforce: the app's consumer key.")]
AskSecret = Annotated[
    bool,
    typer.Option(
        "--ask-secret",
        help="Ask for a secret, or read it from standard input: the app's consumer secret, or what signs requests.",
    ),
]
PrivateKey = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Salesforce: file with an RSA key in PEM, for JWT bearer."),
]
User = Annotated[str | None, typer.Option(help="Salesforce: with a key, the user who writes tasks.")]
Audience = Annotated[
    str | None, typer.Option(help="Salesforce: with a key; https://test.salesforce.com for a sandbox.")
]
ApiVersion = Annotated[str | None, typer.Option(help="Salesforce: version of the REST API.")]
Field = Annotated[str | None, typer.Option(help="Salesforce: the task's field that holds the call's id.")]
Url = Annotated[str | None, typer.Option(help="Any other CRM: template of the URL.")]
Method = Annotated[str | None, typer.Option(help="Any other CRM: POST, PUT or PATCH.")]
ContentType = Annotated[str | None, typer.Option(help="Any other CRM: what the body is.")]
BodyFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Any other CRM: file with the body's template.")
]
HeadersFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Any other CRM: file with headers, `Name: value` a line."),
]
Subject = Annotated[str | None, typer.Option(help="Template of the subject, with ${number}, ${application} …")]
Disabled = Annotated[bool, typer.Option("--disabled", help="Set it, and tell it nothing yet.")]

_TASKS: Columns = {
    "Call": "callId",
    "Started": lambda item: moment(item["startedAt"]),
    "Number": "number",
    "Agent": "agentId",
    "Outcome": "outcome",
    "State": "state",
    "Attempts": "attempts",
    "Record": "recordId",
    "Last answer": "error",
    "Next attempt": lambda item: moment(item["nextAttemptAt"]),
}


async def _at(api: Api, account: str | None, *more: str) -> str:
    return at("accounts", await api.account(account), "crm", *more)


@command(app, "show")
async def show(api: Api, account: Account = None) -> Told:
    """Which CRM is told, how many calls wait, and what it said last."""
    found = await api.ask("GET", await _at(api, account))
    if found["kind"] is None:
        return said("No CRM is told; `outdial crm set` sets one.", found)
    return shown(_plain(found))


@command(app, "set")
async def set_(
    api: Api,
    account: Account = None,
    salesforce: Org = None,
    client_id: ClientId = None,
    ask_secret: AskSecret = False,
    private_key: PrivateKey = None,
    user: User = None,
    audience: Audience = None,
    api_version: ApiVersion = None,
    field: Field = None,
    http: Url = None,
    method: Method = None,
    content_type: ContentType = None,
    body: BodyFile = None,
    headers: HeadersFile = None,
    subject: Subject = None,
    disabled: Disabled = False,
) -> Told:
    """Set the CRM in place of the one before. Secrets that are not given stay, unless the host or client changes."""
    if (salesforce is None) is (http is None):
        raise CommandError("say --salesforce URL, or --http URL for any other CRM")
    secret = password("Secret") if ask_secret else None
    key = None if private_key is None else _read(private_key)
    org = members(
        url=salesforce,
        client_id=client_id,
        flow="jwtBearer" if key or user else None,
        client_secret=secret,
        private_key=key,
        user=user,
        audience=audience,
        api_version=api_version,
        external_id_field=field,
    )
    request = members(url=http, method=method, content_type=content_type, secret=secret, **_files(body, headers))
    sent = members(enabled=False if disabled else None, subject=subject)
    sent |= {"salesforce": org} if salesforce is not None else {"http": request}
    found = await api.ask("PUT", await _at(api, account), sent)
    return shown({**_plain(found), "secret": found["secret"]}, secrets={"secret": "secret"})


@command(app, "remove")
async def remove(api: Api, account: Account = None) -> Told:
    """Remove the CRM with all of its tasks; those that wait are not told."""
    await api.ask("DELETE", await _at(api, account))
    return said("No CRM is told any more.", {"removed": True})


@command(app, "test")
async def try_out(api: Api, account: Account = None) -> Told:
    """Try the CRM out; the status is 1 where it can't be told. Salesforce is asked for a token and for a task's fields,
    any other is sent a made-up task."""
    outcome = await api.ask("POST", await _at(api, account, "test"))
    took = f"after {outcome['tookMs']} ms"
    sentence = f"Works: {outcome['status']} {took}." if outcome["passed"] else f"Failed: {outcome['error']}, {took}."
    return said(sentence, outcome, status=0 if outcome["passed"] else 1)


@command(app, "tasks")
async def tasks(
    api: Api,
    account: Account = None,
    state: Annotated[str | None, typer.Option(help="Only those waiting, done or dead.")] = None,
    limit: Most = 50,
) -> Told:
    """What became of each call's task, newest first."""
    query = {} if state is None else {"state": state}
    items = await api.every(await _at(api, account, "tasks"), query, most=limit)
    return listed(items, _TASKS, "There is none.")


@command(app, "replay")
async def replay(
    api: Api,
    account: Account = None,
    call: Annotated[str | None, typer.Option(help="Only this call, whatever became of it.")] = None,
) -> Told:
    """Tell again what was given up, and at once what waits; or one call."""
    path = ("replay",) if call is None else ("tasks", call, "replay")
    told = await api.ask("POST", await _at(api, account, *path))
    return said(f"Told again: {told['tasks']}.", told)


def _plain(found: Item) -> Item:
    """Without the form of CRM that it is not."""
    return {name: value for name, value in found.items() if not (name in ("salesforce", "http") and value is None)}


def _files(body: Path | None, headers: Path | None) -> Item:
    """What is read from files."""
    found: Item = {}
    if body is not None:
        found["body"] = _read(body)
    if headers is not None:
        found["headers"] = _headers(headers)
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{file}: can't be read as text") from None


def _headers(file: Path) -> list[dict[str, str]]:
    pairs = [line.partition(":") for line in _read(file).splitlines() if line.strip()]
    if not all(colon for _, colon, _ in pairs):
        raise CommandError(f"{file}: every line must be `Name: value`")
    return [{"name": name.strip(), "value": value.strip()} for name, _, value in pairs]
