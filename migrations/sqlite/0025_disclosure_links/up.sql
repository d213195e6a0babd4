-- Links by which a disclosed packet can be downloaded without an account. Of address and code only digests are kept.
CREATE TABLE disclosure_links (
    id TEXT NOT NULL PRIMARY KEY,
    disclosure_id TEXT NOT NULL REFERENCES disclosures (id),
    packet_id TEXT NOT NULL REFERENCES packets (id),
    case_id TEXT NOT NULL REFERENCES cases (id),
    token_sha256 BLOB NOT NULL,
    code_sha256 BLOB NOT NULL,
    ends_at BIGINT NOT NULL,
    downloads BIGINT NOT NULL,
    downloaded BIGINT NOT NULL DEFAULT 0,
    last_download BIGINT,
    refused BIGINT NOT NULL DEFAULT 0,
    locked_at BIGINT,
    revoked_at BIGINT,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX disclosure_links_token ON disclosure_links (token_sha256);
CREATE INDEX disclosure_links_packet ON disclosure_links (packet_id, id);

-- Receipts that recipients gave.
CREATE TABLE acknowledgements (
    id TEXT NOT NULL PRIMARY KEY,
    disclosure_id TEXT NOT NULL REFERENCES disclosures (id),
    packet_id TEXT NOT NULL REFERENCES packets (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX acknowledgements_packet ON acknowledgements (packet_id, id);
