"""Those who act and decide: signing in, delegation, approvals, rosters, notices, days off, budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# What an approval covers; state, times and the release's own columns are not among it.
CONTENT = (
    "template_version_id",
    "fields",
    "audience",
    "route",
    "senders",
    "document",
    "window",
    "kind",
    "mode",
    "priority",
    "rather_twice",
    "expires_after",
    "ceiling_people",
    "ceiling_dong",
    "correction_of",
    "paper",
    "emergency_id",
)
OWN_HANDS = "whoever wrote, edited or submitted a broadcast cannot approve it"
SKIPPED = "a broadcast is approved from submitted, by somebody, for something"
FORGED = "an approval is given once; it cannot be rewritten"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _triggers() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    # a test goes to one number of the author's own, and a schedule and a prepared urgent text were approved as a whole
    one_number = (
        "json_array_length(COALESCE(json_extract(NEW.audience, '$.contacts'), '[]')) = 1"
        if sqlite
        else "jsonb_array_length(COALESCE(NEW.audience::jsonb -> 'contacts', '[]'::jsonb)) = 1"
    )
    own = (
        "NEW.state = 'approved' AND OLD.state <> 'approved' AND NEW.schedule_id IS NULL "
        "AND NEW.emergency_id IS NULL "
        f"AND NOT ({one_number}) AND EXISTS (SELECT 1 FROM broadcast_hands h "
        "WHERE h.broadcast_id = NEW.id AND h.person_id = NEW.approved_by)"
    )
    skipped = (
        "NEW.state = 'approved' AND OLD.state <> 'approved' AND (OLD.state <> 'submitted' "
        "OR NEW.approved_by IS NULL OR NEW.approved_digest IS NULL)"
    )
    forged = (
        "OLD.approved_digest IS NOT NULL AND NEW.approved_digest IS NOT NULL "
        "AND NEW.approved_digest <> '' AND NEW.approved_digest <> OLD.approved_digest "
        "AND OLD.state <> 'submitted'"
    )
    differs = " OR ".join(
        f"NEW.{_quoted(c)} IS NOT OLD.{_quoted(c)}"
        if sqlite
        else f"NEW.{_quoted(c)} IS DISTINCT FROM OLD.{_quoted(c)}"
        for c in CONTENT
    )
    if sqlite:
        op.execute("DROP TRIGGER approvals_hold")
        op.execute("DROP TRIGGER changes_void_approvals")
        op.execute(
            "CREATE TRIGGER approvals_hold BEFORE UPDATE ON broadcasts BEGIN "
            f"SELECT RAISE(ABORT, '{OWN_HANDS}') WHERE {own}; "
            f"SELECT RAISE(ABORT, '{SKIPPED}') WHERE {skipped}; "
            f"SELECT RAISE(ABORT, '{FORGED}') WHERE {forged}; END"
        )
        op.execute(
            "CREATE TRIGGER changes_void_approvals AFTER UPDATE ON broadcasts "
            f"WHEN OLD.approved_digest IS NOT NULL AND OLD.released_at IS NULL AND ({differs}) "
            "BEGIN UPDATE broadcasts SET approved_digest = '' WHERE id = NEW.id; END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION approvals_hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {own} THEN RAISE EXCEPTION '{OWN_HANDS}'; END IF; "
        f"IF {skipped} THEN RAISE EXCEPTION '{SKIPPED}'; END IF; "
        f"IF {forged} THEN RAISE EXCEPTION '{FORGED}'; END IF; "
        f"IF OLD.approved_digest IS NOT NULL AND OLD.released_at IS NULL AND ({differs}) THEN "
        "NEW.approved_digest := ''; END IF; RETURN NEW; END $$"
    )


def upgrade() -> None:
    _tables()
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE broadcasts ADD COLUMN emergency_id {number} "
        "CONSTRAINT fk_broadcasts_emergency_id REFERENCES emergencies (id)"
    )
    _triggers()


def _tables() -> None:
    op.create_table(
        "days_off",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="off | work (made up for) | tet"),
        sa.Column("by", sa.String(), nullable=False, comment="a person, or: library"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_days_off")),
        comment="days on which offices are closed, or open though it is a weekend",
    )
    op.create_table(
        "files",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("digest", name=op.f("uq_files_digest")),
        comment="scans and attachments",
    )
    op.create_table(
        "api_keys",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("may", sa.String(), nullable=False, comment="read | write"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_api_keys_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
        comment="programs that act for a person, never with more rights",
    )
    op.create_index(op.f("ix_api_keys_person_id"), "api_keys", ["person_id"], unique=False)
    op.create_table(
        "delegations",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("deputy_id", ID, nullable=False),
        sa.Column("prefix", sa.String(), nullable=False, comment="KT. | TUQ. | TL. | thay"),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("most_people", sa.Integer(), nullable=True),
        sa.Column("most_dong", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["people.id"], name=op.f("fk_delegations_deputy_id")
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["people.id"], name=op.f("fk_delegations_principal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
        comment="who may approve for whom, by which document, until when and up to what",
    )
    op.create_index(op.f("ix_delegations_deputy_id"), "delegations", ["deputy_id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_devices_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_devices")),
        comment="where a one-time code was given and need not be given again for a while",
    )
    op.create_index(op.f("ix_devices_person_id"), "devices", ["person_id"], unique=False)
    op.create_table(
        "duties",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_duties_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
        comment="the roster: who may send a prepared urgent text alone, and when",
    )
    op.create_index("ix_duties_ends", "duties", ["ends_at"], unique=False)
    op.create_table(
        "emergencies",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("template_version_id", ID, nullable=False),
        sa.Column("all_clear_version_id", ID, nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("dong", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("rather_twice", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("submitted_by", ID, nullable=True),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_digest", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["all_clear_version_id"],
            ["template_versions.id"],
            name=op.f("fk_emergencies_all_clear_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people.id"], name=op.f("fk_emergencies_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["people.id"], name=op.f("fk_emergencies_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["people.id"], name=op.f("fk_emergencies_submitted_by")
        ),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["template_versions.id"],
            name=op.f("fk_emergencies_template_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
        sa.UniqueConstraint("name", name=op.f("uq_emergencies_name")),
        comment="urgent texts approved before the season: largest area, cost and last day",
    )
    op.create_table(
        "notices",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("noun_id", sa.String(), nullable=False),
        sa.Column("vi", sa.String(), nullable=False),
        sa.Column("en", sa.String(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "mail", sa.String(), nullable=False, comment="none | waiting | sending | sent | failed"
        ),
        sa.Column("text", sa.String(), nullable=False, comment="the same, by Zalo or SMS"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("again_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_notices_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "person_id",
            "code",
            "noun",
            "noun_id",
            name=op.f("uq_notices_person_id_code_noun_noun_id"),
        ),
        comment="who must know or do what",
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["again_at"],
        unique=False,
        sqlite_where=sa.text("mail = 'waiting' OR text = 'waiting'"),
        postgresql_where=sa.text("mail = 'waiting' OR text = 'waiting'"),
    )
    op.create_table(
        "sessions",
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="of the random word in the cookie"
        ),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "proved_at",
            sa.BigInteger(),
            nullable=True,
            comment="when a one-time code was last given",
        ),
        sa.Column("label", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        comment="who is signed in at the console",
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False, comment="whose yes it is"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column(
            "manner", sa.String(), nullable=False, comment="own | delegated | paper | corrected"
        ),
        sa.Column("delegation_id", ID, nullable=True),
        sa.Column("recorded_by", ID, nullable=True, comment="of one given on paper"),
        sa.Column("document", sa.String(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("file_id", ID, nullable=True, comment="the scan"),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_approvals_broadcast_id")
        ),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegations.id"], name=op.f("fk_approvals_delegation_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_approvals_file_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_approvals_person_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["people.id"], name=op.f("fk_approvals_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        comment="how each approval was given",
    )
    op.create_index("ix_approvals_broadcast", "approvals", ["broadcast_id"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("file_id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_attachments_broadcast_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_attachments_file_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "file_id", name=op.f("pk_attachments")),
        comment="what goes with a broadcast where a channel or a person can carry it",
    )
    op.create_table(
        "offers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False, comment="the leader"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("template_version_id", ID, nullable=False),
        sa.Column("digest", sa.String(), nullable=False, comment="what the leader has agreed to"),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_offers_broadcast_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_offers_person_id")),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["template_versions.id"],
            name=op.f("fk_offers_template_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        comment="wording a leader corrected: approved as soon as the author confirms it",
    )
    op.create_index("ix_offers_broadcast", "offers", ["broadcast_id"], unique=False)
    op.create_table(
        "reservations",
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("budget", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("wards", sa.Text(), nullable=False, comment="JSON: whose cost it is"),
        sa.Column("dong", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_reservations_broadcast_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "budget", "period", name=op.f("pk_reservations")),
        comment="money set aside at release; what it really cost replaces it at the end",
    )
    op.create_table(
        "shares",
        sa.Column("broadcast_id", ID, nullable=False),
        sa.Column("residential_group_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_shares_broadcast_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_shares_person_id")),
        sa.ForeignKeyConstraint(
            ["residential_group_id"], ["areas.id"], name=op.f("fk_shares_residential_group_id")
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "residential_group_id", name=op.f("pk_shares")),
        comment="residential groups whose head passed a broadcast on",
    )
    op.add_column(
        "broadcasts",
        sa.Column(
            "paper",
            sa.Text(),
            server_default="{}",
            nullable=False,
            comment="JSON: the document's day, subject, agency and signer",
        ),
    )
    op.add_column("people", sa.Column("email_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("people", sa.Column("email_key", sa.LargeBinary(), nullable=True))
    op.add_column(
        "people",
        sa.Column(
            "namesake",
            sa.Boolean(),
            server_default=sa.text("(false)"),
            nullable=False,
            comment="somebody else here has the same full name",
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "totp_step",
            sa.BigInteger(),
            nullable=True,
            comment="the last one-time code that was used",
        ),
    )
    op.add_column("people", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("people", sa.Column("locked_until", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_people_email_key"), "people", ["email_key"], unique=False)
    op.add_column("schedules", sa.Column("ceiling_people", sa.Integer(), nullable=True))
    op.add_column("schedules", sa.Column("ceiling_dong", sa.BigInteger(), nullable=True))
