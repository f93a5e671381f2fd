"""Adds and changes webhooks, and replaces their secrets. A new secret has an overlap with the one before it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from outdial.calls.webhooks import Deliveries, Webhooks
from outdial.domain.directory import Account
from outdial.domain.notice_filter import check_types
from outdial.domain.webhooks import SignatureForm, Webhook, check_secret, check_url, secret_of

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Hooks:
    """What managing webhooks needs."""

    webhooks: Webhooks
    deliveries: Deliveries


async def add_webhook(hooks: Hooks, account: Account, webhook: Webhook) -> None:
    """Add a webhook; it is told what happens from now on.

    Raises:
        BadRequest: its URL, its types or its secret can't be used, or the account has too many.
    """
    await hooks.webhooks.add(_checked(account, webhook))
    hooks.deliveries.changed()


async def change_webhook(hooks: Hooks, account: Account, before: Webhook, changes: Mapping[str, Any]) -> Webhook:
    """Change some members; the webhook as it is then.

    Switched on again, it goes on where it stopped, as far as events are still kept.

    Raises:
        BadRequest: something can't be used.
    """
    after = replace(before, **changes)
    if after.enabled != before.enabled:
        after = replace(after, disabled_reason=None if after.enabled else "switched off by an administrator")
    after = _checked(account, after)
    await hooks.webhooks.change(after)
    hooks.deliveries.changed()
    return after


async def rotate_secret(hooks: Hooks, before: Webhook, secret: str | None, overlap_seconds: int, now: int) -> Webhook:
    """Give a webhook another secret; the one before is good until the overlap ends.

    Raises:
        BadRequest: the secret that is brought can't be used.
    """
    secret = new_secret() if secret is None else secret
    check_secret(secret, before.form)
    if overlap_seconds:
        previous, until = before.secret, now + overlap_seconds * 1000
    else:
        previous, until = None, None
    after = replace(before, secret=secret, previous_secret=previous, previous_until=until)
    await hooks.webhooks.change(after)
    hooks.deliveries.changed()
    return after


def new_secret() -> str:
    """A secret of our own making."""
    return secret_of(os.urandom(SECRET_BYTES))


def _checked(account: Account, webhook: Webhook) -> Webhook:
    check_url(webhook.url, account.private_networks)
    check_secret(webhook.secret, SignatureForm(webhook.form))
    return replace(webhook, types=check_types(webhook.types))
