"""Tables of those who act and decide: people, how they sign in, what they are told and approved."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from dispatcher.db.columns import Id, Instant, metadata, own_id, to_one

# --- people -----------------------------------------------------------------------------------

people = Table(
    "people", metadata, own_id(),
    Column("name", String, nullable=False, unique=True),
    Column("full_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("whole_site", Boolean, nullable=False),
    Column("position", String, nullable=False, server_default="", comment="chức vụ"),
    Column("password_hash", String),
    Column("totp_sealed", LargeBinary),
    Column("address_id", Id, ForeignKey("addresses.id")),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("email_sealed", LargeBinary), Column("email_key", LargeBinary, index=True),
    Column("namesake", Boolean, nullable=False, server_default=text("false"),
           comment="somebody else here has the same full name"),
    Column("totp_step", BigInteger, comment="the last one-time code that was used"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Instant),
    comment="who may act here",
)  # fmt: skip
people_wards = Table(
    "people_wards", metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("ward_id", Id, ForeignKey("areas.id"), primary_key=True),
)  # fmt: skip


# --- signing in -------------------------------------------------------------------------------

sessions = Table(
    "sessions", metadata,
    Column("digest", LargeBinary, primary_key=True, comment="of the random word in the cookie"),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False,
           index=True),
    Column("created_at", Instant, nullable=False), Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("proved_at", Instant, comment="when a one-time code was last given"),
    Column("label", String, nullable=False, server_default=""),
    comment="who is signed in at the console",
)  # fmt: skip
kept_forms = Table(
    "kept_forms", metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("form", String, primary_key=True, comment="its address"),
    Column("sealed", LargeBinary, nullable=False), Column("at", Instant, nullable=False),
    comment="what somebody has typed and not saved yet",
)  # fmt: skip
devices = Table(
    "devices", metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False,
           index=True),
    Column("until", Instant, nullable=False),
    Column("label", String, nullable=False, server_default=""),
    comment="where a one-time code was given and need not be given again for a while",
)  # fmt: skip
api_keys = Table(
    "api_keys", metadata, own_id(),
    Column("name", String, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False,
           index=True),
    Column("may", String, nullable=False, comment="read | write"),
    Column("created_at", Instant, nullable=False), Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant), Column("revoked_at", Instant),
    comment="programs that act for a person, never with more rights",
)  # fmt: skip

# --- deciding ---------------------------------------------------------------------------------

delegations = Table(
    "delegations", metadata, own_id(),
    Column("principal_id", Id, ForeignKey("people.id"), nullable=False),
    Column("deputy_id", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("prefix", String, nullable=False, comment="KT. | TUQ. | TL. | thay"),
    Column("document", String, nullable=False),
    Column("valid_from", Date, nullable=False), Column("valid_to", Date, nullable=False),
    Column("most_people", Integer), Column("most_dong", BigInteger),
    Column("created_at", Instant, nullable=False), Column("ended_at", Instant),
    comment="who may approve for whom, by which document, until when and up to what",
)  # fmt: skip
approvals = Table(
    "approvals", metadata, own_id(), to_one("broadcasts:broadcast_id"),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False, comment="whose yes it is"),
    Column("at", Instant, nullable=False), Column("digest", String, nullable=False),
    Column("manner", String, nullable=False, comment="own | delegated | paper | corrected"),
    Column("delegation_id", Id, ForeignKey("delegations.id")),
    Column("recorded_by", Id, ForeignKey("people.id"), comment="of one given on paper"),
    Column("document", String, nullable=False, server_default=""), Column("day", Date),
    Column("file_id", Id, ForeignKey("files.id"), comment="the scan"),
    Index("ix_approvals_broadcast", "broadcast_id"),
    comment="how each approval was given",
)  # fmt: skip
offers = Table(
    "offers", metadata, own_id(), to_one("broadcasts:broadcast_id"),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False, comment="the leader"),
    Column("at", Instant, nullable=False),
    Column("fields", Text, nullable=False), to_one("template_versions:template_version_id"),
    Column("digest", String, nullable=False, comment="what the leader has agreed to"),
    Column("note", String, nullable=False, server_default=""), Column("taken_at", Instant),
    Index("ix_offers_broadcast", "broadcast_id"),
    comment="wording a leader corrected: approved as soon as the author confirms it",
)  # fmt: skip
duties = Table(
    "duties", metadata, own_id(),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("starts_at", Instant, nullable=False), Column("ends_at", Instant, nullable=False),
    Column("by", String, nullable=False), Column("removed_at", Instant),
    Index("ix_duties_ends", "ends_at"),
    comment="the roster: who may send a prepared urgent text alone, and when",
)  # fmt: skip
days_off = Table(
    "days_off", metadata, Column("day", Date, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False, comment="off | work (made up for) | tet"),
    Column("by", String, nullable=False, comment="a person, or: library"),
    comment="days on which offices are closed, or open though it is a weekend",
)  # fmt: skip
notices = Table(
    "notices", metadata, own_id(),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False), Column("code", String, nullable=False),
    Column("noun", String, nullable=False), Column("noun_id", String, nullable=False),
    Column("vi", String, nullable=False), Column("en", String, nullable=False),
    Column("read_at", Instant),
    Column("mail", String, nullable=False, comment="none | waiting | sending | sent | failed"),
    Column("text", String, nullable=False, comment="the same, by Zalo or SMS"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("again_at", Instant, nullable=False),
    UniqueConstraint("person_id", "code", "noun", "noun_id"),
    Index("ix_notices_waiting", "again_at",
          sqlite_where=text("mail = 'waiting' OR text = 'waiting'"),
          postgresql_where=text("mail = 'waiting' OR text = 'waiting'")),
    comment="who must know or do what",
)  # fmt: skip
files = Table(
    "files", metadata, own_id(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("content_type", String, nullable=False), Column("size", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    comment="scans and attachments",
)  # fmt: skip
