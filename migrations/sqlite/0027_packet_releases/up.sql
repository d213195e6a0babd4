-- Referral packets that a supervisor released or refused. Until then nobody else downloads one.
CREATE TABLE packet_releases (
    packet_id TEXT NOT NULL PRIMARY KEY REFERENCES packets (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
