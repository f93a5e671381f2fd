"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    _accounts()
    _people()
    _lines()
    _calls()
    _notices()
    _keys()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("key", _WORD, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("home_country", _WORD, nullable=False),
        sa.Column("outbound_enabled", sa.Boolean(), nullable=False),
        sa.Column("any_caller_id", sa.Boolean(), nullable=False),
        sa.Column("default_caller_id", _WORD),
        sa.Column("allowed_countries", sa.JSON(), nullable=False),
        sa.Column("premium_allowed", sa.Boolean(), nullable=False),
        sa.Column("agent_ring_seconds", sa.Integer(), nullable=False),
        sa.Column("party_ring_seconds", sa.Integer(), nullable=False),
        sa.Column("max_call_seconds", sa.Integer(), nullable=False),
        sa.Column("wrap_up_seconds", sa.Integer(), nullable=False),
        sa.Column("calls_per_second", sa.Float(), nullable=False),
        sa.Column("max_concurrent_calls", sa.Integer(), nullable=False),
        sa.Column("recording", sa.JSON(), nullable=False),
        sa.Column("api_token_hash", sa.Text()),
        sa.PrimaryKeyConstraint("key", name="pk_accounts"),
    )


def _people() -> None:
    op.create_table(
        "agents",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("id", _WORD, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_kind", _WORD, nullable=False),
        sa.Column("phone_address", sa.Text(), nullable=False),
        sa.Column("sip_user", sa.Text()),
        sa.Column("sip_ha1", sa.Text()),
        sa.Column("caller_id", _WORD),
        sa.Column("presence", _WORD, nullable=False),
        sa.Column("call_id", _WORD),
        sa.Column("wrap_up_until", sa.BigInteger()),
        sa.Column("phone_online", sa.Boolean()),
        sa.Column("idle_since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_agents_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "id", name="pk_agents"),
        sa.UniqueConstraint("sip_user", name="uq_agents_sip_user"),
    )
    op.create_table(
        "groups",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("id", _WORD, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_groups_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "id", name="pk_groups"),
    )
    op.create_table(
        "group_members",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("group_id", _WORD, nullable=False),
        sa.Column("agent_id", _WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "agent_id"],
            ["agents.account", "agents.id"],
            name="fk_group_members_account_agent_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account", "group_id"],
            ["groups.account", "groups.id"],
            name="fk_group_members_account_group_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account", "group_id", "agent_id", name="pk_group_members"),
    )
    op.create_index("ix_group_members_agent", "group_members", ["account", "agent_id"])


def _lines() -> None:
    op.create_table(
        "trunks",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("id", _WORD, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("transport", _WORD, nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("password", sa.Text()),
        sa.Column("from_domain", sa.Text()),
        sa.Column("number_prefix", _WORD, nullable=False),
        sa.Column("calls_per_second", sa.Float(), nullable=False),
        sa.Column("max_concurrent_calls", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_trunks_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "id", name="pk_trunks"),
    )
    op.create_table(
        "caller_ids",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("number", _WORD, nullable=False),
        sa.Column("name", sa.Text()),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_caller_ids_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "number", name="pk_caller_ids"),
    )
    op.create_table(
        "api_clients",
        sa.Column("id", _WORD, nullable=False),
        sa.Column("account", _WORD),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_api_clients_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_clients"),
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", _WORD, nullable=False),
        sa.Column("account", _WORD, nullable=False),
        sa.Column("switch", _WORD, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("agent_id", _WORD, nullable=False),
        sa.Column("called_agent_id", _WORD),
        sa.Column("number", _WORD),
        sa.Column("reference", sa.Text()),
        sa.Column("idempotency_id", _WORD),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_calls_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_agent", "calls", ["account", "agent_id", "created_at"])
    op.create_index(
        "ix_calls_called_agent",
        "calls",
        ["account", "called_agent_id", "created_at"],
        sqlite_where=sa.text("called_agent_id IS NOT NULL"),
        postgresql_where=sa.text("called_agent_id IS NOT NULL"),
    )
    op.create_index("ix_calls_ended_at", "calls", ["ended_at"])
    op.create_index(
        "ix_calls_idempotency",
        "calls",
        ["idempotency_id"],
        sqlite_where=sa.text("idempotency_id IS NOT NULL"),
        postgresql_where=sa.text("idempotency_id IS NOT NULL"),
    )
    op.create_index(
        "ix_calls_live", "calls", ["switch"], sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
    )
    op.create_index("ix_calls_newest", "calls", ["account", "created_at", "id"])
    op.create_index("ix_calls_number", "calls", ["account", "number", "created_at"])
    op.create_index(
        "ix_calls_reference",
        "calls",
        ["reference"],
        postgresql_using="hash",
        postgresql_where=sa.text("reference IS NOT NULL"),
        sqlite_where=sa.text("reference IS NOT NULL"),
    )


def _notices() -> None:
    op.create_table(
        "outbox",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("call_id", _WORD),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_outbox_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "seq", name="pk_outbox"),
    )
    op.create_index("ix_outbox_at", "outbox", ["at"])
    op.create_table(
        "outbox_heads",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_outbox_heads_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", name="pk_outbox_heads"),
    )


def _keys() -> None:
    op.create_table(
        "idempotency",
        sa.Column("id", _WORD, nullable=False),
        sa.Column("account", _WORD, nullable=False),
        sa.Column("key", _WORD, nullable=False),
        sa.Column("body_hash", _WORD, nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("owner", _WORD, nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True)),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_idempotency_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_claimed_at", "idempotency", ["claimed_at"])
    op.create_index("uq_idempotency_key", "idempotency", ["account", "key"], unique=True)
