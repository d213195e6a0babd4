-- An auditor searches the agency's events by person, by action and by time, newest first.
CREATE INDEX events_at ON events (at);
CREATE INDEX events_actor ON events (actor, at);
CREATE INDEX events_action ON events (action, at);

-- What a person sees of their sessions and tokens: a token's name, where a session was opened from, and when a token was
-- last used. Older rows do not know it.
ALTER TABLE sessions ADD COLUMN name TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN used_at BIGINT;
