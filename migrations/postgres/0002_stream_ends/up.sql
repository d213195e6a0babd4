-- A stream ends at its last event; nothing else says so. The heads are compared once more before they go: where they know
-- more than the events, events were removed, and this ends here. Audit with the version before, and restore.
CREATE TABLE ends_were_compared (
    removed BIGINT NOT NULL CONSTRAINT events_were_removed_at_a_streams_end CHECK (removed = 0)
);
INSERT INTO ends_were_compared SELECT COUNT(*) FROM stream_heads h WHERE h.seq >= 0 AND NOT EXISTS (
    SELECT 1 FROM events e WHERE e.stream = h.stream AND e.seq = h.seq AND e.leaf = h.leaf
        AND NOT EXISTS (SELECT 1 FROM events l WHERE l.stream = e.stream AND l.seq > e.seq)
);
DROP TABLE ends_were_compared;
DROP TABLE stream_heads;

-- Who adds to a stream holds its lock until COMMIT.
CREATE FUNCTION stream_lock(stream TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE
    RETURN hashtextextended(stream, 27697);

-- The end is the furthest place that any table knows: where the last event was removed, its record or its leaf in the tree
-- still says that it was there, its place is not given again, and the audit finds the hole. The first statement waits, and
-- the others see what was committed meanwhile. They use the index whatever the planner thinks, because plans are made once
-- a connection, perhaps while the tables are small.
CREATE FUNCTION hold_stream(wanted TEXT) RETURNS TABLE (seq BIGINT, leaf BYTEA, at BIGINT) LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
    known RECORD;
BEGIN
    PERFORM pg_advisory_xact_lock(stream_lock(wanted));
    SELECT e.seq, e.leaf, e.at INTO seq, leaf, at FROM events e WHERE e.stream = wanted ORDER BY e.seq DESC LIMIT 1;
    SELECT r.seq, r.leaf INTO known FROM records r WHERE r.stream = wanted ORDER BY r.seq DESC LIMIT 1;
    IF known.seq > COALESCE(seq, -1) THEN
        seq := known.seq; leaf := known.leaf; at := COALESCE(at, 0);
    END IF;
    SELECT l.seq, l.leaf INTO known FROM leaves l WHERE l.stream = wanted ORDER BY l.seq DESC LIMIT 1;
    IF known.seq > COALESCE(seq, -1) THEN
        seq := known.seq; leaf := known.leaf; at := COALESCE(at, 0);
    END IF;
    IF seq IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END;
$$;
