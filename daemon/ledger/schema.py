"""The ledger's tables as queries see them; the numbered files in `migrations/` make them, and a test compares both."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from daemon.ledger.columns import UtcDateTime, Words

metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("applied_by", Text, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),  # the event that could first follow it
    Column("text", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("case_number", Text, nullable=False),
    Column("n", Integer, nullable=False),  # from 1 within the case
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("clause", Text, nullable=False),
    Column("promise", Text),
    Column("policy_hash", Text, ForeignKey("policies.hash"), nullable=False),
    Column("version", Text, nullable=False),
    Column("commitment", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("case_number", "n"),
    UniqueConstraint("case_number", "promise"),
    Index("events_of_lapses", "at", "policy_hash", "promise", sqlite_where=text("kind = 'lapsed'")),
)

payloads = Table(
    "payloads",
    metadata,
    Column("seq", Integer, ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
)

chain_head = Table(
    "chain_head",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("number", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("due", UtcDateTime),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated", Integer, nullable=False),  # seq of its last event
    Column("body", Text, nullable=False),
    Column("resolved_at", UtcDateTime),  # NULL while it is open
    Column("kind", Text, nullable=False, server_default="complaint"),
    Column("closed_at", UtcDateTime),  # NULL until nothing of it is missing any more
    Index("cases_by_closing", "closed_at", "number"),
    Index("cases_by_status", "status", "grade"),
    Index("cases_by_change", "updated"),
    Index("cases_by_resolution", "resolved_at", "number"),
)

case_keys = Table(
    "case_keys",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Words, nullable=False),
    Index("case_keys_by_value", "key", "value"),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due", UtcDateTime, nullable=False),
    Index("deadlines_by_due", "due", "case_number", "name"),
)

numbers = Table(
    "numbers",
    metadata,
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("serial", Integer, nullable=False),
)

archive = Table(
    "archive",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", Integer, nullable=False),  # bytes before compression
    Column("content", LargeBinary, nullable=False),  # zlib
)

mail_in = Table(
    "mail_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", Words, nullable=False),
    Column("uidvalidity", Integer, nullable=False),
    Column("uid", Integer, nullable=False),
    Column("sha256", Text, ForeignKey("archive.sha256"), nullable=False),
    Column("message_id", Words, nullable=False),
    Column("sender", Words, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("target_folder", Words, nullable=False),
    Column("moved_at", UtcDateTime),
    UniqueConstraint("folder", "uidvalidity", "uid"),
    Index("mail_in_by_state", "state"),
    Index("mail_in_by_message_id", "message_id"),
    Index("mail_in_unmoved", "id", sqlite_where=text("moved_at IS NULL AND target_folder <> ''")),
)

intake_parts = Table(
    "intake_parts",
    metadata,
    Column("message_id", Words, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("mail_id", Integer, ForeignKey("mail_in.id"), nullable=False),
)

mail_cases = Table(
    "mail_cases",
    metadata,
    Column("mail_id", Integer, ForeignKey("mail_in.id"), primary_key=True),
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("event_seq", Integer, ForeignKey("events.seq")),  # the last it caused, NULL where it caused none
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_number", Text, ForeignKey("cases.number"), nullable=False),
    Column("mail_id", Integer, ForeignKey("mail_in.id")),
    Column("seq", Integer, nullable=False),  # the event from which on it is known
    Column("kind", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("media_type", Words, nullable=False),
    Column("sha256", Text, ForeignKey("archive.sha256"), nullable=False),
    Column("size", Integer, nullable=False),
    UniqueConstraint("case_number", "name", "sha256", "mail_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notice_key", Text, nullable=False, unique=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("case_number", Text, ForeignKey("cases.number")),
    Column("event_seq", Integer, ForeignKey("events.seq")),
    Column("answers", Integer, ForeignKey("mail_in.id")),
    Column("recipient", Words, nullable=False),
    Column("template", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("uncertain", Boolean, nullable=False),
    Column("next_try", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("last_error", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("failed_at", UtcDateTime),
    Column("smtp_reply", Words, nullable=False),
    Column("body", Text, nullable=False),
    Column("kind", Text),  # what it may be gathered with; NULL: it leaves by itself
    Column("bundle", Integer, ForeignKey("outbox.id")),  # the mail that carries it
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("most_bytes", Integer),  # what a server said it takes of it
    Column("looked_up", Boolean, nullable=False, server_default="0"),  # not found among what was sent
    Index("outbox_by_state", "state", "next_try"),
    Index("outbox_by_case", "case_number"),
    Index("outbox_answers", "created_at", "recipient", sqlite_where=text("answers IS NOT NULL")),
    Index("outbox_by_sending", "sent_at", sqlite_where=text("sent_at IS NOT NULL")),
    Index("outbox_by_kind", "kind", "created_at", sqlite_where=text("kind IS NOT NULL")),
    Index("outbox_held", "kind", "next_try", sqlite_where=text("state = 'held'")),
    Index("outbox_by_bundle", "bundle", sqlite_where=text("bundle IS NOT NULL")),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mail_id", Integer, ForeignKey("mail_in.id"), nullable=False, unique=True),
    Column("sender", Words, nullable=False),
    Column("digest", Text, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),  # of the mail that asks
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at", UtcDateTime),
    Index("requests_waiting", "sender", "digest", unique=True, sqlite_where=text("state = 'waiting'")),
    Index("requests_by_expiry", "expires_at", sqlite_where=text("state = 'waiting'")),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("mail_id", Integer, ForeignKey("mail_in.id"), primary_key=True),
    Column("why", Text, nullable=False),
    Column("parts", Text, nullable=False),  # SHA-256 of the attachments nothing came of, separated by blanks
    Column("since", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Words, nullable=False),
    Column("decided_at", UtcDateTime),
    Index("quarantine_waiting", "mail_id", sqlite_where=text("state = 'waiting'")),
)

bounces = Table(
    "bounces",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("outbox_id", Integer, ForeignKey("outbox.id"), nullable=False),
    Column("mail_id", Integer, ForeignKey("mail_in.id")),  # NULL: it was refused by SMTP
    Column("fate", Text, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("status", Text, nullable=False),
    Column("diagnostic", Words, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),  # until when its recipient counts as unreached
    UniqueConstraint("outbox_id", "fate"),
    Index("bounces_by_end", "until", "recipient", sqlite_where=text("until IS NOT NULL")),
)

sheet_generations = Table(
    "sheet_generations",
    metadata,
    Column("book", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("confirmed", Boolean, nullable=False),
)

sheet_base = Table(
    "sheet_base",
    metadata,
    Column("book", Text, primary_key=True),
    Column("sheet", Words, primary_key=True),
    Column("row_key", Words, primary_key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),  # the generation it began with
    Column("until", Integer),  # the generation it no longer belongs to
    Column("body", Words, nullable=False),
    Index("sheet_base_by_end", "book", "until", "since"),
)

sheet_answers = Table(
    "sheet_answers",
    metadata,
    Column("sheet", Words, primary_key=True),
    Column("row_key", Words, primary_key=True),
    Column("body", Words, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

activity = Table(
    "activity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("case_number", Words),
    Column("code", Text, nullable=False),
    Column("body", Words, nullable=False),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Words, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mail_id", Integer, ForeignKey("mail_in.id"), nullable=False, unique=True),
    Column("email", Words, nullable=False),
    Column("back", Boolean, nullable=False),
    Column("begins", UtcDateTime, nullable=False),
    Column("ends", UtcDateTime, nullable=False),
    Column("deputy", Words, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Index("absences_by_end", "ends"),
)
