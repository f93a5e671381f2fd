"""CRMs, and the tasks they are told."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "crms",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("error_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_crms_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", name="pk_crms"),
    )
    op.create_table(
        "crm_tasks",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("call_id", _WORD, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("give_up_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("record_id", sa.Text()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account"], ["crms.account"], name="fk_crm_tasks_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "call_id", name="pk_crm_tasks"),
    )
    op.create_index("ix_crm_tasks_due", "crm_tasks", ["account", "state", "due_at"])
    op.create_index("ix_crm_tasks_seq", "crm_tasks", ["account", "seq"])
    op.create_index("ix_crm_tasks_ended_at", "crm_tasks", ["ended_at"])
