-- What find looks up: a key is the beginning of the SHA-256 of a number, an address, a handle or a platform's own id as it
-- is compared. The rows follow the records, in the order of the tree; they may be lost and are made again from the start.
CREATE TABLE find_keys (
    key BYTEA NOT NULL,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (key, case_id, kind, object)
);
CREATE INDEX find_keys_object ON find_keys (object);

-- The first event of the tree whose record is not yet in `find_keys`.
CREATE TABLE find_progress (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    next BIGINT NOT NULL
);
INSERT INTO find_progress (id, next) VALUES (1, 0);

-- A-2 of a case.
CREATE INDEX authorizations_number ON authorizations (case_id, number);
