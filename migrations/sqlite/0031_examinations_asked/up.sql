-- Of which captures another examination was asked for: they are few, and are looked for every ten minutes.
CREATE INDEX capture_entries_asked ON capture_entries (capture_id) WHERE kind = 'examination_request';
-- Find leads from words in what files say of themselves: its keys are made anew.
UPDATE find_progress SET next = 0 WHERE next > 0;
