"""A stand-in for a Salesforce org over HTTP. It takes what Salesforce documents, and nothing else.

Whatever is out of form is answered as Salesforce would, and kept in `violations`, which a test looks at in the end.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

CLIENT_ID, CLIENT_SECRET = "3MVG9-the-consumer-key", "the consumer's secret"
USER, AUDIENCE = "integration@example.com", "https://login.salesforce.com"
FIELD = "Outdial_Call_Id__c"
VERSION = "62.0"
CONTACT, LEAD, ACCOUNT = "0032400000ATTUQ", "00Q2400000ATTUQ", "0012400000ATTUQ"
LENGTHS = {"Subject": 255, "CallObject": 255, "CallDisposition": 255, "Description": 32_000}
PICKLISTS = {
    "Status": ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
    "TaskSubtype": ("Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn"),
    "CallType": ("Inbound", "Internal", "Outbound"),
}
_FIELDS = {*LENGTHS, *PICKLISTS, "ActivityDate", "CallDurationInSeconds", "WhoId", "WhatId"}
Trick = Callable[["Org", web.Request], Awaitable[web.StreamResponse | None]]
"""Something that goes wrong with one request; none where it is served after all."""


@dataclass
class Org:
    """One org: its tasks, by the call's id, and what goes wrong next."""

    url: str = ""
    instance: str = ""
    """Where the REST API is; another address than tokens are asked at."""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    """The call of each task that was made, in order: twice the same would be two tasks."""
    records: set[str] = field(default_factory=lambda: {CONTACT, LEAD, ACCOUNT})
    """What a task can be linked to."""
    public_key: str = ""
    tokens: set[str] = field(default_factory=set)
    """Those that are good."""
    given: int = 0
    tricks: list[Trick] = field(default_factory=list)
    """For the next requests of the REST API, one each."""
    violations: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=lambda: {"externalId": True, "createable": True, "unique": True})
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def expire(self) -> None:
        """Every token given so far is not good any more."""
        self.tokens.clear()

    async def until(self, count: int) -> None:
        """Wait until so many tasks have been made."""
        while len(self.made) < count:
            self.arrived.clear()
            await self.arrived.wait()

    # Tokens.

    async def token(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        form = dict(parse_qsl(text, strict_parsing=True))
        self._must(request.content_type == "application/x-www-form-urlencoded", "the token's form is no form")
        self._must(len(form) == len(parse_qsl(text)), "a member of the token's form is sent twice")
        match form.pop("grant_type", None):
            case "client_credentials":
                wrong = self._wrong_client(form)
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                wrong = self._wrong_assertion(form)
            case _:
                wrong = "unsupported_grant_type", "grant type not supported"
        if wrong:
            return web.json_response({"error": wrong[0], "error_description": wrong[1]}, status=400)
        self.given += 1
        token = f"00D000000000001!token{self.given}"
        self.tokens.add(token)
        return web.json_response(
            {
                "access_token": token,
                "signature": "c2lnbmF0dXJl",
                "scope": "api",
                "instance_url": self.instance,
                "id": f"{self.url}/id/00D000000000001/005000000000001",
                "token_type": "Bearer",
                "issued_at": "1795550400123",
            }
        )

    def _wrong_client(self, form: dict[str, str]) -> tuple[str, str] | None:
        self._must(set(form) == {"client_id", "client_secret"}, f"client credentials with {sorted(form)}")
        if form.get("client_id") != CLIENT_ID:
            return "invalid_client_id", "client identifier invalid"
        return None if form.get("client_secret") == CLIENT_SECRET else ("invalid_client", "invalid client credentials")

    def _wrong_assertion(self, form: dict[str, str]) -> tuple[str, str] | None:
        self._must(set(form) == {"assertion"}, f"an assertion with {sorted(form)}")
        try:
            claims = jwt.decode(
                form["assertion"],
                self.public_key,
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=CLIENT_ID,
                options={"require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.PyJWTError as error:
            return "invalid_grant", f"invalid assertion: {error}"
        return None if claims["sub"] == USER else ("invalid_grant", "user hasn't approved this consumer")

    # The REST API.

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        self._must(request.headers.get("Accept-Encoding") != "gzip, deflate", "a form of answer that we can't read")
        trick = self.tricks.pop(0) if self.tricks else None
        answer = await trick(self, request) if trick else None
        if answer is not None:
            return answer
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            return fault(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if request.match_info["version"] != f"v{VERSION}":
            return fault(404, "NOT_FOUND", "The requested resource does not exist")
        return await self._upsert(request) if request.method == "PATCH" else self._describe()

    def _describe(self) -> web.Response:
        fields = [{"name": "Subject", "externalId": False}, {"name": FIELD, **self.described}]
        # Long, as it is where an org has many fields.
        return web.json_response({"name": "Task", "fields": [*fields, *({"name": "X" * 500} for _ in range(600))]})

    async def _upsert(self, request: web.Request) -> web.StreamResponse:
        name, call = request.match_info["field"], request.match_info["id"]
        if name != FIELD:
            return fault(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}")
        self._must(request.content_type == "application/json", "a record that is no JSON")
        record = json.loads(await request.text())
        there = self.tasks.get(call)
        wrong = self._wrong(record, is_new=there is None)
        if wrong:
            return wrong
        if there is not None:
            there.update(record)
            return web.json_response({"id": there["Id"], "success": True, "errors": [], "created": False})
        task_id = f"00T{len(self.made):012}"
        self.tasks[call] = {**record, "Id": task_id}
        self.made.append(call)
        self.arrived.set()
        return web.json_response({"id": task_id, "success": True, "errors": [], "created": True}, status=201)

    def _wrong(self, record: dict[str, Any], *, is_new: bool) -> web.Response | None:
        unknown = set(record) - _FIELDS
        self._must(not unknown, f"fields that a task has not got, or that may not be sent: {unknown}")
        for name, most in LENGTHS.items():
            if len(record.get(name, "")) > most:
                self._must(False, f"{name} is too long")
                return fault(400, "STRING_TOO_LONG", f"{name}: data value too large (max length={most})", name)
        for name, values in PICKLISTS.items():
            self._must(record.get(name, values[0]) in values, f"{name} is {record.get(name)}")
        duration = record["CallDurationInSeconds"]
        self._must(type(duration) is int and 0 <= duration < 10**8, f"a duration of {duration!r}")
        date.fromisoformat(record["ActivityDate"])
        if not is_new and "TaskSubtype" in record:
            said = "Unable to create/update fields: TaskSubtype. Please check the security settings of this field"
            return fault(400, "INVALID_FIELD_FOR_INSERT_UPDATE", said, "TaskSubtype")
        return self._wrong_link(record)

    def _wrong_link(self, record: dict[str, Any]) -> web.Response | None:
        links = [(name, record[name]) for name in ("WhoId", "WhatId") if name in record]
        self._must(len(links) <= 1, "one reference in two fields")
        for name, link in links:
            self._must((link[:3] in ("003", "00Q")) == (name == "WhoId"), f"{link} in {name}")
            if len(link) not in (15, 18) or not link.isalnum():
                return fault(400, "MALFORMED_ID", f"{name}: id value of incorrect type: {link}", name)
            if link[:15] not in self.records:
                return fault(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return None

    def _must(self, holds: bool, what: str) -> None:
        if not holds:
            self.violations.append(what)


def fault(status: int, code: str, message: str, *fields: str) -> web.Response:
    """An error as the REST API tells it."""
    told: dict[str, Any] = {"message": message, "errorCode": code}
    return web.json_response([{**told, "fields": list(fields)} if fields else told], status=status)


def answers(status: int, code: str, message: str = "it says so", *fields: str, **headers: str) -> Trick:
    """Answers with an error instead."""

    async def trick(org: Org, request: web.Request) -> web.StreamResponse:
        answer = fault(status, code, message, *fields)
        answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return answer

    return trick


def plainly(status: int, text: str = "<html>", **headers: str) -> Trick:
    """Answers with something that is no JSON."""

    async def trick(org: Org, request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={n.replace("_", "-"): v for n, v in headers.items()})

    return trick


async def loses_the_answer(org: Org, request: web.Request) -> web.StreamResponse:
    """Does what it is asked, and hangs up before it says so."""
    await org._upsert(request)
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def makes_it_twice(org: Org, request: web.Request) -> web.StreamResponse:
    """Another request of the same call came first, and this one finds out only when it writes."""
    await org._upsert(request)
    said = f"duplicate value found: {FIELD} duplicates value on record with id: 00T000000000000"
    return fault(400, "DUPLICATE_VALUE", said)


async def hangs(org: Org, request: web.Request) -> web.StreamResponse:
    """Never answers."""
    await asyncio.Event().wait()
    raise AssertionError


async def expires(org: Org, request: web.Request) -> None:
    """The token was good until now."""
    org.expire()


def key_pair(bits: int = 2048) -> tuple[str, str]:
    """A private key in PEM, and its public half."""
    key = rsa.generate_private_key(65537, bits)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@asynccontextmanager
async def salesforce() -> AsyncIterator[Org]:
    """An org answers inside, on loopback; tokens at one port, the REST API at another."""
    org = Org()
    login, rest = web.Application(), web.Application()
    login.router.add_post("/services/oauth2/token", org.token)
    rest.router.add_patch("/services/data/{version}/sobjects/Task/{field}/{id}", org.serve)
    rest.router.add_get("/services/data/{version}/sobjects/Task/describe", org.serve)
    async with _listening(login) as org.url, _listening(rest) as org.instance:
        yield org


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
