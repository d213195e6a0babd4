-- Captures of a state in the order in which they came: what waits to be reviewed, the oldest first.
CREATE INDEX captures_state ON captures (state, id);
