//! The tables as Diesel sees them; `migrations/` is where they are made.

mod access;
mod oversight;

pub use access::{access_requests, alias_disclosures, alias_namings, alias_uses, aliases, recusals, roster};
pub use oversight::{
    conduct_acknowledgements, exception_signoffs, impeachment_flags, misuse_named, misuse_reports, register_errors,
    reviews,
};

diesel::table! {
    events (stream, seq) {
        stream -> Text,
        seq -> BigInt,
        prev -> Nullable<Binary>,
        leaf -> Binary,
        at -> BigInt,
        actor -> Nullable<Text>,
        action -> Text,
        object -> Text,
        body -> Binary,
    }
}

diesel::table! {
    records (stream, seq) {
        stream -> Text,
        seq -> BigInt,
        leaf -> Binary,
        salt -> Binary,
        body -> Text,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        leaf -> Binary,
        stream -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    leaves (idx) {
        idx -> BigInt,
        leaf -> Binary,
        stream -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    tiles (level, idx) {
        level -> BigInt,
        idx -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    checkpoints (size) {
        size -> BigInt,
        root -> Binary,
        note -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    log_state (id) {
        id -> BigInt,
        installation -> Text,
        origin -> Text,
        vkey -> Text,
        size -> BigInt,
        root -> Binary,
        demo -> Bool,
        read_only -> Bool,
    }
}

diesel::table! {
    units (id) {
        id -> Text,
        name -> Text,
        parent_id -> Nullable<Text>,
        path -> Text,
        version -> BigInt,
        leaf -> Binary,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        name -> Text,
        roles -> Text,
        unit_id -> Text,
        password_hash -> Text,
        must_change -> Bool,
        failures -> BigInt,
        failures_since -> BigInt,
        locked -> Bool,
        disabled -> Bool,
        created_at -> BigInt,
        version -> BigInt,
        leaf -> Binary,
    }
}

diesel::table! {
    trainings (id) {
        id -> Text,
        user_id -> Text,
        created_at -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        secret_hash -> Binary,
        created_at -> BigInt,
        refreshed_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        name -> Nullable<Text>,
        address -> Nullable<Text>,
        used_at -> Nullable<BigInt>,
        generation -> BigInt,
    }
}

diesel::table! {
    cases (id) {
        id -> Text,
        number -> Text,
        kind -> Text,
        status -> Text,
        handling -> Text,
        unit_id -> Text,
        unit_path -> Text,
        lead_id -> Text,
        proposed_lead_id -> Nullable<Text>,
        opened_at -> BigInt,
        changed_at -> BigInt,
        items -> BigInt,
        held -> BigInt,
        authorizations -> BigInt,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
        number_key -> Text,
    }
}

diesel::table! {
    members (case_id, user_id) {
        case_id -> Text,
        user_id -> Text,
        since -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        case_id -> Text,
        user_id -> Text,
        can_read -> Bool,
        can_export -> Bool,
        can_decide -> Bool,
        created_at -> BigInt,
        until -> BigInt,
        ended_at -> Nullable<BigInt>,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
        chosen -> BigInt,
    }
}

diesel::table! {
    grant_captures (grant_id, capture_id) {
        grant_id -> Text,
        capture_id -> Text,
    }
}

diesel::table! {
    subjects (id) {
        id -> Text,
        case_id -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        case_id -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    authorizations (id) {
        id -> Text,
        case_id -> Text,
        number -> BigInt,
        state -> Text,
        requester_id -> Text,
        first_approver_id -> Nullable<Text>,
        closed -> Bool,
        starts_at -> BigInt,
        ends_at -> BigInt,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
        register_number -> BigInt,
        against_check -> Bool,
        addition_waits -> Bool,
    }
}

diesel::table! {
    authorization_holders (authorization_id, user_id) {
        authorization_id -> Text,
        user_id -> Text,
    }
}

diesel::table! {
    captures (id) {
        id -> Text,
        case_id -> Text,
        item -> BigInt,
        kind -> Text,
        state -> Text,
        basis -> Text,
        basis_id -> Nullable<Text>,
        capturer_id -> Text,
        open_question -> Bool,
        captured_at -> BigInt,
        received_at -> BigInt,
        version -> BigInt,
        seq -> BigInt,
        leaf -> Binary,
        body -> Text,
        platform -> Nullable<Text>,
        account -> Nullable<Text>,
        account_id -> Nullable<Text>,
        posted_at -> BigInt,
        uncovered -> Bool,
        address_stem -> Nullable<Text>,
        exception -> Nullable<Text>,
        covert -> Bool,
        corrected_beyond -> Bool,
    }
}

diesel::table! {
    seen_items (user_id, case_id, item) {
        user_id -> Text,
        case_id -> Text,
        item -> BigInt,
        version -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    capture_entries (id) {
        id -> Text,
        capture_id -> Text,
        kind -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    files (sha256) {
        sha256 -> Binary,
        size -> BigInt,
        crc32 -> BigInt,
        media_type -> Text,
        state -> Text,
        stored_at -> BigInt,
    }
}

diesel::table! {
    capture_files (capture_id, n) {
        capture_id -> Text,
        n -> BigInt,
        sha256 -> Binary,
        withheld -> Bool,
    }
}

diesel::table! {
    packets (id) {
        id -> Text,
        case_id -> Text,
        requested_by -> Text,
        purpose -> Text,
        state -> Text,
        requested_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Binary>,
        name -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    disclosures (id) {
        id -> Text,
        packet_id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    disclosure_links (id) {
        id -> Text,
        disclosure_id -> Text,
        packet_id -> Text,
        case_id -> Text,
        token_sha256 -> Binary,
        code_sha256 -> Binary,
        ends_at -> BigInt,
        downloads -> BigInt,
        downloaded -> BigInt,
        last_download -> Nullable<BigInt>,
        refused -> BigInt,
        locked_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    acknowledgements (id) {
        id -> Text,
        disclosure_id -> Text,
        packet_id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    notices (id) {
        id -> Text,
        packet_id -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    derivatives (id) {
        id -> Text,
        case_id -> Text,
        capture_id -> Text,
        sha256 -> Nullable<Binary>,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    packet_releases (packet_id) {
        packet_id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    authorization_policies (id) {
        id -> Text,
        number -> BigInt,
        state -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    evidence_requests (id) {
        id -> Text,
        case_id -> Text,
        state -> Text,
        due_on -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    exhibit_lists (id) {
        id -> Text,
        case_id -> Text,
        purpose -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    exhibit_numbers (packet_id, number_key) {
        packet_id -> Text,
        number_key -> Text,
        case_id -> Text,
        capture_id -> Text,
        number -> Text,
        issued -> Bool,
    }
}

diesel::table! {
    idempotency (user_id, route, key) {
        user_id -> Text,
        route -> Text,
        key -> Text,
        fingerprint -> Binary,
        answer -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (kind, object) {
        kind -> Text,
        object -> Text,
        state -> Text,
        due_at -> BigInt,
        attempts -> BigInt,
        lease -> Text,
        leased_until -> BigInt,
        cancel -> Bool,
        step -> Text,
        done -> BigInt,
        total -> BigInt,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    find_keys (key, case_id, kind, object) {
        key -> Binary,
        case_id -> Text,
        kind -> Text,
        object -> Text,
    }
}

diesel::table! {
    find_progress (id) {
        id -> BigInt,
        next -> BigInt,
    }
}

diesel::table! {
    pictures (sha256) {
        sha256 -> Binary,
        state -> Text,
        reason -> Text,
        width -> BigInt,
        height -> BigInt,
        ended_at -> BigInt,
    }
}

diesel::table! {
    viewing (user_id) {
        user_id -> Text,
        blur -> Bool,
        grey -> Bool,
        mute -> Bool,
    }
}

diesel::table! {
    uploads (id) {
        id -> Text,
        user_id -> Text,
        case_id -> Text,
        name -> Text,
        declared_type -> Nullable<Text>,
        declared_sha256 -> Nullable<Binary>,
        size -> BigInt,
        received -> BigInt,
        sha256 -> Nullable<Binary>,
        crc32 -> Nullable<BigInt>,
        media_type -> Nullable<Text>,
        used -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    drafts (user_id, form) {
        user_id -> Text,
        form -> Text,
        body -> Text,
        begun_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    events,
    records,
    outbox,
    leaves,
    tiles,
    checkpoints,
    log_state,
    units,
    users,
    trainings,
    sessions,
    cases,
    members,
    grants,
    grant_captures,
    access_requests,
    subjects,
    accounts,
    authorizations,
    authorization_holders,
    captures,
    seen_items,
    capture_entries,
    files,
    capture_files,
    derivatives,
    packets,
    disclosures,
    packet_releases,
    disclosure_links,
    acknowledgements,
    notices,
    authorization_policies,
    aliases,
    alias_uses,
    alias_namings,
    alias_disclosures,
    roster,
    recusals,
    evidence_requests,
    exhibit_lists,
    exhibit_numbers,
    exception_signoffs,
    register_errors,
    misuse_reports,
    misuse_named,
    conduct_acknowledgements,
    impeachment_flags,
    reviews,
    idempotency,
    jobs,
    find_keys,
    find_progress,
    pictures,
    viewing,
    uploads,
    drafts
);
