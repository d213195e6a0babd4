-- The registry of aliases: asked for, approved, reviewed, retired. Its holder and the supervisors of the holder's unit
-- read it, and nobody else.
CREATE TABLE aliases (
    id TEXT NOT NULL PRIMARY KEY,
    holder_id TEXT NOT NULL REFERENCES users (id),
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX aliases_holder ON aliases (holder_id, id);
-- Which captures were made under which alias. No record of a case tells it.
CREATE TABLE alias_uses (
    capture_id TEXT NOT NULL PRIMARY KEY,
    alias_id TEXT NOT NULL REFERENCES aliases (id),
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX alias_uses_alias ON alias_uses (alias_id, capture_id);
