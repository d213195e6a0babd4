CREATE TABLE __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE access_requests (
    id TEXT NOT NULL PRIMARY KEY,
    asker_id TEXT NOT NULL,
    second_id TEXT,
    case_id TEXT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    answered_at BIGINT,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX access_requests_asker ON access_requests (asker_id, id);

CREATE INDEX access_requests_case ON access_requests (case_id, state);

CREATE INDEX access_requests_second ON access_requests (second_id, state);

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX accounts_case ON accounts (case_id, id);

CREATE TABLE acknowledgements (
    id TEXT NOT NULL PRIMARY KEY,
    disclosure_id TEXT NOT NULL REFERENCES disclosures (id),
    packet_id TEXT NOT NULL REFERENCES packets (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX acknowledgements_packet ON acknowledgements (packet_id, id);

CREATE TABLE alias_disclosures (
    id TEXT NOT NULL PRIMARY KEY,
    alias_id TEXT NOT NULL REFERENCES aliases (id),
    case_id TEXT NOT NULL REFERENCES cases (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (case_id, alias_id)
);

CREATE INDEX alias_disclosures_alias ON alias_disclosures (alias_id, id);

CREATE TABLE alias_namings (
    authorization_id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX alias_namings_case ON alias_namings (case_id, authorization_id);

CREATE TABLE alias_uses (
    capture_id TEXT NOT NULL PRIMARY KEY,
    alias_id TEXT NOT NULL REFERENCES aliases (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX alias_uses_alias ON alias_uses (alias_id, capture_id);

CREATE TABLE aliases (
    id TEXT NOT NULL PRIMARY KEY,
    holder_id TEXT NOT NULL REFERENCES users (id),
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX aliases_holder ON aliases (holder_id, id);

CREATE TABLE authorization_holders (
    authorization_id TEXT NOT NULL REFERENCES authorizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (authorization_id, user_id)
);

CREATE INDEX authorization_holders_user ON authorization_holders (user_id);

CREATE TABLE authorization_policies (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE authorizations (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    requester_id TEXT NOT NULL REFERENCES users (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
, first_approver_id TEXT, closed BOOLEAN NOT NULL DEFAULT FALSE, register_number BIGINT NOT NULL DEFAULT 0, against_check BOOLEAN NOT NULL DEFAULT FALSE, addition_waits BOOLEAN NOT NULL DEFAULT FALSE);

CREATE INDEX authorizations_additions ON authorizations (id) WHERE addition_waits;

CREATE INDEX authorizations_against ON authorizations (id) WHERE against_check;

CREATE INDEX authorizations_case ON authorizations (case_id, id);

CREATE INDEX authorizations_number ON authorizations (case_id, number);

CREATE UNIQUE INDEX authorizations_register ON authorizations (register_number) WHERE register_number > 0;

CREATE INDEX authorizations_registered ON authorizations (register_number, id);

CREATE INDEX authorizations_state ON authorizations (state, id);

CREATE TABLE capture_entries (
    id TEXT NOT NULL PRIMARY KEY,
    capture_id TEXT NOT NULL REFERENCES captures (id),
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX capture_entries_asked ON capture_entries (capture_id) WHERE kind = 'examination_request';

CREATE INDEX capture_entries_capture ON capture_entries (capture_id, id);

CREATE TABLE capture_files (
    capture_id TEXT NOT NULL REFERENCES captures (id),
    n BIGINT NOT NULL,
    sha256 BLOB NOT NULL,
    withheld BOOLEAN NOT NULL,
    PRIMARY KEY (capture_id, n)
);

CREATE INDEX capture_files_sha256 ON capture_files (sha256);

CREATE TABLE captures (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    item BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    basis TEXT NOT NULL,
    capturer_id TEXT NOT NULL,
    open_question BOOLEAN NOT NULL,
    captured_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL, basis_id TEXT, platform TEXT, account TEXT, posted_at BIGINT NOT NULL DEFAULT 0, uncovered BOOLEAN NOT NULL DEFAULT FALSE, address_stem TEXT, account_id TEXT, exception TEXT, covert BOOLEAN NOT NULL DEFAULT FALSE, corrected_beyond BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (case_id, item)
);

CREATE INDEX captures_address ON captures (case_id, address_stem);

CREATE INDEX captures_by_captured ON captures
    (case_id, captured_at, item, state, kind, platform, uncovered, basis, capturer_id, account, account_id, version);

CREATE INDEX captures_by_posted ON captures
    (case_id, posted_at, item, state, kind, platform, uncovered, basis, capturer_id, account, version);

CREATE INDEX captures_corrected_beyond ON captures (id) WHERE corrected_beyond;

CREATE INDEX captures_covert ON captures (id) WHERE covert;

CREATE INDEX captures_exceptions ON captures (id) WHERE exception IS NOT NULL;

CREATE INDEX captures_open ON captures (state, basis, id);

CREATE INDEX captures_state ON captures (state, id);

CREATE INDEX captures_work ON captures (case_id, state, open_question, capturer_id);

CREATE TABLE cases (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    handling TEXT NOT NULL,
    unit_id TEXT NOT NULL REFERENCES units (id),
    unit_path TEXT NOT NULL,
    lead_id TEXT NOT NULL REFERENCES users (id),
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    items BIGINT NOT NULL,
    held BIGINT NOT NULL,
    authorizations BIGINT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
, proposed_lead_id TEXT REFERENCES users (id), number_key TEXT NOT NULL DEFAULT '');

CREATE INDEX cases_by_number ON cases (number_key);

CREATE INDEX cases_lead ON cases (lead_id, id);

CREATE INDEX cases_proposed ON cases (proposed_lead_id, id) WHERE proposed_lead_id IS NOT NULL;

CREATE INDEX cases_unit ON cases (unit_path, id);

CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: DELETE on checkpoints refused');
END;

CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE on checkpoints refused');
END;

CREATE TABLE checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE conduct_acknowledgements (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX conduct_acknowledgements_of ON conduct_acknowledgements (user_id, sha256);

CREATE TABLE derivatives (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    capture_id TEXT NOT NULL REFERENCES captures (id),
    sha256 BLOB REFERENCES files (sha256),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX derivatives_capture ON derivatives (capture_id, id);

CREATE INDEX derivatives_case ON derivatives (case_id, capture_id, id);

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

CREATE INDEX disclosure_links_packet ON disclosure_links (packet_id, id);

CREATE UNIQUE INDEX disclosure_links_token ON disclosure_links (token_sha256);

CREATE TABLE disclosures (
    id TEXT NOT NULL PRIMARY KEY,
    packet_id TEXT NOT NULL REFERENCES packets (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX disclosures_packet ON disclosures (packet_id, id);

CREATE TABLE drafts (
    user_id TEXT NOT NULL,
    form TEXT NOT NULL,
    body TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, form)
);

CREATE INDEX drafts_age ON drafts (changed_at);

CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: DELETE on events refused');
END;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE on events refused');
END;

CREATE TABLE events (
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL,
    prev BLOB,
    leaf BLOB NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE INDEX events_action ON events (action, at);

CREATE INDEX events_actor ON events (actor, at);

CREATE INDEX events_at ON events (at);

CREATE INDEX events_object ON events (object, stream, seq);

CREATE INDEX user_versions ON events (object, seq) WHERE action IN (
    'user.created', 'user.changed', 'user.disabled', 'user.enabled', 'user.locked', 'user.unlocked', 'password.reset');

CREATE TABLE evidence_requests (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX evidence_requests_case ON evidence_requests (case_id, id);

CREATE TABLE exception_signoffs (
    id TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    object_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL, object_version BIGINT NOT NULL DEFAULT 0,
    UNIQUE (object_id, class)
);

CREATE TABLE exhibit_lists (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    purpose TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX exhibit_lists_case ON exhibit_lists (case_id, id);

CREATE TABLE exhibit_numbers (
    packet_id TEXT NOT NULL REFERENCES packets (id),
    number_key TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    capture_id TEXT NOT NULL REFERENCES captures (id),
    number TEXT NOT NULL,
    issued BOOLEAN NOT NULL,
    PRIMARY KEY (packet_id, number_key)
);

CREATE INDEX exhibit_numbers_case ON exhibit_numbers (case_id, number_key);

CREATE TABLE files (
    sha256 BLOB NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    crc32 BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    state TEXT NOT NULL,
    stored_at BIGINT NOT NULL
);

CREATE TABLE find_keys (
    key BLOB NOT NULL,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (key, case_id, kind, object)
) WITHOUT ROWID;

CREATE INDEX find_keys_object ON find_keys (object);

CREATE TABLE find_progress (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    next BIGINT NOT NULL
);

CREATE TABLE grant_captures (
    grant_id TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    PRIMARY KEY (grant_id, capture_id)
);

CREATE INDEX grant_captures_capture ON grant_captures (capture_id);

CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    can_read BOOLEAN NOT NULL,
    can_export BOOLEAN NOT NULL,
    can_decide BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
, chosen BIGINT NOT NULL DEFAULT 0);

CREATE INDEX grants_case ON grants (case_id, id);

CREATE INDEX grants_user ON grants (user_id, case_id);

CREATE TABLE idempotency (
    user_id TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, route, key)
);

CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE impeachment_flags (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    capture_id TEXT,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX impeachment_flags_of ON impeachment_flags (case_id, id);

CREATE TABLE jobs (
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    cancel BOOLEAN NOT NULL,
    step TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    error TEXT,
    PRIMARY KEY (kind, object)
);

CREATE INDEX jobs_due ON jobs (kind, state, due_at);

CREATE TRIGGER leaves_no_delete BEFORE DELETE ON leaves BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: DELETE on leaves refused');
END;

CREATE TRIGGER leaves_no_update BEFORE UPDATE ON leaves BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE on leaves refused');
END;

CREATE TABLE leaves (
    idx INTEGER NOT NULL PRIMARY KEY,
    leaf BLOB NOT NULL,
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL
);

CREATE UNIQUE INDEX leaves_event ON leaves (stream, seq);

CREATE TABLE log_state (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    installation TEXT NOT NULL,
    origin TEXT NOT NULL,
    vkey TEXT NOT NULL,
    size BIGINT NOT NULL,
    root BLOB NOT NULL,
    demo BOOLEAN NOT NULL,
    read_only BOOLEAN NOT NULL
);

CREATE TABLE members (
    case_id TEXT NOT NULL REFERENCES cases (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    since BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (case_id, user_id)
);

CREATE INDEX members_user ON members (user_id, case_id);

CREATE TABLE misuse_named (
    report_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (report_id, user_id)
);

CREATE TABLE misuse_reports (
    id TEXT NOT NULL PRIMARY KEY,
    reporter_id TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    packet_id TEXT NOT NULL REFERENCES packets (id),
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX notices_packet ON notices (packet_id, id);

CREATE TABLE outbox (
    id INTEGER NOT NULL PRIMARY KEY,
    leaf BLOB NOT NULL,
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL
);

CREATE TABLE packet_releases (
    packet_id TEXT NOT NULL PRIMARY KEY REFERENCES packets (id),
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE packets (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    requested_by TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    size BIGINT,
    sha256 BLOB,
    name TEXT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX packets_case ON packets (case_id, id);

CREATE INDEX packets_state ON packets (state, id);

CREATE TABLE pictures (
    sha256 BLOB NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    ended_at BIGINT NOT NULL
);

CREATE TRIGGER records_no_delete BEFORE DELETE ON records BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: DELETE on records refused');
END;

CREATE TRIGGER records_no_update BEFORE UPDATE ON records BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE on records refused');
END;

CREATE TABLE records (
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    salt BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE TABLE recusals (
    case_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (case_id, user_id)
);

CREATE TABLE register_errors (
    id TEXT NOT NULL PRIMARY KEY,
    authorization_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX register_errors_of ON register_errors (authorization_id, id);

CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    period TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, period, unit_id)
);

CREATE TABLE roster (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    given_by TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX roster_of_user ON roster (user_id);

CREATE TABLE seen_items (
    user_id TEXT NOT NULL REFERENCES users (id),
    case_id TEXT NOT NULL REFERENCES cases (id),
    item BIGINT NOT NULL,
    version BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, case_id, item)
);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
, name TEXT, address TEXT, used_at BIGINT, generation BIGINT NOT NULL DEFAULT 0);

CREATE UNIQUE INDEX sessions_secret ON sessions (secret_hash);

CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE subjects (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX subjects_case ON subjects (case_id, id);

CREATE TRIGGER tiles_grow BEFORE UPDATE ON tiles
WHEN NEW.level <> OLD.level OR NEW.idx <> OLD.idx OR length(NEW.hashes) < length(OLD.hashes)
    OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN
    SELECT RAISE(ABORT, 'a tile only grows');
END;

CREATE TRIGGER tiles_no_delete BEFORE DELETE ON tiles BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: DELETE on tiles refused');
END;

CREATE TABLE tiles (
    level BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, idx)
);

CREATE TABLE trainings (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX trainings_user ON trainings (user_id, created_at);

CREATE TABLE units (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    parent_id TEXT REFERENCES units (id),
    path TEXT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL
);

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

CREATE INDEX uploads_age ON uploads (created_at);

CREATE INDEX uploads_of ON uploads (user_id, case_id);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    unit_id TEXT NOT NULL REFERENCES units (id),
    password_hash TEXT NOT NULL,
    must_change BOOLEAN NOT NULL,
    failures BIGINT NOT NULL,
    failures_since BIGINT NOT NULL,
    locked BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    leaf BLOB NOT NULL
);

CREATE TABLE viewing (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    blur BOOLEAN NOT NULL,
    grey BOOLEAN NOT NULL,
    mute BOOLEAN NOT NULL
);

