"""The tables of recordings, of the keys that seal them, and of the ledger. Times are milliseconds since the epoch.

None goes with its account: what was decided, and what is held, outlives it.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from outdial.storage.tables import MOMENT, WORD, metadata, partial_index

recordings = Table(
    "recordings",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("id", WORD, primary_key=True),
    Column("state", WORD, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("retain_until", MOMENT),
    Column("started_at", MOMENT, nullable=False),
    Column("ended_at", MOMENT),
    Column("agent_id", WORD, nullable=False),
    Column("called_agent_id", WORD),
    Column("number", WORD),
    Column("reference", Text),
    Column("revision", Integer, nullable=False),
    Column("data", Text, nullable=False),
    # See the indexes of calls.
    Index("ix_recordings_newest", "account", "started_at", "id"),
    Index("ix_recordings_agent", "account", "agent_id", "started_at", "id"),
    Index("ix_recordings_number", "account", "number", "started_at", "id"),
    partial_index(
        "ix_recordings_called_agent", "account", "called_agent_id", "started_at", "id", where="called_agent_id"
    ),
    partial_index("ix_recordings_reference", "account", "reference", "started_at", "id", where="reference"),
    Index("ix_recordings_state", "state", "id"),
    Index("ix_recordings_retain_until", "state", "retain_until"),
    Index("ix_recordings_oldest", "account", "state", "started_at"),
)

recording_groups = Table(
    "recording_groups",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("group_id", WORD, primary_key=True),
    Column("recording_id", WORD, primary_key=True),
)

recordings_foreseen = Table(
    "recordings_foreseen",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("call_id", WORD, primary_key=True),
    Column("data", Text, nullable=False),
)

recording_erasures = Table(
    "recording_erasures",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("id", WORD, primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("ordered", Text),
    Column("certificate", Text),
)

recording_keys = Table(
    "recording_keys",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("master", WORD, nullable=False),
    Column("wrapped", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("destroyed_at", MOMENT),
)

recording_retention = Table(
    "recording_retention",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("days", Integer, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("call_id", WORD),
    Column("who", Text),
    Column("data", Text, nullable=False),
    Column("previous", WORD, nullable=False),
    Column("hash", WORD, nullable=False),
    Index("ix_ledger_call", "account", "call_id", "seq"),
)

ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("hash", WORD, nullable=False),
)
