-- Messages that act only once the person in whose name they came has confirmed them.
CREATE TABLE requests (
    id INTEGER NOT NULL PRIMARY KEY,
    mail_id INTEGER NOT NULL UNIQUE REFERENCES mail_in (id),
    sender TEXT NOT NULL,
    digest TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    asked_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    state TEXT NOT NULL,
    settled_at TEXT
) STRICT;
-- The same request of the same person is asked about once.
CREATE UNIQUE INDEX requests_waiting ON requests (sender, digest) WHERE state = 'waiting';
CREATE INDEX requests_by_expiry ON requests (expires_at) WHERE state = 'waiting';
