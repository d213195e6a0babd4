-- Versions of the agency's authorization policy: what was proposed, and what a supervisor countersigned.
CREATE TABLE authorization_policies (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
-- Who gave the first of two approvals, and whether a closing report was made. Earlier releases knew neither.
ALTER TABLE authorizations ADD COLUMN first_approver_id TEXT;
ALTER TABLE authorizations ADD COLUMN closed BOOLEAN NOT NULL DEFAULT FALSE;
