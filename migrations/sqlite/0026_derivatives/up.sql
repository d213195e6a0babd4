-- What was made from captures, such as redacted copies. Its file stands in files.
CREATE TABLE derivatives (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    capture_id TEXT NOT NULL REFERENCES captures (id),
    sha256 BLOB REFERENCES files (sha256),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX derivatives_capture ON derivatives (capture_id, id);
CREATE INDEX derivatives_case ON derivatives (case_id, capture_id, id);
