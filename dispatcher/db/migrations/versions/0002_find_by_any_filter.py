"""Indexes for the filters of the delivery log; calls are found only where they are batches."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    op.drop_index("ix_attempts_call_ref", "attempts")
    op.drop_index("ix_messages_state", "messages")
    op.create_index("ix_contacts_household", "contacts", ["household_id"])
    op.create_index("ix_messages_state", "messages", ["broadcast_id", "state"])
    op.create_index("ix_attempts_broadcast", "attempts", ["broadcast_id", "state"])
    _partial("ix_attempts_call", "attempts", ["call_ref"], "call_ref <> reference")
    _partial("ix_attempts_fault", "attempts", ["broadcast_id", "fault"], "fault IS NOT NULL")
    _partial("ix_messages_reason", "messages", ["broadcast_id", "reason"], "reason IS NOT NULL")
    _partial("ix_receipts_attempt", "receipts", ["attempt_id"], "attempt_id IS NOT NULL")
