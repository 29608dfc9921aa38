-- The ledger as first released. Times are UTC text of one width, so that they sort; JSON is canonical text.
PRAGMA application_id = 1801810805; -- "kesu"

CREATE TABLE schema_version (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied_by TEXT NOT NULL
) STRICT;

CREATE TABLE policies (
    hash TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- What happened, forever. `promise` names what may happen to a case only once.
CREATE TABLE events (
    seq INTEGER NOT NULL PRIMARY KEY,
    case_number TEXT NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    clause TEXT NOT NULL,
    promise TEXT,
    policy_hash TEXT NOT NULL REFERENCES policies (hash),
    version TEXT NOT NULL,
    commitment TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (case_number, n),
    UNIQUE (case_number, promise)
) STRICT;

-- Personal data stands here, outside the chain: a row may be erased, none may be changed.
CREATE TABLE payloads (
    seq INTEGER NOT NULL PRIMARY KEY REFERENCES events (seq),
    salt BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE chain_head (
    site TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER payloads_are_not_changed BEFORE UPDATE ON payloads
BEGIN SELECT RAISE(ABORT, 'payloads are never changed'); END;
CREATE TRIGGER policies_are_not_changed BEFORE UPDATE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are never changed'); END;
CREATE TRIGGER policies_are_not_deleted BEFORE DELETE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are never deleted'); END;

-- Projections: everything from here to `deadlines` can be rebuilt from the events.
CREATE TABLE cases (
    number TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    status TEXT NOT NULL,
    grade TEXT NOT NULL,
    stage TEXT NOT NULL,
    due TEXT,
    opened_at TEXT NOT NULL,
    updated INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX cases_by_status ON cases (status, grade);
CREATE INDEX cases_by_change ON cases (updated);

CREATE TABLE case_keys (
    case_number TEXT NOT NULL REFERENCES cases (number),
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (case_number, "key")
) STRICT;
CREATE INDEX case_keys_by_value ON case_keys ("key", value);

CREATE TABLE deadlines (
    case_number TEXT NOT NULL REFERENCES cases (number),
    name TEXT NOT NULL,
    due TEXT NOT NULL,
    PRIMARY KEY (case_number, name)
) STRICT;
CREATE INDEX deadlines_by_due ON deadlines (due, case_number, name);

CREATE TABLE numbers (
    site TEXT NOT NULL,
    day TEXT NOT NULL,
    serial INTEGER NOT NULL,
    PRIMARY KEY (site, day)
) STRICT;

-- What came in, byte for byte.
CREATE TABLE archive (
    sha256 TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE mail_in (
    id INTEGER NOT NULL PRIMARY KEY,
    folder TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    sha256 TEXT NOT NULL REFERENCES archive (sha256),
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    received_at TEXT NOT NULL,
    stored_at TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    target_folder TEXT NOT NULL,
    moved_at TEXT,
    UNIQUE (folder, uidvalidity, uid)
) STRICT;
CREATE INDEX mail_in_by_state ON mail_in (state);
CREATE INDEX mail_in_by_message_id ON mail_in (message_id);
CREATE INDEX mail_in_unmoved ON mail_in (id) WHERE moved_at IS NULL AND target_folder <> '';

CREATE TABLE intake_parts (
    message_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mail_id INTEGER NOT NULL REFERENCES mail_in (id),
    PRIMARY KEY (message_id, sha256)
) STRICT;

CREATE TABLE mail_cases (
    mail_id INTEGER NOT NULL REFERENCES mail_in (id),
    case_number TEXT NOT NULL REFERENCES cases (number),
    PRIMARY KEY (mail_id, case_number)
) STRICT;

CREATE TABLE attachments (
    id INTEGER NOT NULL PRIMARY KEY,
    case_number TEXT NOT NULL REFERENCES cases (number),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES archive (sha256),
    size INTEGER NOT NULL,
    UNIQUE (case_number, name, sha256)
) STRICT;

-- What is to go out. `uncertain`: a try was cut off after which nobody knows whether the mail left.
CREATE TABLE outbox (
    id INTEGER NOT NULL PRIMARY KEY,
    notice_key TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL UNIQUE,
    case_number TEXT REFERENCES cases (number),
    event_seq INTEGER REFERENCES events (seq),
    answers INTEGER REFERENCES mail_in (id),
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    locale TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL CHECK (uncertain IN (0, 1)),
    next_try TEXT NOT NULL,
    lease_until TEXT,
    last_error TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    failed_at TEXT,
    smtp_reply TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_by_state ON outbox (state, next_try);
CREATE INDEX outbox_by_case ON outbox (case_number);
CREATE INDEX outbox_answers ON outbox (created_at, recipient) WHERE answers IS NOT NULL;

CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
