-- Days of follow-up calls are cases of their own kind; keys of settled cases are kept, so that a recurrence finds them.
ALTER TABLE cases ADD COLUMN kind TEXT NOT NULL DEFAULT 'complaint';
