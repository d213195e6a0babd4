-- How many captures a grant is of; 0 where it is of the whole case.
ALTER TABLE grants ADD COLUMN chosen BIGINT NOT NULL DEFAULT 0;
-- The captures that were chosen for a grant. They never change.
CREATE TABLE grant_captures (
    grant_id TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    PRIMARY KEY (grant_id, capture_id)
);
CREATE INDEX grant_captures_capture ON grant_captures (capture_id);
