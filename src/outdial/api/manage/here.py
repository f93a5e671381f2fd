"""Where a request of the management API is: who asks, in which account, and with what it is carried out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import Depends, FastAPI, Path, Request, Response

from outdial.api.auth import Admin, Caller, Operator
from outdial.api.errors import Forbidden, NotFound
from outdial.api.pages import base_url
from outdial.api.parts import Parts, PartsNeeded
from outdial.api.secrets import hash_secret, new_secret
from outdial.calls.administration import Administration
from outdial.domain.directory import Account

PREFIX = "/manage"
AccountInPath = Annotated[
    str,
    Path(
        description="The account's key; upper and lower case are the same.",
        examples=["a1b2c3d4e5"],
        json_schema_extra={"pattern": "^[0-9A-Za-z]{1,64}$"},
    ),
]


@dataclass(frozen=True, slots=True)
class Installation:
    """A request about the installation as a whole."""

    caller: Caller
    parts: Parts
    administration: Administration
    base: str
    """How links begin."""

    @property
    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self.parts.clock.now()

    def created(self, response: Response, *path: str) -> None:
        """Say where what has been made is read."""
        tail = "/".join(quote(step, safe="+") for step in path)
        response.headers["Location"] = f"{self.base}{PREFIX}/{tail}"

    def audit(self, action: str, account: str | None = None, members: Sequence[str] = (), **subject: str) -> None:
        """One line in the log for a change: who, what, where, and which members, never their values."""
        told = {"members": sorted(members)} if members else {}
        structlog.get_logger().info(
            "managed", action=action, by=self.caller.client_id, account=account, **subject, **told
        )

    def must_be_operator(self, what: str) -> None:
        """Raises Forbidden for anybody else."""
        if not self.caller.is_operator:
            raise Forbidden(f"Only an operator may {what}")


@dataclass(frozen=True, slots=True)
class Within(Installation):
    """A request within an account that is there and that the caller may manage."""

    account: Account

    @property
    def key(self) -> str:
        """The account's key, in lower case."""
        return self.account.key

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Account]:
        """This request's turn at changing the account, whose record is as it is now."""
        async with self.administration.turns.of(self.key):
            account = await self.administration.directory.account(self.key)
            if account is None:
                raise NotFound
            yield account

    def did(self, action: str, members: Sequence[str] = (), **subject: str) -> None:
        """The log line of a change in this account."""
        self.audit(action, self.key, members, **subject)


def join(app: FastAPI, parts: Parts) -> None:
    """Give an app what changing the directory needs; changes take turns within one app."""
    app.state.administration = Administration(
        parts.directory,
        parts.phones,
        parts.call_log,
        parts.clock,
        new_secret,
        hash_secret,
        parts.announcements,
    )


async def _installation(request: Request, caller: Admin, parts: PartsNeeded) -> Installation:
    return Installation(caller, parts, request.app.state.administration, base_url(request, parts))


async def _operator(request: Request, caller: Operator, parts: PartsNeeded) -> Installation:
    return Installation(caller, parts, request.app.state.administration, base_url(request, parts))


async def _within(request: Request, caller: Admin, parts: PartsNeeded, account: AccountInPath) -> Within:
    found = await parts.directory.account(account) if account.isascii() and account.isalnum() else None
    if found is None:
        raise NotFound
    return Within(caller, parts, request.app.state.administration, base_url(request, parts), found)


async def _operator_within(within: Annotated[Within, Depends(_within)]) -> Within:
    within.must_be_operator("do this")
    return within


Here = Annotated[Within, Depends(_within)]
"""Type of a FastAPI parameter: the account in the path, which the caller may manage."""
OperatorHere = Annotated[Within, Depends(_operator_within)]
"""The account in the path, for an operator."""
Anywhere = Annotated[Installation, Depends(_installation)]
"""No account in the path; anybody who may manage something."""
OperatorAnywhere = Annotated[Installation, Depends(_operator)]
"""No account in the path; operators only."""
