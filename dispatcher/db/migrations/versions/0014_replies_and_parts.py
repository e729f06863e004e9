"""Replies that a person must look at and confirmations of refusals; parts reported apart."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
CONFIRMATION = "none | waiting | sending | sent | failed | unsure | cannot: no way back"
APART = "bits of parts reported as {}; the lowest: without saying which"


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    chosen = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=chosen, postgresql_where=chosen)


def upgrade() -> None:
    for column in (
        sa.Column("wish", sa.String, nullable=False, server_default="ordinary",
                  comment="ordinary | unclear | all | urgent"),
        sa.Column("look", sa.String, nullable=False, server_default="none",
                  comment="none | waiting: a person must look | obeyed | dismissed"),
        sa.Column("looked_at", INSTANT),
        sa.Column("looked_by", sa.String),
        sa.Column("confirmation", sa.String, nullable=False, server_default="none",
                  comment=CONFIRMATION),
        sa.Column("confirm_at", INSTANT, comment="not before; or when it was handed over"),
    ):  # fmt: skip
        op.add_column("replies", column)
    op.execute("UPDATE replies SET wish = 'all' WHERE opt_out")
    _index("ix_replies_look", "replies", ["id"], "look = 'waiting'")
    _index("ix_replies_confirmation", "replies", ["id"], "confirmation IN ('waiting', 'sending')")
    for name, what in (("parts_failed", "failed"), ("parts_received", "delivered")):
        op.add_column(
            "attempts",
            sa.Column(name, sa.Integer, nullable=False, server_default="0",
                      comment=APART.format(what)),
        )  # fmt: skip
    _index(
        "ix_attempts_both_heard", "attempts", ["broadcast_id", "message_id"],
        "heard IN (6, 7, 10, 11, 14, 15)",
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "suppressions", "scope",
            comment="promotion (the do-not-call list) | all | urgent: each stops more",
        )  # fmt: skip
