-- What a prosecutor asks of those who work on a case, with a day by which it is due.
CREATE TABLE evidence_requests (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX evidence_requests_case ON evidence_requests (case_id, id);
