-- Whether thumbnail and preview of an evidence file were made. They are no evidence: a row may be removed, and is made
-- again. `state` is made, failed or lacking; `reason` is why there is no picture, or the program that is not installed.
-- Width and height are those of the whole picture.
CREATE TABLE pictures (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    ended_at BIGINT NOT NULL
);

-- How a person looks at graphic material; where there is no row, everything is on.
CREATE TABLE viewing (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    blur BOOLEAN NOT NULL,
    grey BOOLEAN NOT NULL,
    mute BOOLEAN NOT NULL
);
