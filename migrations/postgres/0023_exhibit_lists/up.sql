-- Lists of exhibits, each the current version of one.
CREATE TABLE exhibit_lists (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    purpose TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX exhibit_lists_case ON exhibit_lists (case_id, id);

-- The numbers that packets gave to captures. One that was issued is never given to another capture of the case.
CREATE TABLE exhibit_numbers (
    packet_id TEXT NOT NULL REFERENCES packets (id),
    number_key TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    capture_id TEXT NOT NULL REFERENCES captures (id),
    number TEXT NOT NULL,
    issued BOOLEAN NOT NULL,
    PRIMARY KEY (packet_id, number_key)
);
CREATE INDEX exhibit_numbers_case ON exhibit_numbers (case_id, number_key);
