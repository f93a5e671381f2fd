"""Webhooks: where an account's events are delivered, how that goes, and what is to be delivered again."""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Response

from outdial.api.errors import NotFound
from outdial.api.manage.answers import CREATED
from outdial.api.manage.here import Here, Within
from outdial.api.manage.kinds import WANTED, is_id
from outdial.api.manage.paging import Limit
from outdial.api.manage.route import ManageRoute
from outdial.api.manage.webhook_models import (
    AttemptPage,
    DeliveryPage,
    NewWebhook,
    OutcomeReply,
    Replay,
    Replayed,
    SecretRotation,
    WebhookChange,
    WebhookCreated,
    WebhookDetail,
    WebhookPage,
    WebhookSecret,
    attempt_reply,
    delivery_reply,
    outcome_reply,
    webhook_detail,
    webhook_reply,
)
from outdial.calls.change_webhook import Hooks, add_webhook, change_webhook, new_secret, rotate_secret
from outdial.calls.webhooks import Subscription
from outdial.domain.moments import told_or_none
from outdial.domain.setup import InvalidMember
from outdial.domain.webhooks import Webhook

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/webhooks", tags=["Webhooks"])
_NUMBER = "^[0-9]{1,18}$"
WANTED[_NUMBER] = "the `next` of an earlier page"
WebhookInPath = Annotated[str, Path(alias="webhookId", description="The webhook's id.")]
NumberCursor = Annotated[
    str | None, Query(pattern=_NUMBER, description="`next` of the page before; without it, the first page.")
]


@router.get("", summary="List webhooks")
async def list_webhooks(here: Here) -> WebhookPage:
    """Oldest first; an account has at most 20."""
    return WebhookPage(items=[webhook_reply(each) for each in await here.parts.webhooks.webhooks(here.key)])


@router.post("", summary="Add a webhook", status_code=201, responses=CREATED)
async def post_webhook(body: NewWebhook, here: Here, response: Response) -> WebhookCreated:
    """It is told what happens from now on. The reply holds its secret, which is not shown again."""
    secret = body.secret or new_secret()
    blank = Webhook(here.key, uuid4().hex, body.url, secret, created_at=here.now)
    webhook = replace(blank, **body.changes())
    async with here.turn() as account:
        await add_webhook(_hooks(here), account, webhook)
    here.did("webhook added", webhook=webhook.id)
    here.created(response, "accounts", here.key, "webhooks", webhook.id)
    return WebhookCreated(**webhook_reply(webhook).model_dump(), secret=webhook.secret)


@router.get("/{webhookId}", summary="Read a webhook")
async def get_webhook(here: Here, webhook_id: WebhookInPath) -> WebhookDetail:
    """With how far it has come, and what waits."""
    webhook = await _webhook(here, webhook_id)
    return webhook_detail(webhook, await here.parts.webhooks.standing(here.key, webhook_id))


@router.patch("/{webhookId}", summary="Change a webhook")
async def patch_webhook(body: WebhookChange, here: Here, webhook_id: WebhookInPath) -> WebhookDetail:
    """Members that are sent change, the others stay. Switched on again, it goes on where it stopped."""
    async with here.turn() as account:
        before = await _webhook(here, webhook_id)
        after = await change_webhook(_hooks(here), account, before, body.changes())
    here.did("webhook changed", list(body.model_fields_set), webhook=webhook_id)
    return webhook_detail(after, await here.parts.webhooks.standing(here.key, webhook_id))


@router.delete("/{webhookId}", summary="Remove a webhook", status_code=204)
async def delete_webhook(here: Here, webhook_id: WebhookInPath) -> None:
    """With everything that waits for it."""
    async with here.turn():
        await _webhook(here, webhook_id)
        await here.parts.webhooks.remove(here.key, webhook_id)
    here.parts.deliveries.changed()
    here.did("webhook removed", webhook=webhook_id)


@router.post("/{webhookId}/secret", summary="Replace a webhook's secret", status_code=201)
async def post_secret(body: SecretRotation, here: Here, webhook_id: WebhookInPath) -> WebhookSecret:
    """The old one stays good for the overlap, a day unless told otherwise."""
    async with here.turn():
        before = await _webhook(here, webhook_id)
        after = await rotate_secret(_hooks(here), before, body.secret, body.overlap_seconds, here.now)
    here.did("webhook's secret replaced", webhook=webhook_id)
    return WebhookSecret(secret=after.secret, previous_secret_until=told_or_none(after.previous_until))


@router.post("/{webhookId}/test", summary="Deliver a test event now")
async def post_test(here: Here, webhook_id: WebhookInPath) -> OutcomeReply:
    """An event of the type `webhook.test.v1`, whatever types are wanted; what came of it is the reply."""
    webhook = await _webhook(here, webhook_id)
    outcome = await here.parts.deliveries.test(Subscription(webhook, here.account.private_networks))
    here.did("webhook tested", webhook=webhook_id)
    return outcome_reply(outcome)


@router.get("/{webhookId}/attempts", summary="Read the delivery log")
async def list_attempts(
    here: Here, webhook_id: WebhookInPath, limit: Limit = 50, cursor: NumberCursor = None
) -> AttemptPage:
    """The last 1,000 attempts, newest first."""
    await _webhook(here, webhook_id)
    before = None if cursor is None else int(cursor)
    found = await here.parts.webhooks.attempts(here.key, webhook_id, before, limit + 1)
    after = str(found[limit - 1][0]) if len(found) > limit else None
    return AttemptPage(items=[attempt_reply(attempt) for _, attempt in found[:limit]], next=after)


@router.get("/{webhookId}/deliveries", summary="List what was not delivered")
async def list_deliveries(
    here: Here,
    webhook_id: WebhookInPath,
    state: Annotated[Literal["dead", "waiting"], Query(description="Given up, or to be tried again.")] = "dead",
    limit: Limit = 50,
    cursor: NumberCursor = None,
) -> DeliveryPage:
    """By the number of the event."""
    await _webhook(here, webhook_id)
    dead, start = state == "dead", 0 if cursor is None else int(cursor)
    found = await here.parts.webhooks.deliveries(here.key, webhook_id, dead=dead, after=start, limit=limit + 1)
    after = str(found[limit - 1].seq) if len(found) > limit else None
    return DeliveryPage(items=[delivery_reply(each, dead=dead) for each in found[:limit]], next=after)


@router.post("/{webhookId}/replay", summary="Deliver again", status_code=202)
async def post_replay(body: Replay, here: Here, webhook_id: WebhookInPath) -> Replayed:
    """Dead letters, all or some, for another 24 hours; where none is named, whatever waits is tried at once too. Or,
    with `after`, every event beyond that one."""
    count = None
    async with here.turn():
        await _webhook(here, webhook_id)
        if body.after is None:
            count = await here.parts.webhooks.replay(here.key, webhook_id, body.dead_letters, here.now)
        else:
            await _check_after(here, body)
            await here.parts.webhooks.replay_after(here.key, webhook_id, body.after)
    here.parts.deliveries.changed()
    here.did("webhook replayed", list(body.model_fields_set), webhook=webhook_id)
    return Replayed(dead_letters=count)


async def _check_after(here: Within, body: Replay) -> None:
    if body.dead_letters is not None:
        raise InvalidMember("after", "left out where deadLetters is sent")
    kept = await here.parts.events.kept(here.key)
    if not kept.first - 1 <= body.after <= kept.last:
        raise InvalidMember("after", f"from {kept.first - 1} to {kept.last}: other events are not kept")


def _hooks(here: Within) -> Hooks:
    return Hooks(here.parts.webhooks, here.parts.deliveries)


async def _webhook(here: Within, webhook_id: str) -> Webhook:
    webhook = await here.parts.webhooks.webhook(here.key, webhook_id) if is_id(webhook_id) else None
    if webhook is None:
        raise NotFound("The account has no such webhook")
    return webhook
