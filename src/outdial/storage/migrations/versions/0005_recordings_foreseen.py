"""What is to become of recordings whose calls are still under way."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "recordings_foreseen",
        sa.Column("account", _WORD, nullable=False),
        sa.Column("call_id", _WORD, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "call_id", name="pk_recordings_foreseen"),
    )
