"""PostgreSQL runs no query per row for links to rows written together; rounds go by messages."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE gateways SET poll_after = 0")  # it was an attempt, now it is a message
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("gateways", "poll_after", comment="message a round has come to")
        op.drop_constraint("fk_targets_message_id", "targets")
        op.drop_constraint("fk_targets_body_id", "targets")
        op.drop_constraint("fk_attempts_message_id", "attempts")
