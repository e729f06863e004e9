"""Suppressions for advertising alone, and what is registered with whom."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "suppressions",
        sa.Column(
            "scope",
            sa.String,
            nullable=False,
            server_default="all",
            comment="all | promotion: the do-not-call list forbids advertising only",
        ),
    )
    op.create_table(
        "registrations",
        sa.Column("gateway", sa.String, primary_key=True),
        sa.Column("template", sa.String, primary_key=True),
        sa.Column("form", sa.String, primary_key=True, comment="sms | sms_accented | zalo"),
        sa.Column("carrier", sa.String, primary_key=True, comment="empty: every network"),
        sa.Column("digest", sa.String, nullable=False, comment="of the frame that was handed in"),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("vendor_id", sa.String, nullable=False, server_default=""),
        sa.Column("note", sa.String, nullable=False, server_default=""),
        comment="what a vendor or network has been asked to let through, and what it said",
    )
