-- Which mail brought a file, and from which event on it is known, so that a mail composed later shows what was there.

-- The last event that a mail caused in a case; NULL where it caused none.
ALTER TABLE mail_cases ADD COLUMN event_seq INTEGER REFERENCES events (seq);

-- `kind`: file (its bytes are in the archive by themselves); over (more than a case may hold: `sha256` is the mail's,
-- which still has it); form (what was read as a form: kept before this version, shown no longer).
CREATE TABLE attachments_by_mail (
    id INTEGER NOT NULL PRIMARY KEY,
    case_number TEXT NOT NULL REFERENCES cases (number),
    mail_id INTEGER REFERENCES mail_in (id),
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('file', 'over', 'form')),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES archive (sha256),
    size INTEGER NOT NULL,
    UNIQUE (case_number, name, sha256, mail_id)
) STRICT;
INSERT INTO attachments_by_mail (id, case_number, seq, kind, name, media_type, sha256, size)
    SELECT id, case_number, 0,
        CASE WHEN sha256 IN (SELECT sha256 FROM intake_parts) THEN 'form' ELSE 'file' END,
        name, media_type, sha256, size
    FROM attachments;
DROP TABLE attachments;
ALTER TABLE attachments_by_mail RENAME TO attachments;
