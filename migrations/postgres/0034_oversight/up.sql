-- How a capture that nothing covered stood to the authorizations of its case when it was logged, and whether it was
-- taken covertly: what the list of exceptions looks for. Earlier releases told both in the records alone.
ALTER TABLE captures ADD COLUMN exception TEXT;
ALTER TABLE captures ADD COLUMN covert BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE captures SET exception = CASE
    WHEN body LIKE '%"passed":false,"rule":"window","why":"captured after it ended%'
        OR body LIKE '%"passed":false,"rule":"state","why":"it was revoked at %'
        OR body LIKE '%"passed":false,"rule":"state","why":"it was ended at %' THEN 'after'
    WHEN body LIKE '%"coverage":[]%'
        OR body LIKE '%"why":"no authorization of this case was ever approved"%'
        OR body LIKE '%"why":"the authorization named is none of this case that was approved"%'
        OR body LIKE '%"passed":false,"rule":"standing_order"%' THEN 'without'
    ELSE 'beyond' END
WHERE uncovered;
UPDATE captures SET covert = TRUE WHERE body LIKE '%"level":"covert"%';
CREATE INDEX captures_exceptions ON captures (id) WHERE exception IS NOT NULL;
CREATE INDEX captures_covert ON captures (id) WHERE covert;
-- The number in the agency's register, 0 where it was asked for before there was one; and whether it was approved although
-- the agency's policy spoke against it.
ALTER TABLE authorizations ADD COLUMN register_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE authorizations ADD COLUMN against_check BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE authorizations SET against_check = TRUE
WHERE state IN ('approved', 'revoked', 'expired', 'ended') AND body LIKE '%"verdict":"needs_reason"%';
CREATE UNIQUE INDEX authorizations_register ON authorizations (register_number) WHERE register_number > 0;
CREATE INDEX authorizations_registered ON authorizations (register_number, id);
CREATE INDEX authorizations_against ON authorizations (id) WHERE against_check;
-- Who signed off which exception.
CREATE TABLE exception_signoffs (
    id TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    object_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (object_id, class)
);
-- Errors that were reported in entries of the register, and what was answered.
CREATE TABLE register_errors (
    id TEXT NOT NULL PRIMARY KEY,
    authorization_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX register_errors_of ON register_errors (authorization_id, id);
-- Reports of misuse, and the users whom they name.
CREATE TABLE misuse_reports (
    id TEXT NOT NULL PRIMARY KEY,
    reporter_id TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE misuse_named (
    report_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (report_id, user_id)
);
-- Who acknowledged which conduct rules, by the digest of their text.
CREATE TABLE conduct_acknowledgements (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX conduct_acknowledgements_of ON conduct_acknowledgements (user_id, sha256);
-- What may impeach a witness, flagged in a case and cleared by a prosecutor.
CREATE TABLE impeachment_flags (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    capture_id TEXT,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX impeachment_flags_of ON impeachment_flags (case_id, id);
-- Reviews that were signed: of a week of the access log, of a year of who may see what.
CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    period TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    leaf BYTEA NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, period, unit_id)
);
