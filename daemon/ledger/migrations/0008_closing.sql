-- A settled case stays in sight until it is closed, which may be long after its clock stopped.
ALTER TABLE cases ADD COLUMN closed_at TEXT;
CREATE INDEX cases_by_closing ON cases (closed_at, number);
