-- What the daemon remembers of the master workbook, and what it shows there of itself.

-- Each version of the workbook it means to write. The last number given out stands in `marks`: it outlives its row.
CREATE TABLE sheet_generations (
    number INTEGER NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1))
) STRICT;

-- A row as it stood from generation `since` until before generation `until` (NULL: still).
CREATE TABLE sheet_base (
    sheet TEXT NOT NULL,
    row_key TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER CHECK (until > since),
    body TEXT NOT NULL,
    PRIMARY KEY (sheet, row_key, since)
) STRICT;
CREATE INDEX sheet_base_by_end ON sheet_base (until, since);

CREATE TABLE sheet_answers (
    sheet TEXT NOT NULL,
    row_key TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (sheet, row_key)
) STRICT;

-- `case_number` may name a case that never was: a row somebody typed is told of by the number it bore.
CREATE TABLE activity (
    id INTEGER NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    case_number TEXT,
    code TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- NULL while the case is open, so that one index finds the open cases and the cases closed in a span of time.
ALTER TABLE cases ADD COLUMN resolved_at TEXT;
UPDATE cases SET resolved_at = (
    SELECT events.at FROM events
    WHERE events.case_number = cases.number AND events.kind = 'resolved'
    ORDER BY events.n DESC LIMIT 1
) WHERE status = 'resolved';
CREATE INDEX cases_by_resolution ON cases (resolved_at, number);

CREATE INDEX events_of_lapses ON events (at, policy_hash, promise) WHERE kind = 'lapsed';
CREATE INDEX outbox_by_sending ON outbox (sent_at) WHERE sent_at IS NOT NULL;
