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

-- Penalties may stand in a workbook of their own: each workbook has its own versions. What is known is the master's.
CREATE TABLE generations_of_books (
    book TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    PRIMARY KEY (book, number)
) STRICT;
INSERT INTO generations_of_books SELECT 'master', number, at, confirmed FROM sheet_generations;
DROP TABLE sheet_generations;
ALTER TABLE generations_of_books RENAME TO sheet_generations;

CREATE TABLE base_of_books (
    book TEXT NOT NULL,
    sheet TEXT NOT NULL,
    row_key TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER CHECK (until > since),
    body TEXT NOT NULL,
    PRIMARY KEY (book, sheet, row_key, since)
) STRICT;
INSERT INTO base_of_books SELECT 'master', sheet, row_key, since, until, body FROM sheet_base;
DROP TABLE sheet_base;
ALTER TABLE base_of_books RENAME TO sheet_base;
CREATE INDEX sheet_base_by_end ON sheet_base (book, until, since);
