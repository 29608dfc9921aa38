-- What is to outlive a restart of the sender. `refusals`: how often the mail itself was refused. `most_bytes`: what a
-- server said it takes of it. `looked_up`: since its last try it was not found among what the account has sent.
ALTER TABLE outbox ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN most_bytes INTEGER;
ALTER TABLE outbox ADD COLUMN looked_up INTEGER NOT NULL DEFAULT 0 CHECK (looked_up IN (0, 1));
