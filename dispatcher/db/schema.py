"""Every table, once. The migrations make these; a test compares both.

Times are UTC with a zone, money is whole đồng. `sealed` columns are ciphertext under the site's
key. What a table is for is said by its comment; what a state means is said in model.py.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
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

from dispatcher.db import schema_people
from dispatcher.db.columns import (
    Id,
    Instant,
    metadata,
    one_of,
    own_id,
    to_one,
    written_with,
)
from dispatcher.db.words import ACCEPTED, QUEUED, SENDING
from dispatcher.domain.clock import micros, moment
from dispatcher.domain.model import AreaKind, BroadcastState, MessageState

__all__ = ["Instant", "metadata", "micros", "moment", "schema_people"]

site = Table(
    "site", metadata,
    Column("name", String, primary_key=True), Column("value", Text, nullable=False),
    comment="facts about this database itself: its identity, its epoch",
)  # fmt: skip

# --- areas ------------------------------------------------------------------------------------

areas = Table(
    "areas", metadata, own_id(),
    Column("code", String, nullable=False, server_default=""),
    Column("kind", String, nullable=False),
    CheckConstraint(f"kind IN ({one_of(AreaKind)})", name="kind"),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False, comment="normal form, see areas.py"),
    Column("aliases", Text, nullable=False, server_default="[]", comment="JSON list"),
    Column("parent_id", Id, ForeignKey("areas.id")),
    Column("valid_from", Date, nullable=False), Column("valid_to", Date),
    Column("proposed", Boolean, nullable=False, server_default=text("false"),
           comment="first seen in an import, not yet confirmed"),
    UniqueConstraint("kind", "parent_id", "key", "valid_from"),
    comment="a code names a unit only together with a date: codes were reused in 2025",
)  # fmt: skip
area_successors = Table(
    "area_successors", metadata,
    Column("area_id", Id, ForeignKey("areas.id"), primary_key=True),
    Column("successor_id", Id, ForeignKey("areas.id"), primary_key=True),
    Column("at", Date, nullable=False), Column("note", String, nullable=False, server_default=""),
)  # fmt: skip

# --- addresses and contacts -------------------------------------------------------------------

addresses = Table(
    "addresses", metadata, own_id(),
    Column("cipher", LargeBinary, comment="AES-SIV; empty once the person is forgotten"),
    Column("kind", String, nullable=False), Column("carrier", String),
    Column("tail", String, nullable=False, comment="masked, for people", index=True),
    UniqueConstraint("cipher"),
    comment="one row per phone or Zalo id; everything else points here",
)  # fmt: skip
reachability = Table(
    "reachability", metadata,
    Column("address_id", Id, ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("reached_at", Instant), Column("refused_at", Instant),
    Column("code", String), Column("until", Instant),
    comment="what we learnt about an address on a channel, with dates",
)  # fmt: skip
user_ids = Table(
    "user_ids", metadata,
    Column("gateway", String, primary_key=True),
    Column("address_id", Id, ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True),
    Column("user_address_id", Id, ForeignKey("addresses.id", ondelete="CASCADE"), nullable=False,
           index=True),
    Column("at", Instant, nullable=False),
    comment="a phone's user id at one account, as its owner told it",
)  # fmt: skip
households = Table(
    "households", metadata, own_id(), to_one("areas:ward_id"),
    Column("residential_group_id", Id, ForeignKey("areas.id")),
    Column("key", LargeBinary, nullable=False), UniqueConstraint("ward_id", "key"),
)  # fmt: skip
imports = Table(
    "imports", metadata, own_id(),
    Column("at", Instant, nullable=False), Column("by", String, nullable=False),
    Column("files", Text, nullable=False, comment="JSON: name, digest, rows"),
    Column("counts", Text, nullable=False), Column("basis", Text, nullable=False,
           server_default="{}", comment="JSON: legal basis, document, purpose, retention"),
    Column("undone_at", Instant),
)  # fmt: skip
contacts = Table(
    "contacts", metadata, own_id(), to_one("areas:ward_id"),
    Column("residential_group_id", Id, ForeignKey("areas.id")),
    Column("household_id", Id, ForeignKey("households.id")),
    Column("kind", String, nullable=False, server_default="person", comment="person | office"),
    Column("name_key", LargeBinary, nullable=False,
           comment="keyed hash of ward, residential group and folded name"),
    Column("ordinal", Integer, nullable=False, server_default="0",
           comment="tells namesakes in one group apart; their addresses say who is who"),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("name_bits", BigInteger, comment="a bit per word of the folded name, to search by; "
           "null: not known yet"),
    Column("title", String, nullable=False, server_default=""),
    Column("row_sealed", LargeBinary, comment="columns kept at import, for row.<column>"),
    Column("import_id", Id, ForeignKey("imports.id")),
    Column("source", String, nullable=False, server_default="", comment="file, sheet"),
    Column("source_row", Integer),
    Column("created_at", Instant, nullable=False), Column("updated_at", Instant, nullable=False),
    Column("removed_at", Instant),
    UniqueConstraint("name_key", "ordinal"),
    Index("ix_contacts_household", "household_id"),
    Index("ix_contacts_ward", "ward_id", "residential_group_id", "id", "removed_at", "kind",
          "name_bits"),
)  # fmt: skip
contact_addresses = Table(
    "contact_addresses", metadata,
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("address_id", Id, ForeignKey("addresses.id"), nullable=False, index=True),
    Column("note_sealed", LargeBinary),
)  # fmt: skip
import_changes = Table(
    "import_changes", metadata, own_id(),
    Column("import_id", Id, ForeignKey("imports.id"), nullable=False, index=True),
    Column("contact_id", Id, nullable=False), Column("what", String, nullable=False),
    Column("before_sealed", LargeBinary),
    comment="what an undo puts back",
)  # fmt: skip
groups = Table(
    "groups", metadata, own_id(),
    Column("name", String, nullable=False), Column("key", String, nullable=False, unique=True),
    Column("ward_id", Id, ForeignKey("areas.id")),
)  # fmt: skip
group_members = Table(
    "group_members", metadata,
    Column("group_id", Id, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True,
           index=True),
)  # fmt: skip
suppressions = Table(
    "suppressions", metadata, own_id(),
    Column("address_id", Id, ForeignKey("addresses.id"), nullable=False, index=True),
    Column("reason", String, nullable=False), Column("at", Instant, nullable=False),
    Column("by", String, nullable=False), Column("lifted_at", Instant),
    Column("scope", String, nullable=False, server_default="all",
           comment="promotion (the do-not-call list) | all | urgent: each stops more"),
)  # fmt: skip

# --- texts ------------------------------------------------------------------------------------

templates = Table(
    "templates", metadata, own_id(), Column("name", String, nullable=False, unique=True)
)
template_versions = Table(
    "template_versions", metadata, own_id(), to_one("templates:template_id"),
    Column("digest", String, nullable=False), Column("source", Text, nullable=False),
    Column("created_at", Instant, nullable=False), UniqueConstraint("template_id", "digest"),
)  # fmt: skip
bodies = Table(
    "bodies", metadata, own_id(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("text", Text, comment="null where the text names a person: then it is sealed"),
    Column("sealed", LargeBinary), Column("params", Text, comment="JSON, for vendor templates"),
    Column("template_id", String), Column("encoding", String, nullable=False),
    Column("parts", Integer, nullable=False),
    comment="equal texts are stored once",
)  # fmt: skip
prices = Table(
    "prices", metadata, own_id(),
    Column("channel", String, nullable=False), Column("carrier", String), Column("kind", String),
    Column("valid_from", Date, nullable=False), Column("valid_to", Date),
    Column("dong", Integer, nullable=False),
    comment="đồng per part (SMS) or per message (Zalo), by carrier, class and date",
)  # fmt: skip
registrations = Table(
    "registrations", metadata,
    Column("gateway", String, primary_key=True), Column("template", String, primary_key=True),
    Column("form", String, primary_key=True, comment="sms | sms_accented | zalo"),
    Column("carrier", String, primary_key=True, comment="empty: every network"),
    Column("digest", String, nullable=False, comment="of the frame that was handed in"),
    Column("state", String, nullable=False), Column("day", Date, nullable=False),
    Column("until", Date), Column("vendor_id", String, nullable=False, server_default=""),
    Column("note", String, nullable=False, server_default=""),
    comment="what a vendor or network has been asked to let through, and what it said",
)  # fmt: skip

# --- broadcasts -------------------------------------------------------------------------------

broadcasts = Table(
    "broadcasts", metadata, own_id(),
    Column("title", String, nullable=False),
    Column("state", String, nullable=False),
    CheckConstraint(f"state IN ({one_of(BroadcastState)})", name="state"),
    Column("reason", String, comment="why held, returned or rejected"),
    Column("mode", String, nullable=False), Column("kind", String, nullable=False),
    Column("template_version_id", Id, ForeignKey("template_versions.id"), nullable=False),
    Column("fields", Text, nullable=False), Column("audience", Text, nullable=False),
    Column("route", Text, nullable=False), Column("senders", Text, nullable=False),
    Column("document", String, nullable=False, server_default=""),
    Column("window", String, nullable=False),
    Column("priority", Integer, nullable=False, server_default="1"),
    Column("rather_twice", Boolean, nullable=False, server_default=text("false")),
    Column("at", Instant), Column("expires_after", Integer, nullable=False, comment="seconds"),
    Column("ceiling_people", Integer), Column("ceiling_dong", BigInteger),
    Column("created_by", Id, ForeignKey("people.id")),
    Column("created_at", Instant, nullable=False), Column("submitted_at", Instant),
    Column("approved_by", Id, ForeignKey("people.id")), Column("approved_at", Instant),
    Column("approved_digest", String, comment="what the approval covers, to the letter"),
    Column("schedule_id", Id, ForeignKey("schedules.id")),
    Column("correction_of", Id, ForeignKey("broadcasts.id")),
    Column("planned_upto", Id, comment="last contact planned; a release goes on from here"),
    Column("released_at", Instant), Column("starts_at", Instant), Column("expires_at", Instant),
    Column("done_at", Instant), Column("drafted_by_system", Boolean, nullable=False,
           server_default=text("false")),
    Column("forecast", Text, comment="JSON: finish and cost as foreseen at release"),
    Column("paper", Text, nullable=False, server_default="{}",
           comment="JSON: the document's day, subject, agency and signer"),
    Column("emergency_id", Id, ForeignKey("emergencies.id")),
    Column("again", Text, nullable=False, server_default="",
           comment="why the same words go to the same people within a day"),
    Column("again_of", Text, nullable=False, server_default="[]",
           comment="JSON: the broadcasts that reason was given for"),
    Index("ix_broadcasts_state", "state"),
)  # fmt: skip
broadcast_hands = Table(
    "broadcast_hands", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", Id, ForeignKey("people.id"), primary_key=True),
    Column("act", String, primary_key=True), Column("at", Instant, nullable=False),
    comment="who wrote, edited or submitted: none of them may approve",
)  # fmt: skip
broadcast_wards = Table(
    "broadcast_wards", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("ward_id", Id, ForeignKey("areas.id"), primary_key=True),
)  # fmt: skip
broadcast_texts = Table(
    "broadcast_texts", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("body_id", Id, ForeignKey("bodies.id"), primary_key=True),
    comment="what a broadcast was released with, but for texts that name a person: the same words "
    "are found by it",
)  # fmt: skip
attachments = Table(
    "attachments", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("file_id", Id, ForeignKey("files.id"), primary_key=True),
    Column("name", String, nullable=False),
    comment="what goes with a broadcast where a channel or a person can carry it",
)  # fmt: skip
shares = Table(
    "shares", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("residential_group_id", Id, ForeignKey("areas.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    comment="residential groups whose head passed a broadcast on",
)  # fmt: skip
reservations = Table(
    "reservations", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("budget", String, primary_key=True), Column("period", String, primary_key=True),
    Column("wards", Text, nullable=False, comment="JSON: whose cost it is"),
    Column("dong", BigInteger, nullable=False),
    Column("taken", Boolean, nullable=False, server_default=text("true")),
    Column("settled_at", Instant),
    comment="money set aside at release; what it really cost replaces it at the end",
)  # fmt: skip
emergencies = Table(
    "emergencies", metadata, own_id(),
    Column("name", String, nullable=False, unique=True),
    Column("title", String, nullable=False), Column("state", String, nullable=False),
    to_one("template_versions:template_version_id"),
    Column("all_clear_version_id", Id, ForeignKey("template_versions.id")),
    Column("fields", Text, nullable=False), Column("audience", Text, nullable=False),
    Column("route", String, nullable=False),
    Column("people", Integer, nullable=False), Column("dong", BigInteger, nullable=False),
    Column("until", Date, nullable=False),
    Column("rather_twice", Boolean, nullable=False, server_default=text("false")),
    Column("created_by", Id, ForeignKey("people.id")),
    Column("submitted_by", Id, ForeignKey("people.id")),
    Column("approved_by", Id, ForeignKey("people.id")), Column("approved_at", Instant),
    Column("approved_digest", String), Column("reason", String),
    comment="urgent texts approved before the season: largest area, cost and last day",
)  # fmt: skip
schedules = Table(
    "schedules", metadata, own_id(),
    Column("name", String, nullable=False, unique=True), Column("state", String, nullable=False),
    Column("digest", String, nullable=False), Column("source", Text, nullable=False),
    Column("reason", String),
    Column("submitted_by", Id, ForeignKey("people.id")),
    Column("approved_by", Id, ForeignKey("people.id")),
    Column("approved_digest", String), Column("approved_at", Instant), Column("ends_at", Instant),
    Column("next_fire_at", Instant, index=True),
    Column("ceiling_people", Integer), Column("ceiling_dong", BigInteger),
    Column("again_of", Text, nullable=False, server_default="[]",
           comment="JSON: the broadcasts its reason for the same words was given for"),
)  # fmt: skip
occurrences = Table(
    "occurrences", metadata, own_id(), to_one("schedules:schedule_id"),
    Column("fire_at", Instant, nullable=False), Column("state", String, nullable=False),
    Column("broadcast_id", Id, ForeignKey("broadcasts.id")), Column("by_worker", String),
    UniqueConstraint("schedule_id", "fire_at"),
)  # fmt: skip
tallies = Table(
    "tallies", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("ward_id", Id, primary_key=True),
    Column("at", Instant, nullable=False), Column("took", Integer, nullable=False,
           comment="microseconds: adding up again waits many times as long"),
    Column("states", Text, nullable=False, comment="JSON: messages by state"),
    Column("sums", Text, nullable=False, comment="JSON: what a report is made of"),
    comment="large broadcasts added up now and then, so that pages need not",
)  # fmt: skip
headcounts = Table(
    "headcounts", metadata,
    Column("ward_id", Id, primary_key=True, autoincrement=False),
    Column("place", Id, primary_key=True, autoincrement=False,
           comment="a residential group; 0: in none"),
    Column("people", Id, nullable=False),
    comment="people on the lists, true while list_changes is empty",
)  # fmt: skip
list_changes = Table(
    "list_changes", metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    comment="marks of changes since people were counted; one per transaction on PostgreSQL",
)  # fmt: skip
plan_bodies = Table(
    "plan_bodies", metadata,
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("step", Integer, primary_key=True), Column("scope_id", Id, primary_key=True),
    Column("body_id", Id, ForeignKey("bodies.id"), nullable=False),
    comment="the rendered text per ward, residential group or contact, while a release runs",
)  # fmt: skip

# --- messages ---------------------------------------------------------------------------------

_queued = text(f"state = {QUEUED} AND lease_owner IS NULL")
_doubtful = text(f"state = {SENDING} AND lease_owner IS NULL")
_leased = text("lease_owner IS NOT NULL")
_told = text("reason IS NOT NULL")
_faulty = text("fault IS NOT NULL")
_heard_of = text("attempt_id IS NOT NULL")
_in_batch = text("call_ref <> reference")
_both_heard = text("heard IN (6, 7, 10, 11, 14, 15)")  # a yes and a no, see model.BOTH
_looked_for = text("look = 'waiting'")
_unconfirmed = text(f"confirmation IN ('waiting', {SENDING})")
_deadline = text(f"state = {ACCEPTED} AND deadline_at IS NOT NULL")

messages = Table(
    "messages", metadata, own_id(), to_one("broadcasts:broadcast_id"),
    to_one("contacts:contact_id"),
    Column("state", String, nullable=False),
    CheckConstraint(f"state IN ({one_of(MessageState)})", name="state"),
    Column("reason", String, comment="skip reason, or the fault that ended it"),
    Column("code", String, comment="the vendor's own word"),
    Column("ward_id", Id, nullable=False), Column("residential_group_id", Id),
    Column("household_id", Id), Column("carrier", String),
    Column("kind", String, nullable=False), Column("mode", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("position", Integer, nullable=False, server_default="0", comment="current target"),
    Column("gateway", String, comment="of the current target"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", Instant, nullable=False), Column("deadline_at", Instant),
    Column("lease_owner", String), Column("lease_until", Instant),
    Column("through_id", Id, comment="the message that reached the shared phone"),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("broadcast_id", "contact_id"),
    Index("ix_messages_due", "broadcast_id", "gateway", "due_at", "id", sqlite_where=_queued,
          postgresql_where=_queued),
    Index("ix_messages_doubt", "gateway", "due_at", sqlite_where=_doubtful,
          postgresql_where=_doubtful),
    Index("ix_messages_lease", "lease_owner", sqlite_where=_leased, postgresql_where=_leased),
    Index("ix_messages_deadline", "deadline_at", sqlite_where=_deadline,
          postgresql_where=_deadline),
    Index("ix_messages_state", "broadcast_id", "state"),
    Index("ix_messages_reason", "broadcast_id", "reason", sqlite_where=_told,
          postgresql_where=_told),
    Index("ix_messages_contact", "contact_id"),
    comment="the queue entry, the delivery record and the receipt in one row",
)  # fmt: skip
targets = Table(
    "targets", metadata,
    Column("message_id", Id, primary_key=True),
    Column("position", Integer, primary_key=True, comment="step * 16 + which of the addresses"),
    Column("broadcast_id", Id, nullable=False),
    Column("step", Integer, nullable=False), Column("channel", String, nullable=False),
    Column("gateway", String, nullable=False),
    Column("address_id", Id, ForeignKey("addresses.id"), nullable=False),
    Column("body_id", Id, nullable=False),
    *written_with("message_id:messages", "body_id:bodies"),
    UniqueConstraint("broadcast_id", "channel", "address_id"),
    comment="per step the address and the text, frozen at release",
    sqlite_with_rowid=False,
)  # fmt: skip
shared_targets = Table(
    "shared_targets", metadata,
    Column("message_id", Id, primary_key=True),
    Column("position", Integer, primary_key=True, comment="as of a target"),
    Column("broadcast_id", Id, nullable=False),
    Column("step", Integer, nullable=False), Column("channel", String, nullable=False),
    Column("gateway", String, nullable=False),
    Column("address_id", Id, ForeignKey("addresses.id"), nullable=False),
    Column("body_id", Id, nullable=False),
    *written_with("message_id:messages", "body_id:bodies"),
    Index("ix_shared_targets_phone", "broadcast_id", "address_id"),
    comment="targets of those who share a phone, should it be handed over to them",
    sqlite_with_rowid=False,
)  # fmt: skip
attempts = Table(
    "attempts", metadata, own_id(),
    Column("message_id", Id, nullable=False, index=True), *written_with("message_id:messages"),
    Column("broadcast_id", Id, nullable=False), Column("position", Integer, nullable=False),
    Column("gateway", String, nullable=False), Column("channel", String, nullable=False),
    Column("reference", String, nullable=False, unique=True),
    Column("call_ref", String, nullable=False),  # of a batch; alone it is the reference
    Column("state", String, nullable=False), Column("heard", Integer, nullable=False,
           server_default="0", comment="bits of model.Heard"),
    Column("fault", String), Column("code", String), Column("detail", String),
    Column("provider_id", String), Column("parts", Integer), Column("cost", Integer),
    Column("asks", Integer, nullable=False, server_default="1"),
    Column("asked_at", Instant, nullable=False, comment="first time on the wire"),
    Column("answered_at", Instant), Column("heard_at", Instant), Column("heard_code", String),
    Index("ix_attempts_broadcast", "broadcast_id", "state"),
    Index("ix_attempts_fault", "broadcast_id", "fault", sqlite_where=_faulty,
          postgresql_where=_faulty),
    Column("parts_failed", Integer, nullable=False, server_default="0",
           comment="bits of parts reported as failed; the lowest: without saying which"),
    Column("parts_received", Integer, nullable=False, server_default="0",
           comment="bits of parts reported as delivered; the lowest: without saying which"),
    Index("ix_attempts_both_heard", "broadcast_id", "message_id", sqlite_where=_both_heard,
          postgresql_where=_both_heard),
    Index("ix_attempts_call", "call_ref", sqlite_where=_in_batch, postgresql_where=_in_batch),
    Index("ix_attempts_provider", "gateway", "provider_id",
          sqlite_where=text("provider_id IS NOT NULL"),
          postgresql_where=text("provider_id IS NOT NULL")),
    comment="one submission; asked again with the same reference it stays one",
)  # fmt: skip
receipts = Table(
    "receipts", metadata, own_id(),
    Column("gateway", String, nullable=False), Column("at", Instant, nullable=False),
    Column("digest", LargeBinary, nullable=False), Column("sealed", LargeBinary, nullable=False),
    Column("state", String, nullable=False,
           comment="new | matched | unmatched | refused | empty | reply"),
    Column("attempt_id", Id), Column("heard", Integer), Column("code", String),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("again_at", Instant, nullable=False),
    UniqueConstraint("gateway", "digest"),
    Index("ix_receipts_attempt", "attempt_id", sqlite_where=_heard_of, postgresql_where=_heard_of),
    Index("ix_receipts_waiting", "again_at",
          sqlite_where=text("state IN ('new', 'unmatched')"),
          postgresql_where=text("state IN ('new', 'unmatched')")),
    comment="the inbox: stored as it came before anything is believed",
)  # fmt: skip
turned_away = Table(
    "turned_away", metadata,
    Column("gateway", String, primary_key=True), Column("since", Instant, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    comment="reports with a wrong signature: counted per five minutes, never stored",
)  # fmt: skip
replies = Table(
    "replies", metadata, own_id(),
    Column("gateway", String, nullable=False),
    Column("address_id", Id, ForeignKey("addresses.id"), index=True),
    Column("at", Instant, nullable=False), Column("sealed", LargeBinary, nullable=False),
    Column("opt_out", Boolean, nullable=False, server_default=text("false")),
    Column("wish", String, nullable=False, server_default="ordinary",
           comment="ordinary | unclear | all | urgent"),
    Column("look", String, nullable=False, server_default="none",
           comment="none | waiting: a person must look | obeyed | dismissed"),
    Column("looked_at", Instant), Column("looked_by", String),
    Column("confirmation", String, nullable=False, server_default="none",
           comment="none | waiting | sending | sent | failed | unsure | cannot: no way back"),
    Column("confirm_at", Instant, comment="not before; or when it was handed over"),
    Index("ix_replies_look", "id", sqlite_where=_looked_for, postgresql_where=_looked_for),
    Index("ix_replies_confirmation", "id", sqlite_where=_unconfirmed,
          postgresql_where=_unconfirmed),
    comment="what people wrote back",
)  # fmt: skip

# --- gateways and workers ---------------------------------------------------------------------

gateways = Table(
    "gateways", metadata, Column("name", String, primary_key=True),
    Column("paused_at", Instant), Column("paused_reason", String), Column("paused_code", String),
    Column("paused_until", Instant),
    Column("unknowns", Integer, nullable=False, server_default="0",
           comment="answers of unknown in a row"),
    Column("next_free_at", BigInteger, nullable=False, server_default="0",
           comment="pace (GCRA), microseconds"),
    Column("share", Integer, nullable=False, server_default="100",
           comment="per cent of its weight beside other gateways of a step; falls in trouble"),
    Column("rate", Float, comment="messages a second, measured while some were waiting"),
    Column("polled_at", Instant), Column("poll_after", Id, comment="message a round has come to"),
    Column("health", String, comment="ok | unreachable | throttled | unreadable"),
    Column("health_at", Instant),
    Column("health_code", String, comment="the vendor's word, or how connecting failed"),
)  # fmt: skip
closures = Table(
    "closures", metadata,
    Column("gateway", String, primary_key=True),
    Column("broadcast_id", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("until", Instant, nullable=False), Column("code", String, nullable=False),
    comment="a vendor's night or quota: nothing more of this broadcast until then",
)  # fmt: skip
allowances = Table(
    "allowances", metadata,
    Column("name", String, primary_key=True, comment="gateway NAME UNIT | broadcast ID STEP"),
    Column("period", String, primary_key=True, comment="2026-12-01, 2026-12, or empty"),
    Column("used", BigInteger, nullable=False, server_default="0"),
    comment="messages or đồng taken from what is allowed: reserved with the intent, given back "
    "when nothing was taken",
)  # fmt: skip
slots = Table(
    "slots", metadata,
    Column("gateway", String, primary_key=True), Column("worker", String, primary_key=True),
    Column("calls", Integer, nullable=False),
    comment="how many calls each worker may have open at a gateway; together never more than "
    "allowed",
)  # fmt: skip
vault = Table(
    "vault", metadata, Column("name", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False), Column("previous_sealed", LargeBinary),
    Column("version", Integer, nullable=False), Column("refreshed_at", Instant, nullable=False),
    Column("expires_at", Instant), Column("state", String, nullable=False),
    Column("lease_owner", String), Column("lease_until", Instant),
    comment="rotating credentials",
)  # fmt: skip
workers = Table(
    "workers", metadata, Column("name", String, primary_key=True),
    Column("host", String, nullable=False), Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False), Column("seen_at", Instant, nullable=False),
    Column("version", String, nullable=False),
    Column("turned_at", Instant, comment="last turn of its send loop"),
)  # fmt: skip

# --- the trail --------------------------------------------------------------------------------

trail = Table(
    "trail", metadata, own_id(),
    Column("at", Instant, nullable=False), Column("actor", String, nullable=False),
    Column("act", String, nullable=False), Column("noun", String, nullable=False),
    Column("noun_id", String, nullable=False),
    Column("entry", Text, nullable=False, comment="canonical JSON"),
    Column("salt", LargeBinary, nullable=False), Column("leaf", LargeBinary, nullable=False),
    Column("seq", BigInteger, unique=True, comment="given afterwards by the one sequencer"),
    Index("ix_trail_noun", "noun", "noun_id"),
)  # fmt: skip
checkpoints = Table(
    "checkpoints", metadata, Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("head", LargeBinary, nullable=False), Column("at", Instant, nullable=False),
    Column("signature", LargeBinary),
)  # fmt: skip

SCOPED = frozenset({"contacts", "messages", "households", "broadcasts", "tallies", "headcounts"})
NOTED = frozenset({
    "people", "people_wards", "areas", "area_successors", "contacts", "contact_addresses", "groups",
    "group_members", "suppressions", "broadcasts", "gateways", "vault", "api_keys", "delegations",
    "approvals", "duties", "days_off", "emergencies", "attachments", "shares",
})  # fmt: skip
