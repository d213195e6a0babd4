-- The beginning of a capture's address, up to its query, by which captures of the same address are looked for.
ALTER TABLE captures ADD COLUMN address_stem TEXT;
UPDATE captures SET address_stem = rtrim(lower(substr(substr(json_extract(body, '$.url'), 1,
    instr(replace(json_extract(body, '$.url'), '#', '?') || '?', '?') - 1), 1, 500)), '/');
CREATE INDEX captures_address ON captures (case_id, address_stem);

-- Files on their way in over several requests. Their bytes lie in the store of files, apart from the evidence. `received`
-- is how many of them are on the disk for certain. Gone after a day.
CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    name TEXT NOT NULL,
    declared_type TEXT,
    declared_sha256 BLOB,
    size BIGINT NOT NULL,
    received BIGINT NOT NULL,
    sha256 BLOB,
    crc32 BIGINT,
    media_type TEXT,
    used BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX uploads_of ON uploads (user_id, case_id);
CREATE INDEX uploads_age ON uploads (created_at);

-- What somebody has typed into a long form and not sent. Gone once it is sent, or after thirty days.
CREATE TABLE drafts (
    user_id TEXT NOT NULL,
    form TEXT NOT NULL,
    body TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, form)
);
CREATE INDEX drafts_age ON drafts (changed_at);
