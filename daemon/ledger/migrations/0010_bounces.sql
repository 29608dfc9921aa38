-- What mail systems said of mails of ours after they were accepted, or when they refused them: each word of a mail once.
CREATE TABLE bounces (
    id INTEGER NOT NULL PRIMARY KEY,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    mail_id INTEGER REFERENCES mail_in (id),
    fate TEXT NOT NULL,
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    diagnostic TEXT NOT NULL,
    at TEXT NOT NULL,
    until TEXT,
    UNIQUE (outbox_id, fate)
) STRICT;
-- Whoever cannot be reached is looked up for every notice.
CREATE INDEX bounces_by_end ON bounces (until, recipient) WHERE until IS NOT NULL;
