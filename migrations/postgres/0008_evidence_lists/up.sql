-- What a list of a case's captures is filtered and sorted by. Platform, account and time of posting are content: they are
-- NULL, and the time 0, while the capture is held or quarantined, so that no filter tells what its reader may not see.
-- `account` is the handle as handles are compared. `uncovered` says that nothing covered the capture when it was logged.
ALTER TABLE captures ADD COLUMN platform TEXT;
ALTER TABLE captures ADD COLUMN account TEXT;
ALTER TABLE captures ADD COLUMN posted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE captures ADD COLUMN uncovered BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE captures SET uncovered = TRUE WHERE body::jsonb ->> 'state' = 'held';
UPDATE captures SET
    platform = body::jsonb ->> 'platform',
    account = substr(lower(ltrim(btrim(coalesce(nullif(body::jsonb #>> '{account,handle}', 'unknown'),
        nullif(body::jsonb #>> '{account,platform_id}', 'unknown'))), '@')), 1, 200),
    posted_at = coalesce((extract(epoch FROM (body::jsonb ->> 'posted_at')::timestamptz) * 1000000)::bigint, 0)
WHERE state NOT IN ('held', 'quarantined');
-- Both hold all that a filter asks, so that a list reads the rows that it shows and no other.
CREATE INDEX captures_by_captured ON captures
    (case_id, captured_at, item, state, kind, platform, uncovered, basis, capturer_id, account, version);
CREATE INDEX captures_by_posted ON captures
    (case_id, posted_at, item, state, kind, platform, uncovered, basis, capturer_id, account, version);

-- The version of an item that a person has opened, for the mark NEW. Nobody else sees it.
CREATE TABLE seen_items (
    user_id TEXT NOT NULL REFERENCES users (id),
    case_id TEXT NOT NULL REFERENCES cases (id),
    item BIGINT NOT NULL,
    version BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, case_id, item)
);
