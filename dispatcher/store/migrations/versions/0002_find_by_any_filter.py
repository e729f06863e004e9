"""Indexes for the filters of the delivery log; calls are found only where they are batches."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_in_batch = sa.text("call_ref <> reference")


def upgrade() -> None:
    op.drop_index("ix_attempts_call_ref", "attempts")
    op.create_index(
        "ix_attempts_call", "attempts", ["call_ref"],
        sqlite_where=_in_batch, postgresql_where=_in_batch,
    )  # fmt: skip
    op.create_index("ix_contacts_household", "contacts", ["household_id"])
