-- A stream ends at its last event; nothing else says so. Who adds to it holds its lock until COMMIT.
DROP TABLE stream_heads;

CREATE FUNCTION stream_lock(stream TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE
    RETURN hashtextextended(stream, 27697);

-- Two statements, so that the second sees what was committed while the first waited. The index is named the only way,
-- because the plan is made once a connection, perhaps while the table is small.
CREATE FUNCTION hold_stream(wanted TEXT) RETURNS TABLE (seq BIGINT, leaf BYTEA, at BIGINT) LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(stream_lock(wanted));
    RETURN QUERY SELECT e.seq, e.leaf, e.at FROM events e WHERE e.stream = wanted ORDER BY e.seq DESC LIMIT 1;
END;
$$;
