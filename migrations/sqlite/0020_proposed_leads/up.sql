-- Who was proposed as the next lead of a case, until they answer.
ALTER TABLE cases ADD COLUMN proposed_lead_id TEXT REFERENCES users (id);
CREATE INDEX cases_proposed ON cases (proposed_lead_id, id) WHERE proposed_lead_id IS NOT NULL;
