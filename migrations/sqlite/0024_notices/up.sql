-- Notices of intent to offer certified records, each the current version of one.
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    packet_id TEXT NOT NULL REFERENCES packets (id),
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX notices_packet ON notices (packet_id, id);
