"""The tables of CRMs and of their tasks. Must not know what a statement does with them.

Times are milliseconds since the epoch.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, Table, Text

from outdial.storage.tables import MOMENT, WORD, metadata

crms = Table(
    "crms",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("error", Text),
    Column("error_at", MOMENT),
    ForeignKeyConstraint(["account"], ["accounts.key"], ondelete="CASCADE"),
)

crm_tasks = Table(
    "crm_tasks",
    metadata,
    Column("account", WORD, primary_key=True),
    Column("call_id", WORD, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("ended_at", MOMENT, nullable=False),
    Column("task", Text, nullable=False),
    Column("state", WORD, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", MOMENT, nullable=False),
    Column("give_up_at", MOMENT, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("record_id", Text),
    Column("settled_at", MOMENT),
    ForeignKeyConstraint(["account"], ["crms.account"], ondelete="CASCADE"),
    Index("ix_crm_tasks_due", "account", "state", "due_at"),
    Index("ix_crm_tasks_seq", "account", "seq"),
    Index("ix_crm_tasks_ended_at", "ended_at"),
)
