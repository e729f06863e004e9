"""PostgreSQL no longer runs a query per row for links to rows that are written together."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_targets_message_id", "targets")
        op.drop_constraint("fk_targets_body_id", "targets")
        op.drop_constraint("fk_attempts_message_id", "attempts")
