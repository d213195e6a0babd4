-- The timeline reads the column posted_at, whose index the lists of evidence keep.
DROP INDEX captures_times;
