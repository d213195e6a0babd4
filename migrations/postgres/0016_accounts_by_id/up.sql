-- The platform's own id of the account that a capture names, under the same rule as `account`: NULL while its content is
-- closed. With it, counting the captures that name an account reads the index alone.
ALTER TABLE captures ADD COLUMN account_id TEXT;
UPDATE captures SET account_id = substr(nullif(body::jsonb #>> '{account,platform_id}', 'unknown'), 1, 200)
WHERE state NOT IN ('held', 'quarantined');
DROP INDEX captures_by_captured;
CREATE INDEX captures_by_captured ON captures
    (case_id, captured_at, item, state, kind, platform, uncovered, basis, capturer_id, account, account_id, version);
