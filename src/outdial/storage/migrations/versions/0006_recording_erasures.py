"""Erasures of recordings that were ordered, and their certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "recording_erasures",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("id", _WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.Text()),
        sa.Column("certificate", sa.Text()),
        sa.PrimaryKeyConstraint("account", "id", name="pk_recording_erasures"),
    )
