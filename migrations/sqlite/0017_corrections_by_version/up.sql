-- The entry that keeps a corrected version is named after the capture and that version, so that it follows from its event.
UPDATE capture_entries SET id = capture_id || '-v' || substr('000000' || version, -6) WHERE kind = 'correction';

-- Sessions that were opened before their row kept the address have it in the record.
UPDATE sessions SET address = (
    SELECT json_extract(r.body, '$.address') FROM events e JOIN records r ON r.stream = e.stream AND r.seq = e.seq
    WHERE e.stream = 'agency' AND e.object = sessions.id AND e.action = 'session.opened'
) WHERE kind = 'session' AND address IS NULL;
