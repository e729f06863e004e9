"""What pages look at: sums of large broadcasts, words of names to search by, forms half filled."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("ward_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "took",
            sa.Integer(),
            nullable=False,
            comment="microseconds: adding up again waits many times as long",
        ),
        sa.Column("states", sa.Text(), nullable=False, comment="JSON: messages by state"),
        sa.Column("sums", sa.Text(), nullable=False, comment="JSON: what a report is made of"),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_tallies_broadcast_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "ward_id", name=op.f("pk_tallies")),
        comment="large broadcasts added up now and then, so that pages need not",
    )
    op.create_table(
        "kept_forms",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("form", sa.String(), nullable=False, comment="its address"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_kept_forms_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "form", name=op.f("pk_kept_forms")),
        comment="what somebody has typed and not saved yet",
    )
    op.add_column(
        "contacts",
        sa.Column(
            "name_bits",
            sa.BigInteger(),
            nullable=True,
            comment="a bit per word of the folded name, to search by; null: not known yet",
        ),
    )
    op.create_index("ix_addresses_tail", "addresses", ["tail"])
    op.drop_index("ix_contacts_ward", "contacts")
    op.create_index(
        "ix_contacts_ward",
        "contacts",
        ["ward_id", "residential_group_id", "id", "removed_at", "kind", "name_bits"],
    )
