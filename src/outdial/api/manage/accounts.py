"""Accounts and their settings. An operator makes and removes them; an account's own administrators change what can
cost nobody else anything."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from outdial.api.manage.account_models import (
    OPERATORS_OWN,
    AccountChange,
    AccountCreated,
    AccountPage,
    AccountReply,
    ApiToken,
    NewAccount,
    account_reply,
)
from outdial.api.manage.answers import CREATED, EXISTS, IN_USE
from outdial.api.manage.here import Anywhere, Here, OperatorAnywhere, OperatorHere
from outdial.api.manage.paging import Cursor, Limit, page_of
from outdial.api.manage.recording_settings import check_recording, merged
from outdial.api.manage.route import ManageRoute
from outdial.calls.administration import Administration
from outdial.calls.remove_account import remove_account
from outdial.calls.renew_secret import renew_api_token
from outdial.domain.directory import Account
from outdial.domain.setup import check_countries, check_country, check_networks, own_caller_id

router = APIRouter(route_class=ManageRoute, tags=["Accounts"])


@router.get("/accounts", summary="List accounts")
async def list_accounts(here: Anywhere, limit: Limit = 50, cursor: Cursor = None) -> AccountPage:
    """Every account for an operator; for anybody else their own."""
    own = here.caller.account
    directory = here.administration.directory
    if own is None:
        found = await directory.accounts()
    else:
        account = await directory.account(own)
        found = [account] if account else []
    page, after = page_of(found, lambda account: account.key, cursor, limit)
    return AccountPage(items=[account_reply(account) for account in page], next=after)


@router.post("/accounts", summary="Add an account", status_code=201, responses=CREATED | EXISTS)
async def add_account(body: NewAccount, here: OperatorAnywhere, response: Response) -> AccountCreated:
    """The reply holds the account's API token, which is not shown again. Operators only."""
    token = here.administration.new_secret()
    blank = Account(
        body.key.lower(), body.name, body.home_country, api_token_hash=here.administration.hash_secret(token)
    )
    account = await _merged(here.administration, blank, body.changes())
    await here.administration.directory.add_account(account)
    here.audit("account added", account.key)
    here.created(response, "accounts", account.key)
    return AccountCreated(**account_reply(account).model_dump(), api_token=token)


@router.get("/accounts/{account}", summary="Read an account")
async def read_account(here: Here) -> AccountReply:
    """Its settings. Secrets are never shown again."""
    return account_reply(here.account)


@router.patch("/accounts/{account}", summary="Change an account")
async def change_account(body: AccountChange, here: Here) -> AccountReply:
    """Members that are sent change, the others stay. What decides where calls may go, what they may cost and whom
    they may claim to be from, only an operator changes."""
    changes = body.changes()
    async with here.turn() as before:
        after = await _merged(here.administration, before, changes)
        for member, name in OPERATORS_OWN.items():
            if getattr(before, member) != getattr(after, member):
                here.must_be_operator(f"change {name}")
        await here.administration.directory.change_account(after)
    here.did("account changed", list(changes))
    return account_reply(after)


@router.delete("/accounts/{account}", summary="Remove an account", status_code=204, responses=IN_USE)
async def delete_account(here: OperatorHere) -> None:
    """With everything in it: agents, groups, trunks, clients, calls. Not while it has live calls. Operators only."""
    async with here.turn():
        await remove_account(here.administration, here.key)
    here.did("account removed")


@router.post("/accounts/{account}/api-token", summary="Replace an account's API token", status_code=201)
async def renew_token(here: Here) -> ApiToken:
    """The old one is void at once, with every access token that was got with it. The new one is not shown again."""
    async with here.turn() as account:
        token = await renew_api_token(here.administration, account)
    here.did("account's secret replaced")
    return ApiToken(api_token=token)


async def _merged(administration: Administration, before: Account, changes: Mapping[str, Any]) -> Account:
    """The account with what has been asked for.

    Raises:
        InvalidMember: a country, a number, a group or an announcement can't be used.
    """
    changed = dict(changes)
    recording = changed.pop("recording", None)
    after = replace(before, **changed)
    check_country(after.home_country, "homeCountry")
    if recording is not None:
        await check_recording(administration, after.key, recording)
        after = replace(after, recording=merged(before.recording, recording, after.home_country))
    check_countries(after.allowed_countries, "allowedCountries")
    check_networks(after.private_networks, "privateNetworks")
    if after.default_caller_id is None or "default_caller_id" not in changed:
        return after
    own = [each.number for each in await administration.directory.caller_ids(after.key)]
    return replace(after, default_caller_id=own_caller_id(after.default_caller_id, after, own, "defaultCallerId"))
