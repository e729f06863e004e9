"""People of each residential group are counted once after a change; every change leaves a mark."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
CHANGES = {
    "came": "INSERT",
    "went": "DELETE",
    "moved": "UPDATE OF ward_id, residential_group_id, removed_at, kind",
}


def upgrade() -> None:
    op.create_table(
        "headcounts",
        sa.Column("ward_id", ID, nullable=False),
        sa.Column("place", ID, nullable=False, comment="a residential group; 0: in none"),
        sa.Column("people", ID, nullable=False),
        sa.PrimaryKeyConstraint("ward_id", "place", name=op.f("pk_headcounts")),
        comment="people on the lists, true while list_changes is empty",
    )
    op.create_table(
        "list_changes",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_changes")),
        comment="marks of changes since people were counted; one per transaction on PostgreSQL",
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, what in CHANGES.items():
            op.execute(
                f"CREATE TRIGGER contacts_{name} AFTER {what} ON contacts "
                "WHEN NOT EXISTS (SELECT 1 FROM list_changes) "
                "BEGIN INSERT INTO list_changes (id) VALUES (1); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION lists_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO list_changes (id) VALUES (txid_current()) ON CONFLICT DO NOTHING; "
            "RETURN NULL; END $$"
        )
        for name, what in CHANGES.items():
            op.execute(
                f"CREATE TRIGGER contacts_{name} AFTER {what} ON contacts "
                "FOR EACH STATEMENT EXECUTE FUNCTION lists_changed()"
            )
    op.execute("INSERT INTO list_changes (id) VALUES (1)")
