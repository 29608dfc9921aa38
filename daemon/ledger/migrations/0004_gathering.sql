-- Notices of one kind to one person that come in a storm leave together. `kind` is what a notice may be gathered with
-- (NULL: it always leaves by itself), `bundle` the mail that carries it.
ALTER TABLE outbox ADD COLUMN kind TEXT;
ALTER TABLE outbox ADD COLUMN bundle INTEGER REFERENCES outbox (id);
CREATE INDEX outbox_by_kind ON outbox (kind, created_at) WHERE kind IS NOT NULL;
CREATE INDEX outbox_held ON outbox (kind, next_try) WHERE state = 'held';
CREATE INDEX outbox_by_bundle ON outbox (bundle) WHERE bundle IS NOT NULL;
