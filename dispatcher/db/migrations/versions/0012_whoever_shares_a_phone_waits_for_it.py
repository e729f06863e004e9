"""Targets of those who share a phone are kept, so that it can be handed over to them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    links = [
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], ondelete="CASCADE",
            name=op.f("fk_shared_targets_message_id"),
        ),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_shared_targets_body_id")),
    ]
    op.create_table(
        "shared_targets",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="as of a target"),
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("body_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_shared_targets")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_shared_targets_address_id")
        ),
        *(links if sqlite else []),
        comment="targets of those who share a phone, should it be handed over to them",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shared_targets_phone", "shared_targets", ["broadcast_id", "address_id"])
