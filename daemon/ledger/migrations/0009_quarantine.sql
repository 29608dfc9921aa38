-- Why messages were put aside, and what somebody decided about them.
CREATE TABLE quarantine (
    mail_id INTEGER NOT NULL PRIMARY KEY REFERENCES mail_in (id),
    why TEXT NOT NULL,
    parts TEXT NOT NULL,
    since TEXT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT
) STRICT;
CREATE INDEX quarantine_waiting ON quarantine (mail_id) WHERE state = 'waiting';
INSERT INTO quarantine (mail_id, why, parts, since, state, decided_by)
SELECT id,
    CASE
        WHEN reason LIKE 'the sender may not send%' THEN 'stranger'
        WHEN reason LIKE 'larger than%' THEN 'too-large'
        WHEN reason LIKE 'cannot be taken in:%' THEN 'defect'
        WHEN reason LIKE 'nobody can tell%' THEN 'unconfirmed'
        ELSE 'flawed'
    END,
    '', stored_at, 'waiting', ''
FROM mail_in WHERE state = 'quarantined';
