"""How each gateway is and since when; when a worker's send loop last took its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("health", sa.String, comment="ok | unreachable | throttled | unreadable"),
        sa.Column("health_at", sa.BigInteger),
        sa.Column("health_code", sa.String, comment="the vendor's word, or how connecting failed"),
    ):
        op.add_column("gateways", column)
    turned = sa.Column("turned_at", sa.BigInteger, comment="last turn of its send loop")
    op.add_column("workers", turned)
