"""API clients: programs that ask for tokens with a secret of their own. An account's, or operators' of everything.

Revoking one is for good: its id is never given to another, so that a log line names one program for ever.
"""

import secrets
from dataclasses import replace
from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Path, Response

from outdial.api.errors import NotFound
from outdial.api.manage.answers import CREATED, EXISTS
from outdial.api.manage.client_models import (
    ClientChange,
    ClientCreated,
    ClientPage,
    ClientReply,
    ClientSecret,
    NewClient,
    client_reply,
)
from outdial.api.manage.here import Here, Installation, OperatorAnywhere
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.route import ManageRoute
from outdial.calls.renew_secret import renew_client_secret
from outdial.domain.directory import ApiClient

ClientInPath = Annotated[str, Path(alias="clientId", description="The client's id.", examples=["crm"])]
router = APIRouter(route_class=ManageRoute)
_ACCOUNTS, _OPERATORS = "/accounts/{account}/clients", "/clients"
_OF_ACCOUNTS: list[str | Enum] = ["Clients"]
_OF_OPERATORS: list[str | Enum] = ["Operators"]


@router.get(_ACCOUNTS, summary="List an account's clients", tags=_OF_ACCOUNTS)
async def list_clients(here: Here, limit: Limit = 50, cursor: Cursor = None) -> ClientPage:
    """By id; revoked ones are left out."""
    return await _list(here, here.key, limit, cursor)


@router.get(_OPERATORS, summary="List the operators' clients", tags=_OF_OPERATORS)
async def list_operators(here: OperatorAnywhere, limit: Limit = 50, cursor: Cursor = None) -> ClientPage:
    """By id; revoked ones are left out. Operators only, as everything here."""
    return await _list(here, None, limit, cursor)


@router.post(_ACCOUNTS, summary="Add a client", tags=_OF_ACCOUNTS, status_code=201, responses=CREATED | EXISTS)
async def post_client(body: NewClient, here: Here, response: Response) -> ClientCreated:
    """The reply holds the client's secret, which is not shown again."""
    made = await _add(here, here.key, body)
    here.created(response, "accounts", here.key, "clients", made.id)
    return made


@router.post(
    _OPERATORS, summary="Add an operator's client", tags=_OF_OPERATORS, status_code=201, responses=CREATED | EXISTS
)
async def post_operator(body: NewClient, here: OperatorAnywhere, response: Response) -> ClientCreated:
    """It may use its scopes in every account. The reply holds its secret, which is not shown again."""
    made = await _add(here, None, body)
    here.created(response, "clients", made.id)
    return made


@router.get(_ACCOUNTS + "/{clientId}", summary="Read a client", tags=_OF_ACCOUNTS)
async def get_client(here: Here, client_id: ClientInPath) -> ClientReply:
    """Its secret is never shown again."""
    return client_reply(await _find(here, here.key, client_id))


@router.get(_OPERATORS + "/{clientId}", summary="Read an operator's client", tags=_OF_OPERATORS)
async def get_operator(here: OperatorAnywhere, client_id: ClientInPath) -> ClientReply:
    """Its secret is never shown again."""
    return client_reply(await _find(here, None, client_id))


@router.patch(_ACCOUNTS + "/{clientId}", summary="Change a client", tags=_OF_ACCOUNTS)
async def patch_client(body: ClientChange, here: Here, client_id: ClientInPath) -> ClientReply:
    """Name and scopes."""
    return await _change(here, here.key, client_id, body)


@router.patch(_OPERATORS + "/{clientId}", summary="Change an operator's client", tags=_OF_OPERATORS)
async def patch_operator(body: ClientChange, here: OperatorAnywhere, client_id: ClientInPath) -> ClientReply:
    """Name and scopes."""
    return await _change(here, None, client_id, body)


@router.delete(_ACCOUNTS + "/{clientId}", summary="Revoke a client", tags=_OF_ACCOUNTS, status_code=204)
async def delete_client(here: Here, client_id: ClientInPath) -> None:
    """For good. Its tokens are void at once."""
    await _revoke(here, here.key, client_id)


@router.delete(_OPERATORS + "/{clientId}", summary="Revoke an operator's client", tags=_OF_OPERATORS, status_code=204)
async def delete_operator(here: OperatorAnywhere, client_id: ClientInPath) -> None:
    """For good. Its tokens are void at once."""
    await _revoke(here, None, client_id)


@router.post(_ACCOUNTS + "/{clientId}/secret", summary="Replace a client's secret", tags=_OF_ACCOUNTS, status_code=201)
async def renew_client(here: Here, client_id: ClientInPath) -> ClientSecret:
    """The old one is void at once, with every token that was got with it. The new one is not shown again."""
    return await _renew(here, here.key, client_id)


@router.post(
    _OPERATORS + "/{clientId}/secret", summary="Replace an operator's secret", tags=_OF_OPERATORS, status_code=201
)
async def renew_operator(here: OperatorAnywhere, client_id: ClientInPath) -> ClientSecret:
    """The old one is void at once, with every token that was got with it. The new one is not shown again."""
    return await _renew(here, None, client_id)


async def _list(here: Installation, account: str | None, limit: int, cursor: str | None) -> ClientPage:
    found = [each for each in await here.administration.directory.clients(account) if each.revoked_at is None]
    page, after = page_of(found, lambda client: client.id, cursor, limit)
    return ClientPage(items=[client_reply(client) for client in page], next=after)


async def _add(here: Installation, account: str | None, body: NewClient) -> ClientCreated:
    made_id = body.id if "id" in body.model_fields_set else f"client-{secrets.token_hex(6)}"
    secret = here.administration.new_secret()
    kept, scopes = here.administration.hash_secret(secret), tuple(dict.fromkeys(body.scopes))
    client = ApiClient(made_id, account, body.name, scopes, kept, here.now)
    await here.administration.directory.add_client(client)
    here.audit("client added", account, client=client.id, scopes=" ".join(scopes))
    return ClientCreated(**client_reply(client).model_dump(), client_secret=secret)


async def _change(here: Installation, account: str | None, client_id: str, body: ClientChange) -> ClientReply:
    changes = body.model_dump(exclude_unset=True)
    if "scopes" in changes:
        changes["scopes"] = tuple(dict.fromkeys(changes["scopes"]))
    async with here.administration.turns.of(account or ""):
        client = replace(await _find(here, account, client_id), **changes)
        await here.administration.directory.change_client(client)
    here.audit("client changed", account, list(changes), client=client.id)
    return client_reply(client)


async def _revoke(here: Installation, account: str | None, client_id: str) -> None:
    async with here.administration.turns.of(account or ""):
        client = await _find(here, account, client_id)
        await here.administration.directory.change_client(replace(client, revoked_at=here.now))
    here.audit("client revoked", account, client=client.id)


async def _renew(here: Installation, account: str | None, client_id: str) -> ClientSecret:
    async with here.administration.turns.of(account or ""):
        client = await _find(here, account, client_id)
        secret = await renew_client_secret(here.administration, client)
    here.audit("client's secret replaced", account, client=client.id)
    return ClientSecret(client_secret=secret)


async def _find(here: Installation, account: str | None, client_id: str) -> ApiClient:
    client = await here.administration.directory.client(client_id) if client_id.isprintable() else None
    if client is None or client.account != account or client.revoked_at is not None:
        raise NotFound("There is no such client")
    return client
