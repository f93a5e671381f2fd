"""The tables. What only the program reads of a call is one JSON text; what is searched or guarded has its own column.

Must not know what a statement does with them. Times are milliseconds since the epoch.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

WORD = Text().with_variant(Text(collation="C"), "postgresql")
"""Ids, keys and other words of programs: compared by their bytes on both databases, so that both have the same order.
Whoever takes them in bounds their length."""
MOMENT = BigInteger


def _of_account(*more: str, parent: str = "accounts", columns: tuple[str, ...] = ("key",)) -> ForeignKeyConstraint:
    """What belongs to an account goes with it."""
    own = ("account", *more)
    return ForeignKeyConstraint(own, [f"{parent}.{column}" for column in columns], ondelete="CASCADE")


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Of the rows only in which a column is not null."""
    there = text(f"{where} IS NOT NULL")
    return Index(name, *columns, sqlite_where=there, postgresql_where=there)


accounts = Table(
    "accounts",
    metadata,
    Column("key", WORD, primary_key=True),
    Column("name", Text, nullable=False),
    Column("home_country", WORD, nullable=False),
    Column("outbound_enabled", Boolean, nullable=False),
    Column("any_caller_id", Boolean, nullable=False),
    Column("default_caller_id", WORD),
    Column("allowed_countries", JSON, nullable=False),
    Column("premium_allowed", Boolean, nullable=False),
    Column("agent_ring_seconds", Integer, nullable=False),
    Column("party_ring_seconds", Integer, nullable=False),
    Column("max_call_seconds", Integer, nullable=False),
    Column("wrap_up_seconds", Integer, nullable=False),
    Column("calls_per_second", Float, nullable=False),
    Column("max_concurrent_calls", Integer, nullable=False),
    Column("recording", JSON, nullable=False),
    Column("api_token_hash", Text),
    Column("private_networks", JSON, nullable=False, server_default="[]"),
    Column("leaving", Boolean, nullable=False, server_default=false()),
)

agents = Table(
    "agents",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("id", WORD, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone_kind", WORD, nullable=False),
    Column("phone_address", Text, nullable=False),
    Column("sip_user", Text, unique=True),
    Column("sip_ha1", Text),
    Column("caller_id", WORD),
    Column("presence", WORD, nullable=False),
    Column("call_id", WORD),
    Column("wrap_up_until", MOMENT),
    Column("phone_online", Boolean),
    Column("idle_since", MOMENT, nullable=False),
    _of_account(),
    partial_index("ix_agents_wrap_up", "wrap_up_until", where="wrap_up_until"),
)

groups = Table(
    "groups",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("id", WORD, primary_key=True),
    Column("name", Text, nullable=False),
    _of_account(),
)

members = Table(
    "group_members",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("group_id", WORD, primary_key=True),
    Column("agent_id", WORD, primary_key=True),
    _of_account("group_id", parent="groups", columns=("account", "id")),
    _of_account("agent_id", parent="agents", columns=("account", "id")),
    Index("ix_group_members_agent", "account", "agent_id"),
)

trunks = Table(
    "trunks",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("id", WORD, primary_key=True),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("transport", WORD, nullable=False),
    Column("username", Text),
    Column("password", Text),
    Column("from_domain", Text),
    Column("number_prefix", WORD, nullable=False),
    Column("calls_per_second", Float, nullable=False),
    Column("max_concurrent_calls", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    _of_account(),
)

caller_ids = Table(
    "caller_ids",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("number", WORD, primary_key=True),
    Column("name", Text),
    _of_account(),
)

clients = Table(
    "api_clients",
    metadata,
    Column("id", WORD, primary_key=True),
    Column("account", WORD),
    Column("name", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("revoked_at", MOMENT),
    _of_account(),
)

calls = Table(
    "calls",
    metadata,
    Column("id", WORD, primary_key=True),
    Column("account", WORD, nullable=False),
    Column("switch", WORD, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("ended_at", MOMENT),
    Column("agent_id", WORD, nullable=False),
    Column("called_agent_id", WORD),
    Column("number", WORD),
    Column("reference", Text),
    Column("idempotency_id", WORD),
    Column("data", Text, nullable=False),
    _of_account(),
    # Each ends in the order in which calls are listed: else the one without what is looked for is preferred for its
    # order, and a search that finds little reads all that the account has.
    Index("ix_calls_newest", "account", "created_at", "id"),
    Index("ix_calls_agent", "account", "agent_id", "created_at", "id"),
    Index("ix_calls_number", "account", "number", "created_at", "id"),
    partial_index("ix_calls_called_agent", "account", "called_agent_id", "created_at", "id", where="called_agent_id"),
    partial_index("ix_calls_reference", "account", "reference", "created_at", "id", where="reference"),
    Index("ix_calls_ended_at", "ended_at"),
    # As SQLite is asked, to the letter: it would not use an index where `live`.
    Index("ix_calls_live", "switch", sqlite_where=text("live = 1"), postgresql_where=text("live")),
    Index(
        "ix_calls_live_newest",
        *("account", "created_at", "id"),
        sqlite_where=text("live = 1"),
        postgresql_where=text("live"),
    ),
    partial_index("ix_calls_idempotency", "idempotency_id", where="idempotency_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("call_id", WORD),
    Column("at", MOMENT, nullable=False),
    Column("data", Text, nullable=False),
    _of_account(),
    Index("ix_outbox_at", "at"),
)

outbox_heads = Table(
    "outbox_heads",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("last", BigInteger, nullable=False),
    _of_account(),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("id", WORD, primary_key=True),
    Column("account", WORD, nullable=False),
    Column("key", WORD, nullable=False),
    Column("body_hash", WORD, nullable=False),
    Column("claimed_at", MOMENT, nullable=False),
    Column("owner", WORD, nullable=False),
    Column("answer", JSON(none_as_null=True)),
    _of_account(),
    Index("uq_idempotency_key", "account", "key", unique=True),
    Index("ix_idempotency_claimed_at", "claimed_at"),
)
