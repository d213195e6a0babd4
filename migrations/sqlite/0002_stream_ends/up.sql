-- A stream ends at its last event; nothing else says so.
DROP TABLE stream_heads;
