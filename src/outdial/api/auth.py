"""Who asks, and what they may do: from the bearer token to a `Caller`. Must not know what is asked.

One read of the database a request: the row whose secret the token was got with, so that a new secret or a revoked
client works at once.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from outdial.api.errors import Forbidden, Unauthenticated
from outdial.api.parts import Parts, parts_of
from outdial.api.tokens import Claims, InvalidToken, Tokens, is_of

CALLS_CREATE = "calls:create"
CALLS_READ = "calls:read"
CALLS_CONTROL = "calls:control"
AGENTS_READ = "agents:read"
EVENTS_READ = "events:read"
RECORDINGS_READ = "recordings:read"
RECORDINGS_LISTEN = "recordings:listen"
ADMIN = "admin"
SCOPES = {
    CALLS_CREATE: "Place calls",
    CALLS_READ: "Read calls",
    CALLS_CONTROL: "Hang calls up, and pause and resume their recording",
    AGENTS_READ: "Read agents and who of them is available",
    EVENTS_READ: "Read events, as a stream or in pages",
    RECORDINGS_READ: "Find recordings and read their details",
    RECORDINGS_LISTEN: "Listen to recordings, download them and see their waveforms",
    ADMIN: "Manage what belongs to the account; for an operator's client, every account",
}
"""Every scope there is, with what it allows. An account's own API token gives them all."""

_BEARER = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_SCHEME = HTTPBearer(
    scheme_name="bearer", bearerFormat="JWT", description="An access token from a token endpoint.", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request with a good token."""

    account: str | None
    """Key of the account that the token is good for; none for an operator, who may act in every account."""
    scopes: frozenset[str]
    client_id: str
    """An account's key, or the id of an API client."""

    @property
    def is_operator(self) -> bool:
        """Whether the caller may act in every account."""
        return self.account is None

    @property
    def name(self) -> str:
        """Who it is, as the ledger of recordings names them."""
        if self.is_operator:
            return f"operator {self.client_id}"
        return f"account {self.account}" if self.client_id == self.account else f"client {self.client_id}"

    def check(self, scope: str, account: str | None = None) -> None:
        """Hold a request against what the token is good for.

        Raises:
            Forbidden: not for this scope, or not for this account.
        """
        if scope not in self.scopes:
            raise Forbidden
        if account is not None and self.account is not None and self.account != account.lower():
            raise Forbidden


async def authenticate(parts: Parts, authorization: str | None) -> Caller:
    """Who sends an `Authorization` header.

    Raises:
        Unauthenticated: there is no good token in it.
    """
    return await caller_of(parts, claims_of(parts, authorization))


def claims_of(parts: Parts, authorization: str | None) -> Claims:
    """What the token in an `Authorization` header says. Raises Unauthenticated where there is none that we signed."""
    found = _BEARER.fullmatch(authorization or "")
    if found is None:
        raise Unauthenticated
    try:
        return Tokens(parts.token_key).read(found[1], parts.clock.now())
    except InvalidToken:
        raise Unauthenticated from None


async def caller_of(parts: Parts, claims: Claims) -> Caller:
    """Who it is that has these claims. Raises Unauthenticated where they are good no longer."""
    if not await _still_good(parts, claims):
        raise Unauthenticated
    return Caller(claims.account, claims.scopes, claims.client_id)


def requires(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A FastAPI dependency: the caller, who must have a scope, and, under `/{account}`, be allowed into that account.

    Use as `caller: Annotated[Caller, Depends(requires(ADMIN))]`.
    """

    async def dependency(request: Request, _: Annotated[object, Security(_SCHEME)]) -> Caller:
        caller = await authenticate(parts_of(request), request.headers.get("authorization"))
        caller.check(scope, request.path_params.get("account"))
        return caller

    return dependency


async def _operator(caller: Annotated[Caller, Depends(requires(ADMIN))]) -> Caller:
    if not caller.is_operator:
        raise Forbidden
    return caller


Admin = Annotated[Caller, Depends(requires(ADMIN))]
"""Type of a FastAPI parameter: a caller who may manage the account in the path."""
Operator = Annotated[Caller, Depends(_operator)]
"""Type of a FastAPI parameter: a caller who may manage the installation."""


async def _still_good(parts: Parts, claims: Claims) -> bool:
    """Whether the secret that a token was got with is still the one that is stored, and the client not revoked."""
    if not claims.is_client:
        account = await parts.directory.account(claims.client_id)
        return account is not None and is_of(claims, account.api_token_hash)
    client = await parts.directory.client(claims.client_id)
    return (
        client is not None
        and client.revoked_at is None
        and client.account == claims.account
        and claims.scopes <= set(client.scopes)
        and is_of(claims, client.secret_hash)
    )
