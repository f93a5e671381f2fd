"""The tables of webhooks. Must not know what a statement does with them. Times are milliseconds since the epoch."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, Table, Text

from outdial.storage.tables import MOMENT, WORD, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", WORD, primary_key=True),
    Column("account", WORD, nullable=False),
    Column("url", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("types", JSON, nullable=False),
    Column("form", WORD, nullable=False),
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text),
    Column("previous_until", MOMENT),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("created_at", MOMENT, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", MOMENT),
    Column("rest_until", MOMENT),
    ForeignKeyConstraint(["account"], ["accounts.key"], ondelete="CASCADE"),
    Index("ix_webhooks_account", "account", "created_at"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("webhook", WORD, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("dead", Boolean, nullable=False),
    Column("event_id", WORD, nullable=False),
    Column("type", Text, nullable=False),
    Column("key", WORD, nullable=False),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", MOMENT, nullable=False),
    Column("due_at", MOMENT, nullable=False),
    Column("give_up_at", MOMENT, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    ForeignKeyConstraint(["webhook"], ["webhooks.id"], ondelete="CASCADE"),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("webhook", WORD, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False),
    Column("seq", BigInteger),
    Column("event_id", WORD, nullable=False),
    Column("type", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("took", BigInteger, nullable=False),
    ForeignKeyConstraint(["webhook"], ["webhooks.id"], ondelete="CASCADE"),
)
