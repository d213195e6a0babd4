-- Which version of a capture a sign-off is about: a correction beyond its leave that comes later is signed off again.
ALTER TABLE exception_signoffs ADD COLUMN object_version BIGINT NOT NULL DEFAULT 0;
