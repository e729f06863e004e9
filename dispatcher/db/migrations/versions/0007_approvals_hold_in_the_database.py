"""Who may approve, and that a change voids it, hold in the database too."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

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
)
OWN_HANDS = "whoever wrote, edited or submitted a broadcast cannot approve it"
SKIPPED = "a broadcast is approved from submitted, by somebody, for something"
FORGED = "an approval is given once; it cannot be rewritten"


def _quoted(name: str) -> str:
    return f'"{name}"'


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    # a test goes to one number of the author's own, and a schedule was approved as a whole
    one_number = (
        "json_array_length(COALESCE(json_extract(NEW.audience, '$.contacts'), '[]')) = 1"
        if sqlite
        else "jsonb_array_length(COALESCE(NEW.audience::jsonb -> 'contacts', '[]'::jsonb)) = 1"
    )
    own = (
        "NEW.state = 'approved' AND OLD.state <> 'approved' AND NEW.schedule_id IS NULL "
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
        "CREATE FUNCTION approvals_hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {own} THEN RAISE EXCEPTION '{OWN_HANDS}'; END IF; "
        f"IF {skipped} THEN RAISE EXCEPTION '{SKIPPED}'; END IF; "
        f"IF {forged} THEN RAISE EXCEPTION '{FORGED}'; END IF; "
        f"IF OLD.approved_digest IS NOT NULL AND OLD.released_at IS NULL AND ({differs}) THEN "
        "NEW.approved_digest := ''; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER approvals_hold BEFORE UPDATE ON broadcasts FOR EACH ROW "
        "EXECUTE FUNCTION approvals_hold()"
    )
