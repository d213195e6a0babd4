-- Aliases that a supervisor included in what leaves with a case, each with the reason.
CREATE TABLE alias_disclosures (
    id TEXT NOT NULL PRIMARY KEY,
    alias_id TEXT NOT NULL REFERENCES aliases (id),
    case_id TEXT NOT NULL REFERENCES cases (id),
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (case_id, alias_id)
);
CREATE INDEX alias_disclosures_alias ON alias_disclosures (alias_id, id);
