"""Replaces an account's API token or a client's secret. The old one, and the tokens got with it, are void at once."""

from dataclasses import replace

from outdial.calls.administration import Administration
from outdial.domain.directory import Account, ApiClient


async def renew_api_token(administration: Administration, account: Account) -> str:
    """An account's new API token, which nobody will be shown again. Raises Unknown where the account is gone."""
    token = administration.new_secret()
    await administration.directory.change_account(replace(account, api_token_hash=administration.hash_secret(token)))
    return token


async def renew_client_secret(administration: Administration, client: ApiClient) -> str:
    """A client's new secret, which nobody will be shown again. Raises Unknown where the client is gone."""
    secret = administration.new_secret()
    await administration.directory.change_client(replace(client, secret_hash=administration.hash_secret(secret)))
    return secret
