"""A broadcast keeps the reason for the same words, and which texts it was released with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column(
        "broadcasts",
        sa.Column(
            "again",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="why the same words go to the same people within a day",
        ),
    )
    op.add_column(
        "broadcasts",
        sa.Column(
            "again_of",
            sa.Text(),
            nullable=False,
            server_default="[]",
            comment="JSON: the broadcasts that reason was given for",
        ),
    )
    op.add_column(
        "schedules",
        sa.Column(
            "again_of",
            sa.Text(),
            nullable=False,
            server_default="[]",
            comment="JSON: the broadcasts its reason for the same words was given for",
        ),
    )
    op.create_table(
        "broadcast_texts",
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("body_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_texts_broadcast_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["body_id"], ["bodies.id"], name=op.f("fk_broadcast_texts_body_id")
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "body_id", name=op.f("pk_broadcast_texts")),
        comment="what a broadcast was released with, but for texts that name a person: the same "
        "words are found by it",
    )
