-- Requests for access to the case of a number, whether or not a case has it. They are events of the agency.
CREATE TABLE access_requests (
    id TEXT NOT NULL PRIMARY KEY,
    asker_id TEXT NOT NULL,
    second_id TEXT,
    case_id TEXT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    answered_at BIGINT,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX access_requests_asker ON access_requests (asker_id, id);
CREATE INDEX access_requests_second ON access_requests (second_id, state);
CREATE INDEX access_requests_case ON access_requests (case_id, state);
