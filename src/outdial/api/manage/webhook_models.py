"""What webhooks and their deliveries look like on the wire. A secret is shown once."""

from typing import Annotated, Any, Literal

from pydantic import Field

from outdial.api.manage.kinds import Body, Name, Reply, optional
from outdial.calls.webhooks import Attempt, Delivery, Standing
from outdial.domain.deliveries import Outcome
from outdial.domain.moments import told, told_or_none
from outdial.domain.notice_filter import LONGEST_PATTERN, MOST_PATTERNS
from outdial.domain.webhooks import LONGEST_OVERLAP_SECONDS, LONGEST_URL, SignatureForm, Webhook

MOST_REPLAYED = 1_000
DAY_SECONDS = 24 * 3600

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="https; plain http only for accounts that may use private networks.",
        examples=["https://crm.example.com/outdial"],
    ),
]
Types = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=LONGEST_PATTERN)]],
    Field(
        min_length=1,
        max_length=MOST_PATTERNS,
        description="Types of events; a star stands for any characters.",
        examples=[["call.*", "agent.state.changed.v1"]],
    ),
]
FormWord = Literal["standard", "vonage"]
Secret = Annotated[
    str,
    Field(
        min_length=24,
        max_length=200,
        description="One of your own: `whsec_` and 24 to 64 bytes in base64; for `vonage`, 32 to 200 characters.",
    ),
]
Sequence = Annotated[int, Field(ge=0, le=2**62, description="Number of an event.")]


class WebhookChange(Body):
    """What may be changed of a webhook; what is left out stays."""

    name: Name = optional()
    url: Url = optional()
    types: Types = optional()
    signature: FormWord = optional()
    enabled: bool = optional()

    def changes(self) -> dict[str, Any]:
        """What was sent, by the names of the record's members."""
        sent = self.model_dump(exclude_unset=True, exclude={"secret"})
        if "types" in sent:
            sent["types"] = tuple(sent["types"])
        if "signature" in sent:
            sent["form"] = SignatureForm(sent.pop("signature"))
        return sent


class NewWebhook(WebhookChange):
    """A webhook to be added. Without types it is told everything; without a secret, we make one."""

    url: Url
    secret: Secret = optional()


class SecretRotation(Body):
    """How a secret is to be replaced. Without a secret, we make one."""

    secret: Secret = optional()
    overlap_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=LONGEST_OVERLAP_SECONDS,
            description="How long the old secret stays good. Standard signatures are made with both meanwhile; the one "
            "token of `vonage` with the old one.",
        ),
    ] = DAY_SECONDS


class Replay(Body):
    """What is to be delivered again: dead letters, or, with `after`, everything beyond an event."""

    dead_letters: Annotated[
        list[Sequence], Field(min_length=1, max_length=MOST_REPLAYED, description="Some; without it, all.")
    ] = optional()
    after: Sequence = optional()


class WebhookReply(Reply):
    """Where an account's events are delivered, and how that goes."""

    id: str
    name: str
    url: str
    types: list[str]
    signature: FormWord
    enabled: bool
    disabled_reason: str | None
    created_at: str
    previous_secret_until: str | None = Field(description="Until when the secret before the last is good.")


class WebhookDetail(WebhookReply):
    """A webhook with how far it has come."""

    delivered_up_to: int = Field(description="Every event up to this one is delivered, not wanted, waiting or dead.")
    newest_event: int
    waiting: int = Field(description="Deliveries that failed and will be tried again, with those behind them.")
    dead_letters: int = Field(description="Deliveries that were given up after 24 hours.")
    failing_since: str | None


class WebhookCreated(WebhookReply):
    """A webhook that has just been added, with its secret."""

    secret: str = Field(description="Not shown again.")


class WebhookSecret(Reply):
    """A webhook's new secret."""

    secret: str = Field(description="Not shown again.")
    previous_secret_until: str | None


class WebhookPage(Reply):
    """An account's webhooks."""

    items: list[WebhookReply]


class OutcomeReply(Reply):
    """What one attempt came to."""

    delivered: bool
    status: int | None = Field(description="The receiver's; null where it gave none.")
    error: str | None
    took_ms: int


class AttemptReply(OutcomeReply):
    """One line of the delivery log."""

    at: str
    event: int | None = Field(description="Number of the event; null for a test.")
    event_id: str
    type: str
    attempt: int = Field(description="1 for the first attempt of this event.")


class AttemptPage(Reply):
    """A page of the delivery log, newest first."""

    items: list[AttemptReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class DeliveryReply(Reply):
    """An event that was not delivered."""

    event: int
    event_id: str
    type: str
    subject: str
    attempts: int
    next_attempt_at: str | None
    status: int | None
    error: str | None


class DeliveryPage(Reply):
    """A page of deliveries, by the number of the event."""

    items: list[DeliveryReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class Replayed(Reply):
    """How many dead letters have another turn; null where everything beyond an event has."""

    dead_letters: int | None


def webhook_reply(webhook: Webhook) -> WebhookReply:
    """A webhook as it is told."""
    return WebhookReply(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        types=list(webhook.types),
        signature=webhook.form.value,
        enabled=webhook.enabled,
        disabled_reason=webhook.disabled_reason,
        created_at=told(webhook.created_at),
        previous_secret_until=told_or_none(webhook.previous_until),
    )


def webhook_detail(webhook: Webhook, standing: Standing) -> WebhookDetail:
    """A webhook with how it is doing."""
    return WebhookDetail(
        **webhook_reply(webhook).model_dump(),
        delivered_up_to=standing.progress.cursor,
        newest_event=standing.last,
        waiting=standing.waiting,
        dead_letters=standing.dead,
        failing_since=told_or_none(standing.progress.failing_since),
    )


def outcome_reply(outcome: Outcome) -> OutcomeReply:
    """An outcome as it is told."""
    return OutcomeReply(delivered=outcome.delivered, status=outcome.status, error=outcome.error, took_ms=outcome.took)


def attempt_reply(attempt: Attempt) -> AttemptReply:
    """A line of the delivery log as it is told."""
    return AttemptReply(
        **outcome_reply(attempt.outcome).model_dump(),
        at=told(attempt.at),
        event=attempt.seq,
        event_id=attempt.event_id,
        type=attempt.type,
        attempt=attempt.number,
    )


def delivery_reply(delivery: Delivery, *, dead: bool) -> DeliveryReply:
    """A delivery that waits, or was given up."""
    return DeliveryReply(
        event=delivery.seq,
        event_id=delivery.event_id,
        type=delivery.type,
        subject=delivery.key,
        attempts=delivery.attempts,
        next_attempt_at=None if dead else told(delivery.due_at),
        status=delivery.status,
        error=delivery.error,
    )
