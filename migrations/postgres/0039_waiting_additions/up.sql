-- Whether an account that turned up waits for a supervisor's answer: the approvals queue lists it.
ALTER TABLE authorizations ADD COLUMN addition_waits BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE authorizations SET addition_waits = TRUE WHERE EXISTS
    (SELECT 1 FROM jsonb_array_elements(body::jsonb -> 'additions') AS asked WHERE asked -> 'decision' IS NULL);
CREATE INDEX authorizations_additions ON authorizations (id) WHERE addition_waits;
