-- Who is on call for a unit, and to whom a supervisor's reach over one is delegated.
CREATE TABLE roster (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    given_by TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX roster_of_user ON roster (user_id);
-- Who decides nothing more in a case, by their own word.
CREATE TABLE recusals (
    case_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (case_id, user_id)
);
