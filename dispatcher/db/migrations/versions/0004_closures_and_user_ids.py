"""Until when a vendor takes no more of a broadcast; the user ids people told an account."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "closures",
        sa.Column("gateway", sa.String, primary_key=True),
        sa.Column(
            "broadcast_id",
            Id,
            sa.ForeignKey("broadcasts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        comment="a vendor's night or quota: nothing more of this broadcast until then",
    )
    op.create_table(
        "user_ids",
        sa.Column("gateway", sa.String, primary_key=True),
        sa.Column(
            "address_id", Id, sa.ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column(
            "user_address_id",
            Id,
            sa.ForeignKey("addresses.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        comment="a phone's user id at one account, as its owner told it",
    )
    op.create_index("ix_user_ids_user_address_id", "user_ids", ["user_address_id"])
