"""Recordings, the keys that seal them, and the ledger, to which nothing but additions can be made."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_REFUSAL = "the ledger is only ever added to"


def upgrade() -> None:
    """Make them."""
    _recordings()
    _keys()
    _ledger()
    _guard()


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("id", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("retain_until", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("agent_id", _WORD, nullable=False),
        sa.Column("called_agent_id", _WORD),
        sa.Column("number", _WORD),
        sa.Column("reference", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name="pk_recordings"),
    )
    op.create_index("ix_recordings_newest", "recordings", ["account", "started_at", "id"])
    op.create_index("ix_recordings_state", "recordings", ["state", "id"])
    op.create_index("ix_recordings_number", "recordings", ["account", "number"])
    op.create_index("ix_recordings_retain_until", "recordings", ["retain_until"])
    op.create_table(
        "recording_groups",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("group_id", _WORD, nullable=False),
        sa.Column("recording_id", _WORD, nullable=False),
        sa.PrimaryKeyConstraint("account", "group_id", "recording_id", name="pk_recording_groups"),
    )


def _keys() -> None:
    op.create_table(
        "recording_keys",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("master", _WORD, nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("account", "generation", name="pk_recording_keys"),
    )
    op.create_table(
        "recording_retention",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_recording_retention"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("call_id", _WORD),
        sa.Column("who", sa.Text()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", _WORD, nullable=False),
        sa.Column("hash", _WORD, nullable=False),
        sa.PrimaryKeyConstraint("account", "seq", name="pk_ledger"),
    )
    op.create_index("ix_ledger_call", "ledger", ["account", "call_id", "seq"])
    op.create_table(
        "ledger_heads",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("hash", _WORD, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_ledger_heads"),
    )


def _guard() -> None:
    """Refuse every change of an entry: a mistake of ours is refused; whoever drops the guard is found by the chain."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_guard BEFORE UPDATE OR DELETE ON ledger "
            "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER ledger_guard_{change} BEFORE {change.upper()} ON ledger "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
