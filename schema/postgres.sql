CREATE FUNCTION public.hold_stream(wanted text) RETURNS TABLE(seq bigint, leaf bytea, at bigint)
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    known RECORD;
BEGIN
    PERFORM pg_advisory_xact_lock(stream_lock(wanted));
    SELECT e.seq, e.leaf, e.at INTO seq, leaf, at FROM events e WHERE e.stream = wanted ORDER BY e.seq DESC LIMIT 1;
    SELECT r.seq, r.leaf INTO known FROM records r WHERE r.stream = wanted ORDER BY r.seq DESC LIMIT 1;
    IF known.seq > COALESCE(seq, -1) THEN
        seq := known.seq; leaf := known.leaf; at := COALESCE(at, 0);
    END IF;
    SELECT l.seq, l.leaf INTO known FROM leaves l WHERE l.stream = wanted ORDER BY l.seq DESC LIMIT 1;
    IF known.seq > COALESCE(seq, -1) THEN
        seq := known.seq; leaf := known.leaf; at := COALESCE(at, 0);
    END IF;
    IF seq IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END;
$$;

CREATE FUNCTION public.ledger_refuses() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END;
$$;

CREATE FUNCTION public.stream_lock(stream text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN hashtextextended(stream, (27697)::bigint);

CREATE FUNCTION public.tiles_grow() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.idx <> OLD.idx OR length(NEW.hashes) < length(OLD.hashes)
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'a tile only grows';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TABLE public.__diesel_schema_migrations (
    version character varying(50) NOT NULL,
    run_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE public.access_requests (
    id text NOT NULL,
    asker_id text NOT NULL,
    second_id text,
    case_id text,
    kind text NOT NULL,
    state text NOT NULL,
    ends_at bigint NOT NULL,
    answered_at bigint,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.accounts (
    id text NOT NULL,
    case_id text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.acknowledgements (
    id text NOT NULL,
    disclosure_id text NOT NULL,
    packet_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.alias_disclosures (
    id text NOT NULL,
    alias_id text NOT NULL,
    case_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.alias_namings (
    authorization_id text NOT NULL,
    case_id text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.alias_uses (
    capture_id text NOT NULL,
    alias_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.aliases (
    id text NOT NULL,
    holder_id text NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.authorization_holders (
    authorization_id text NOT NULL,
    user_id text NOT NULL
);

CREATE TABLE public.authorization_policies (
    id text NOT NULL,
    number bigint NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.authorizations (
    id text NOT NULL,
    case_id text NOT NULL,
    number bigint NOT NULL,
    state text NOT NULL,
    requester_id text NOT NULL,
    starts_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL,
    first_approver_id text,
    closed boolean DEFAULT false NOT NULL,
    register_number bigint DEFAULT 0 NOT NULL,
    against_check boolean DEFAULT false NOT NULL,
    addition_waits boolean DEFAULT false NOT NULL
);

CREATE TABLE public.capture_entries (
    id text NOT NULL,
    capture_id text NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.capture_files (
    capture_id text NOT NULL,
    n bigint NOT NULL,
    sha256 bytea NOT NULL,
    withheld boolean NOT NULL
);

CREATE TABLE public.captures (
    id text NOT NULL,
    case_id text NOT NULL,
    item bigint NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    basis text NOT NULL,
    capturer_id text NOT NULL,
    open_question boolean NOT NULL,
    captured_at bigint NOT NULL,
    received_at bigint NOT NULL,
    version bigint NOT NULL,
    seq bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL,
    basis_id text,
    platform text,
    account text,
    posted_at bigint DEFAULT 0 NOT NULL,
    uncovered boolean DEFAULT false NOT NULL,
    address_stem text,
    account_id text,
    exception text,
    covert boolean DEFAULT false NOT NULL,
    corrected_beyond boolean DEFAULT false NOT NULL
);

CREATE TABLE public.cases (
    id text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    handling text NOT NULL,
    unit_id text NOT NULL,
    unit_path text NOT NULL,
    lead_id text NOT NULL,
    opened_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    items bigint NOT NULL,
    held bigint NOT NULL,
    authorizations bigint NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL,
    proposed_lead_id text,
    number_key text DEFAULT ''::text NOT NULL
);

CREATE TABLE public.checkpoints (
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    at bigint NOT NULL
);

CREATE TABLE public.conduct_acknowledgements (
    id text NOT NULL,
    user_id text NOT NULL,
    sha256 text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.derivatives (
    id text NOT NULL,
    case_id text NOT NULL,
    capture_id text NOT NULL,
    sha256 bytea,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.disclosure_links (
    id text NOT NULL,
    disclosure_id text NOT NULL,
    packet_id text NOT NULL,
    case_id text NOT NULL,
    token_sha256 bytea NOT NULL,
    code_sha256 bytea NOT NULL,
    ends_at bigint NOT NULL,
    downloads bigint NOT NULL,
    downloaded bigint DEFAULT 0 NOT NULL,
    last_download bigint,
    refused bigint DEFAULT 0 NOT NULL,
    locked_at bigint,
    revoked_at bigint,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.disclosures (
    id text NOT NULL,
    packet_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.drafts (
    user_id text NOT NULL,
    form text NOT NULL,
    body text NOT NULL,
    begun_at bigint NOT NULL,
    changed_at bigint NOT NULL
);

CREATE TABLE public.events (
    stream text NOT NULL,
    seq bigint NOT NULL,
    prev bytea,
    leaf bytea NOT NULL,
    at bigint NOT NULL,
    actor text,
    action text NOT NULL,
    object text NOT NULL,
    body bytea NOT NULL
);

CREATE TABLE public.evidence_requests (
    id text NOT NULL,
    case_id text NOT NULL,
    state text NOT NULL,
    due_on text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.exception_signoffs (
    id text NOT NULL,
    class text NOT NULL,
    object_id text NOT NULL,
    case_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL,
    object_version bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.exhibit_lists (
    id text NOT NULL,
    case_id text NOT NULL,
    purpose text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.exhibit_numbers (
    packet_id text NOT NULL,
    number_key text NOT NULL,
    case_id text NOT NULL,
    capture_id text NOT NULL,
    number text NOT NULL,
    issued boolean NOT NULL
);

CREATE TABLE public.files (
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    crc32 bigint NOT NULL,
    media_type text NOT NULL,
    state text NOT NULL,
    stored_at bigint NOT NULL
);

CREATE TABLE public.find_keys (
    key bytea NOT NULL,
    case_id text NOT NULL,
    kind text NOT NULL,
    object text NOT NULL
);

CREATE TABLE public.find_progress (
    id bigint NOT NULL,
    next bigint NOT NULL,
    CONSTRAINT find_progress_id_check CHECK ((id = 1))
);

CREATE TABLE public.grant_captures (
    grant_id text NOT NULL,
    capture_id text NOT NULL
);

CREATE TABLE public.grants (
    id text NOT NULL,
    case_id text NOT NULL,
    user_id text NOT NULL,
    can_read boolean NOT NULL,
    can_export boolean NOT NULL,
    can_decide boolean NOT NULL,
    created_at bigint NOT NULL,
    until bigint NOT NULL,
    ended_at bigint,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL,
    chosen bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.idempotency (
    user_id text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer text NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.impeachment_flags (
    id text NOT NULL,
    case_id text NOT NULL,
    capture_id text,
    state text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.jobs (
    kind text NOT NULL,
    object text NOT NULL,
    state text NOT NULL,
    due_at bigint NOT NULL,
    attempts bigint NOT NULL,
    lease text NOT NULL,
    leased_until bigint NOT NULL,
    cancel boolean NOT NULL,
    step text NOT NULL,
    done bigint NOT NULL,
    total bigint NOT NULL,
    error text
);

CREATE TABLE public.leaves (
    idx bigint NOT NULL,
    leaf bytea NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL
);

CREATE TABLE public.log_state (
    id bigint NOT NULL,
    installation text NOT NULL,
    origin text NOT NULL,
    vkey text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    demo boolean NOT NULL,
    read_only boolean NOT NULL,
    CONSTRAINT log_state_id_check CHECK ((id = 1))
);

CREATE TABLE public.members (
    case_id text NOT NULL,
    user_id text NOT NULL,
    since bigint NOT NULL,
    ended_at bigint
);

CREATE TABLE public.misuse_named (
    report_id text NOT NULL,
    user_id text NOT NULL
);

CREATE TABLE public.misuse_reports (
    id text NOT NULL,
    reporter_id text NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.notices (
    id text NOT NULL,
    packet_id text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    leaf bytea NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL
);

ALTER TABLE ONLY public.outbox REPLICA IDENTITY FULL;

CREATE SEQUENCE public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.outbox_id_seq OWNED BY public.outbox.id;

CREATE TABLE public.packet_releases (
    packet_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.packets (
    id text NOT NULL,
    case_id text NOT NULL,
    requested_by text NOT NULL,
    purpose text NOT NULL,
    state text NOT NULL,
    requested_at bigint NOT NULL,
    started_at bigint,
    finished_at bigint,
    size bigint,
    sha256 bytea,
    name text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.pictures (
    sha256 bytea NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    ended_at bigint NOT NULL
);

CREATE TABLE public.records (
    stream text NOT NULL,
    seq bigint NOT NULL,
    leaf bytea NOT NULL,
    salt bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.recusals (
    case_id text NOT NULL,
    user_id text NOT NULL,
    id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.register_errors (
    id text NOT NULL,
    authorization_id text NOT NULL,
    case_id text NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.reviews (
    id text NOT NULL,
    kind text NOT NULL,
    period text NOT NULL,
    unit_id text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.roster (
    id text NOT NULL,
    kind text NOT NULL,
    unit_id text NOT NULL,
    user_id text NOT NULL,
    given_by text NOT NULL,
    starts_at bigint NOT NULL,
    until bigint NOT NULL,
    ended_at bigint,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.seen_items (
    user_id text NOT NULL,
    case_id text NOT NULL,
    item bigint NOT NULL,
    version bigint NOT NULL,
    seen_at bigint NOT NULL
);

CREATE TABLE public.sessions (
    id text NOT NULL,
    user_id text NOT NULL,
    kind text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at bigint NOT NULL,
    refreshed_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    name text,
    address text,
    used_at bigint,
    generation bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.subjects (
    id text NOT NULL,
    case_id text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.tiles (
    level bigint NOT NULL,
    idx bigint NOT NULL,
    hashes bytea NOT NULL
);

CREATE TABLE public.trainings (
    id text NOT NULL,
    user_id text NOT NULL,
    created_at bigint NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.units (
    id text NOT NULL,
    name text NOT NULL,
    parent_id text,
    path text NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL
);

CREATE TABLE public.uploads (
    id text NOT NULL,
    user_id text NOT NULL,
    case_id text NOT NULL,
    name text NOT NULL,
    declared_type text,
    declared_sha256 bytea,
    size bigint NOT NULL,
    received bigint NOT NULL,
    sha256 bytea,
    crc32 bigint,
    media_type text,
    used boolean NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.users (
    id text NOT NULL,
    username text NOT NULL,
    name text NOT NULL,
    roles text NOT NULL,
    unit_id text NOT NULL,
    password_hash text NOT NULL,
    must_change boolean NOT NULL,
    failures bigint NOT NULL,
    failures_since bigint NOT NULL,
    locked boolean NOT NULL,
    disabled boolean NOT NULL,
    created_at bigint NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL
);

CREATE TABLE public.viewing (
    user_id text NOT NULL,
    blur boolean NOT NULL,
    grey boolean NOT NULL,
    mute boolean NOT NULL
);

ALTER TABLE ONLY public.outbox ALTER COLUMN id SET DEFAULT nextval('public.outbox_id_seq'::regclass);

ALTER TABLE ONLY public.__diesel_schema_migrations
    ADD CONSTRAINT __diesel_schema_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.access_requests
    ADD CONSTRAINT access_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.acknowledgements
    ADD CONSTRAINT acknowledgements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alias_disclosures
    ADD CONSTRAINT alias_disclosures_case_id_alias_id_key UNIQUE (case_id, alias_id);

ALTER TABLE ONLY public.alias_disclosures
    ADD CONSTRAINT alias_disclosures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alias_namings
    ADD CONSTRAINT alias_namings_pkey PRIMARY KEY (authorization_id);

ALTER TABLE ONLY public.alias_uses
    ADD CONSTRAINT alias_uses_pkey PRIMARY KEY (capture_id);

ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT aliases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.authorization_holders
    ADD CONSTRAINT authorization_holders_pkey PRIMARY KEY (authorization_id, user_id);

ALTER TABLE ONLY public.authorization_policies
    ADD CONSTRAINT authorization_policies_number_key UNIQUE (number);

ALTER TABLE ONLY public.authorization_policies
    ADD CONSTRAINT authorization_policies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.authorizations
    ADD CONSTRAINT authorizations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.capture_entries
    ADD CONSTRAINT capture_entries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.capture_files
    ADD CONSTRAINT capture_files_pkey PRIMARY KEY (capture_id, n);

ALTER TABLE ONLY public.captures
    ADD CONSTRAINT captures_case_id_item_key UNIQUE (case_id, item);

ALTER TABLE ONLY public.captures
    ADD CONSTRAINT captures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_number_key UNIQUE (number);

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (size);

ALTER TABLE ONLY public.conduct_acknowledgements
    ADD CONSTRAINT conduct_acknowledgements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.derivatives
    ADD CONSTRAINT derivatives_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disclosure_links
    ADD CONSTRAINT disclosure_links_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disclosures
    ADD CONSTRAINT disclosures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT drafts_pkey PRIMARY KEY (user_id, form);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (stream, seq);

ALTER TABLE ONLY public.evidence_requests
    ADD CONSTRAINT evidence_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.exception_signoffs
    ADD CONSTRAINT exception_signoffs_object_id_class_key UNIQUE (object_id, class);

ALTER TABLE ONLY public.exception_signoffs
    ADD CONSTRAINT exception_signoffs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.exhibit_lists
    ADD CONSTRAINT exhibit_lists_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.exhibit_numbers
    ADD CONSTRAINT exhibit_numbers_pkey PRIMARY KEY (packet_id, number_key);

ALTER TABLE ONLY public.files
    ADD CONSTRAINT files_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.find_keys
    ADD CONSTRAINT find_keys_pkey PRIMARY KEY (key, case_id, kind, object);

ALTER TABLE ONLY public.find_progress
    ADD CONSTRAINT find_progress_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.grant_captures
    ADD CONSTRAINT grant_captures_pkey PRIMARY KEY (grant_id, capture_id);

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (user_id, route, key);

ALTER TABLE ONLY public.impeachment_flags
    ADD CONSTRAINT impeachment_flags_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (kind, object);

ALTER TABLE ONLY public.leaves
    ADD CONSTRAINT leaves_pkey PRIMARY KEY (idx);

ALTER TABLE ONLY public.log_state
    ADD CONSTRAINT log_state_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (case_id, user_id);

ALTER TABLE ONLY public.misuse_named
    ADD CONSTRAINT misuse_named_pkey PRIMARY KEY (report_id, user_id);

ALTER TABLE ONLY public.misuse_reports
    ADD CONSTRAINT misuse_reports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.packet_releases
    ADD CONSTRAINT packet_releases_pkey PRIMARY KEY (packet_id);

ALTER TABLE ONLY public.packets
    ADD CONSTRAINT packets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pictures
    ADD CONSTRAINT pictures_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_pkey PRIMARY KEY (stream, seq);

ALTER TABLE ONLY public.recusals
    ADD CONSTRAINT recusals_pkey PRIMARY KEY (case_id, user_id);

ALTER TABLE ONLY public.register_errors
    ADD CONSTRAINT register_errors_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_kind_period_unit_id_key UNIQUE (kind, period, unit_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.roster
    ADD CONSTRAINT roster_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.seen_items
    ADD CONSTRAINT seen_items_pkey PRIMARY KEY (user_id, case_id, item);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.subjects
    ADD CONSTRAINT subjects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tiles
    ADD CONSTRAINT tiles_pkey PRIMARY KEY (level, idx);

ALTER TABLE ONLY public.trainings
    ADD CONSTRAINT trainings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.units
    ADD CONSTRAINT units_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key UNIQUE (username);

ALTER TABLE ONLY public.viewing
    ADD CONSTRAINT viewing_pkey PRIMARY KEY (user_id);

CREATE INDEX access_requests_asker ON public.access_requests USING btree (asker_id, id);

CREATE INDEX access_requests_case ON public.access_requests USING btree (case_id, state);

CREATE INDEX access_requests_second ON public.access_requests USING btree (second_id, state);

CREATE INDEX accounts_case ON public.accounts USING btree (case_id, id);

CREATE INDEX acknowledgements_packet ON public.acknowledgements USING btree (packet_id, id);

CREATE INDEX alias_disclosures_alias ON public.alias_disclosures USING btree (alias_id, id);

CREATE INDEX alias_namings_case ON public.alias_namings USING btree (case_id, authorization_id);

CREATE INDEX alias_uses_alias ON public.alias_uses USING btree (alias_id, capture_id);

CREATE INDEX aliases_holder ON public.aliases USING btree (holder_id, id);

CREATE INDEX authorization_holders_user ON public.authorization_holders USING btree (user_id);

CREATE INDEX authorizations_additions ON public.authorizations USING btree (id) WHERE addition_waits;

CREATE INDEX authorizations_against ON public.authorizations USING btree (id) WHERE against_check;

CREATE INDEX authorizations_case ON public.authorizations USING btree (case_id, id);

CREATE INDEX authorizations_number ON public.authorizations USING btree (case_id, number);

CREATE UNIQUE INDEX authorizations_register ON public.authorizations USING btree (register_number) WHERE (register_number > 0);

CREATE INDEX authorizations_registered ON public.authorizations USING btree (register_number, id);

CREATE INDEX authorizations_state ON public.authorizations USING btree (state, id);

CREATE INDEX capture_entries_asked ON public.capture_entries USING btree (capture_id) WHERE (kind = 'examination_request'::text);

CREATE INDEX capture_entries_capture ON public.capture_entries USING btree (capture_id, id);

CREATE INDEX capture_files_sha256 ON public.capture_files USING btree (sha256);

CREATE INDEX captures_address ON public.captures USING btree (case_id, address_stem);

CREATE INDEX captures_by_captured ON public.captures USING btree (case_id, captured_at, item, state, kind, platform, uncovered, basis, capturer_id, account, account_id, version);

CREATE INDEX captures_by_posted ON public.captures USING btree (case_id, posted_at, item, state, kind, platform, uncovered, basis, capturer_id, account, version);

CREATE INDEX captures_corrected_beyond ON public.captures USING btree (id) WHERE corrected_beyond;

CREATE INDEX captures_covert ON public.captures USING btree (id) WHERE covert;

CREATE INDEX captures_exceptions ON public.captures USING btree (id) WHERE (exception IS NOT NULL);

CREATE INDEX captures_open ON public.captures USING btree (state, basis, id);

CREATE INDEX captures_state ON public.captures USING btree (state, id);

CREATE INDEX captures_work ON public.captures USING btree (case_id, state, open_question, capturer_id);

CREATE INDEX cases_by_number ON public.cases USING btree (number_key);

CREATE INDEX cases_lead ON public.cases USING btree (lead_id, id);

CREATE INDEX cases_proposed ON public.cases USING btree (proposed_lead_id, id) WHERE (proposed_lead_id IS NOT NULL);

CREATE INDEX cases_unit ON public.cases USING btree (unit_path, id);

CREATE INDEX conduct_acknowledgements_of ON public.conduct_acknowledgements USING btree (user_id, sha256);

CREATE INDEX derivatives_capture ON public.derivatives USING btree (capture_id, id);

CREATE INDEX derivatives_case ON public.derivatives USING btree (case_id, capture_id, id);

CREATE INDEX disclosure_links_packet ON public.disclosure_links USING btree (packet_id, id);

CREATE UNIQUE INDEX disclosure_links_token ON public.disclosure_links USING btree (token_sha256);

CREATE INDEX disclosures_packet ON public.disclosures USING btree (packet_id, id);

CREATE INDEX drafts_age ON public.drafts USING btree (changed_at);

CREATE INDEX events_action ON public.events USING btree (action, at);

CREATE INDEX events_actor ON public.events USING btree (actor, at);

CREATE INDEX events_at ON public.events USING btree (at);

CREATE INDEX events_object ON public.events USING btree (object, stream, seq);

CREATE INDEX evidence_requests_case ON public.evidence_requests USING btree (case_id, id);

CREATE INDEX exhibit_lists_case ON public.exhibit_lists USING btree (case_id, id);

CREATE INDEX exhibit_numbers_case ON public.exhibit_numbers USING btree (case_id, number_key);

CREATE INDEX find_keys_object ON public.find_keys USING btree (object);

CREATE INDEX grant_captures_capture ON public.grant_captures USING btree (capture_id);

CREATE INDEX grants_case ON public.grants USING btree (case_id, id);

CREATE INDEX grants_user ON public.grants USING btree (user_id, case_id);

CREATE INDEX idempotency_age ON public.idempotency USING btree (created_at);

CREATE INDEX impeachment_flags_of ON public.impeachment_flags USING btree (case_id, id);

CREATE INDEX jobs_due ON public.jobs USING btree (kind, state, due_at);

CREATE UNIQUE INDEX leaves_event ON public.leaves USING btree (stream, seq);

CREATE INDEX members_user ON public.members USING btree (user_id, case_id);

CREATE INDEX notices_packet ON public.notices USING btree (packet_id, id);

CREATE INDEX packets_case ON public.packets USING btree (case_id, id);

CREATE INDEX packets_state ON public.packets USING btree (state, id);

CREATE INDEX register_errors_of ON public.register_errors USING btree (authorization_id, id);

CREATE INDEX roster_of_user ON public.roster USING btree (user_id);

CREATE UNIQUE INDEX sessions_secret ON public.sessions USING btree (secret_hash);

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

CREATE INDEX subjects_case ON public.subjects USING btree (case_id, id);

CREATE INDEX trainings_user ON public.trainings USING btree (user_id, created_at);

CREATE INDEX uploads_age ON public.uploads USING btree (created_at);

CREATE INDEX uploads_of ON public.uploads USING btree (user_id, case_id);

CREATE INDEX user_versions ON public.events USING btree (object, seq) WHERE (action = ANY (ARRAY['user.created'::text, 'user.changed'::text, 'user.disabled'::text, 'user.enabled'::text, 'user.locked'::text, 'user.unlocked'::text, 'password.reset'::text]));

CREATE TRIGGER checkpoints_no_change BEFORE DELETE OR UPDATE ON public.checkpoints FOR EACH ROW EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON public.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER events_no_change BEFORE DELETE OR UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER leaves_no_change BEFORE DELETE OR UPDATE ON public.leaves FOR EACH ROW EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER leaves_no_truncate BEFORE TRUNCATE ON public.leaves FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER records_no_change BEFORE DELETE OR UPDATE ON public.records FOR EACH ROW EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER records_no_truncate BEFORE TRUNCATE ON public.records FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER tiles_grow BEFORE UPDATE ON public.tiles FOR EACH ROW EXECUTE FUNCTION public.tiles_grow();

CREATE TRIGGER tiles_no_delete BEFORE DELETE ON public.tiles FOR EACH ROW EXECUTE FUNCTION public.ledger_refuses();

CREATE TRIGGER tiles_no_truncate BEFORE TRUNCATE ON public.tiles FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuses();

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.acknowledgements
    ADD CONSTRAINT acknowledgements_disclosure_id_fkey FOREIGN KEY (disclosure_id) REFERENCES public.disclosures(id);

ALTER TABLE ONLY public.acknowledgements
    ADD CONSTRAINT acknowledgements_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES public.packets(id);

ALTER TABLE ONLY public.alias_disclosures
    ADD CONSTRAINT alias_disclosures_alias_id_fkey FOREIGN KEY (alias_id) REFERENCES public.aliases(id);

ALTER TABLE ONLY public.alias_disclosures
    ADD CONSTRAINT alias_disclosures_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.alias_namings
    ADD CONSTRAINT alias_namings_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.alias_uses
    ADD CONSTRAINT alias_uses_alias_id_fkey FOREIGN KEY (alias_id) REFERENCES public.aliases(id);

ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT aliases_holder_id_fkey FOREIGN KEY (holder_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.authorization_holders
    ADD CONSTRAINT authorization_holders_authorization_id_fkey FOREIGN KEY (authorization_id) REFERENCES public.authorizations(id);

ALTER TABLE ONLY public.authorization_holders
    ADD CONSTRAINT authorization_holders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.authorizations
    ADD CONSTRAINT authorizations_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.authorizations
    ADD CONSTRAINT authorizations_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.capture_entries
    ADD CONSTRAINT capture_entries_capture_id_fkey FOREIGN KEY (capture_id) REFERENCES public.captures(id);

ALTER TABLE ONLY public.capture_files
    ADD CONSTRAINT capture_files_capture_id_fkey FOREIGN KEY (capture_id) REFERENCES public.captures(id);

ALTER TABLE ONLY public.captures
    ADD CONSTRAINT captures_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_proposed_lead_id_fkey FOREIGN KEY (proposed_lead_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.units(id);

ALTER TABLE ONLY public.derivatives
    ADD CONSTRAINT derivatives_capture_id_fkey FOREIGN KEY (capture_id) REFERENCES public.captures(id);

ALTER TABLE ONLY public.derivatives
    ADD CONSTRAINT derivatives_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.derivatives
    ADD CONSTRAINT derivatives_sha256_fkey FOREIGN KEY (sha256) REFERENCES public.files(sha256);

ALTER TABLE ONLY public.disclosure_links
    ADD CONSTRAINT disclosure_links_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.disclosure_links
    ADD CONSTRAINT disclosure_links_disclosure_id_fkey FOREIGN KEY (disclosure_id) REFERENCES public.disclosures(id);

ALTER TABLE ONLY public.disclosure_links
    ADD CONSTRAINT disclosure_links_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES public.packets(id);

ALTER TABLE ONLY public.disclosures
    ADD CONSTRAINT disclosures_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES public.packets(id);

ALTER TABLE ONLY public.evidence_requests
    ADD CONSTRAINT evidence_requests_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.exhibit_lists
    ADD CONSTRAINT exhibit_lists_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.exhibit_numbers
    ADD CONSTRAINT exhibit_numbers_capture_id_fkey FOREIGN KEY (capture_id) REFERENCES public.captures(id);

ALTER TABLE ONLY public.exhibit_numbers
    ADD CONSTRAINT exhibit_numbers_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.exhibit_numbers
    ADD CONSTRAINT exhibit_numbers_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES public.packets(id);

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES public.packets(id);

ALTER TABLE ONLY public.packet_releases
    ADD CONSTRAINT packet_releases_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES public.packets(id);

ALTER TABLE ONLY public.packets
    ADD CONSTRAINT packets_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.seen_items
    ADD CONSTRAINT seen_items_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.seen_items
    ADD CONSTRAINT seen_items_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.subjects
    ADD CONSTRAINT subjects_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);

ALTER TABLE ONLY public.trainings
    ADD CONSTRAINT trainings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.units
    ADD CONSTRAINT units_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.units(id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.units(id);

ALTER TABLE ONLY public.viewing
    ADD CONSTRAINT viewing_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

