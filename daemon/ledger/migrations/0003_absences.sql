-- What people said of their own absence, in the order they said it: the last one that covers a moment counts.
CREATE TABLE absences (
    id INTEGER NOT NULL PRIMARY KEY,
    mail_id INTEGER NOT NULL UNIQUE REFERENCES mail_in (id),
    email TEXT NOT NULL,
    back INTEGER NOT NULL CHECK (back IN (0, 1)),
    begins TEXT NOT NULL,
    ends TEXT NOT NULL CHECK (ends > begins),
    deputy TEXT NOT NULL,
    said_at TEXT NOT NULL
) STRICT;
CREATE INDEX absences_by_end ON absences (ends);
