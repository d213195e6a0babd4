-- Captures that rest on an authorization with which they could not be compared in full, and captures that were corrected
-- beyond theirs: the list of exceptions has both. Earlier releases judged no correction.
ALTER TABLE captures ADD COLUMN corrected_beyond BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE captures SET exception = 'unjudged'
WHERE exception IS NULL AND NOT uncovered AND basis = 'authorization' AND (
    body LIKE '%"passed":null,"rule":"account"%' OR body LIKE '%"passed":null,"rule":"platform"%'
    OR body LIKE '%"passed":null,"rule":"level"%' OR body LIKE '%"passed":null,"rule":"device"%');
CREATE INDEX captures_corrected_beyond ON captures (id) WHERE corrected_beyond;
