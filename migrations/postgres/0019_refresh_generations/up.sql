-- How often a session was refreshed: every refresh token names that, so that no secret of a session has to be kept. The
-- tokens of before are refused: whoever has one signs in again.
ALTER TABLE sessions ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions DROP COLUMN spent_hash;
