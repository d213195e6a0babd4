-- What an append says whose stream ended elsewhere than it was remembered, or is held by somebody else. It stands in place
-- of a value, so that nothing of the statement is written; the program takes it as it takes a place that is taken.
CREATE FUNCTION place_is_lost() RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this append builds on what does not hold: its stream is held first, and then written to'
        USING ERRCODE = 'unique_violation';
END;
$$;

-- Nobody seeks one line of the outbox: the sequencer takes what is there, half a second's worth, and sorts it.
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
-- A table without a key that somebody replicates lets nobody delete from it otherwise.
ALTER TABLE outbox REPLICA IDENTITY FULL;
