-- A case's number as it is compared. Where it holds more than ASCII, the program puts it right after this. Look-alikes of
-- before stay as they are, so the index is not unique.
ALTER TABLE cases ADD COLUMN number_key TEXT NOT NULL DEFAULT '';
UPDATE cases SET number_key = lower(number);
CREATE INDEX cases_by_number ON cases (number_key);
-- What find looks up is made anew: more look-alikes are the same.
UPDATE find_progress SET next = 0;
