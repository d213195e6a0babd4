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
