"""What may still be spent, calls shared among workers, measured rates, forecasts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowances",
        sa.Column(
            "name", sa.String, primary_key=True, comment="gateway NAME UNIT | broadcast ID STEP"
        ),
        sa.Column(
            "period", sa.String, primary_key=True, comment="2026-12-01, 2026-12, or empty"
        ),
        sa.Column("used", sa.BigInteger, nullable=False, server_default="0"),
        comment="messages or đồng taken from what is allowed: reserved with the intent, given "
        "back when nothing was taken",
    )
    op.create_table(
        "slots",
        sa.Column("gateway", sa.String, primary_key=True),
        sa.Column("worker", sa.String, primary_key=True),
        sa.Column("calls", sa.Integer, nullable=False),
        comment="how many calls each worker may have open at a gateway; together never more than "
        "allowed",
    )
    op.add_column(
        "broadcasts",
        sa.Column("forecast", sa.Text, comment="JSON: finish and cost as foreseen at release"),
    )
    op.add_column(
        "gateways",
        sa.Column(
            "share",
            sa.Integer,
            nullable=False,
            server_default="100",
            comment="per cent of its weight beside other gateways of a step; falls in trouble",
        ),
    )
    op.add_column(
        "gateways",
        sa.Column("rate", sa.Float, comment="messages a second, measured while some were waiting"),
    )
    op.drop_column("gateways", "quota_day")
    op.drop_column("gateways", "quota_used")
