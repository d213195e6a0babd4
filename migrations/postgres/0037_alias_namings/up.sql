-- Which aliases a covert authorization names. Its own record says how many.
CREATE TABLE alias_namings (
    authorization_id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX alias_namings_case ON alias_namings (case_id, authorization_id);
