"""Replies people write back; how far each gateway was asked for reports."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "replies",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("gateway", sa.String, nullable=False),
        sa.Column("address_id", Id, sa.ForeignKey("addresses.id")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("opt_out", sa.Boolean, nullable=False, server_default=sa.text("false")),
        comment="what people wrote back",
    )
    op.create_index("ix_replies_address_id", "replies", ["address_id"])
    op.add_column("gateways", sa.Column("polled_at", sa.BigInteger))
    op.add_column(
        "gateways", sa.Column("poll_after", Id, comment="attempt a round has come to")
    )
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column(
            "receipts",
            "state",
            existing_type=sa.String,
            comment="new | matched | unmatched | refused | empty | reply",
        )
