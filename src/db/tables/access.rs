//! Tables of what stands beside a case: who is let in, who stands in, and under which identity.

diesel::table! {
    access_requests (id) {
        id -> Text,
        asker_id -> Text,
        second_id -> Nullable<Text>,
        case_id -> Nullable<Text>,
        kind -> Text,
        state -> Text,
        ends_at -> BigInt,
        answered_at -> Nullable<BigInt>,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    roster (id) {
        id -> Text,
        kind -> Text,
        unit_id -> Text,
        user_id -> Text,
        given_by -> Text,
        starts_at -> BigInt,
        until -> BigInt,
        ended_at -> Nullable<BigInt>,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    recusals (case_id, user_id) {
        case_id -> Text,
        user_id -> Text,
        id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    aliases (id) {
        id -> Text,
        holder_id -> Text,
        state -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    alias_disclosures (id) {
        id -> Text,
        alias_id -> Text,
        case_id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    alias_namings (authorization_id) {
        authorization_id -> Text,
        case_id -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    alias_uses (capture_id) {
        capture_id -> Text,
        alias_id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}
