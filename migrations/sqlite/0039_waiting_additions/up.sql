-- Whether an account that turned up waits for a supervisor's answer: the approvals queue lists it.
ALTER TABLE authorizations ADD COLUMN addition_waits BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE authorizations SET addition_waits = TRUE WHERE EXISTS
    (SELECT 1 FROM json_each(body, '$.additions') WHERE json_extract(value, '$.decision') IS NULL);
CREATE INDEX authorizations_additions ON authorizations (id) WHERE addition_waits;
