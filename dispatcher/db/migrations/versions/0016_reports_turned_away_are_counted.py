"""How many reports the door turned away for a wrong signature, per gateway and five minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turned_away",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "since", name=op.f("pk_turned_away")),
        comment="reports with a wrong signature: counted per five minutes, never stored",
    )
