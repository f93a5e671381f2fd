"""Indexes as the databases use them: each in the order in which it is listed, and of live calls as SQLite is asked.

And accounts that are being removed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OLD = {
    "calls": ("ix_calls_agent", "ix_calls_number", "ix_calls_called_agent", "ix_calls_reference", "ix_calls_live"),
    "recordings": ("ix_recordings_number", "ix_recordings_retain_until"),
}


def upgrade() -> None:
    """Make them anew."""
    op.add_column("accounts", sa.Column("leaving", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table, names in _OLD.items():
        for name in names:
            op.drop_index(name, table)
    for table, moment in (("calls", "created_at"), ("recordings", "started_at")):
        for column in ("agent_id", "number"):
            name = f"ix_{table}_{column.removesuffix('_id')}"
            op.create_index(name, table, ["account", column, moment, "id"])
        for column in ("called_agent_id", "reference"):
            name = f"ix_{table}_{column.removesuffix('_id')}"
            _create_partial(name, table, ["account", column, moment, "id"], f"{column} IS NOT NULL")
    _create_partial("ix_calls_live", "calls", ["switch"], "live = 1", "live")
    _create_partial("ix_calls_live_newest", "calls", ["account", "created_at", "id"], "live = 1", "live")
    op.create_index("ix_recordings_retain_until", "recordings", ["state", "retain_until"])
    op.create_index("ix_recordings_oldest", "recordings", ["account", "state", "started_at"])


def _create_partial(name: str, table: str, columns: list[str], where: str, on_postgresql: str | None = None) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(on_postgresql or where))
