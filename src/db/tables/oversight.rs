//! The tables of what is overseen, reported, acknowledged and flagged.

diesel::table! {
    exception_signoffs (id) {
        id -> Text,
        class -> Text,
        object_id -> Text,
        case_id -> Text,
        leaf -> Binary,
        body -> Text,
        object_version -> BigInt,
    }
}

diesel::table! {
    register_errors (id) {
        id -> Text,
        authorization_id -> Text,
        case_id -> Text,
        state -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    misuse_reports (id) {
        id -> Text,
        reporter_id -> Text,
        state -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    misuse_named (report_id, user_id) {
        report_id -> Text,
        user_id -> Text,
    }
}

diesel::table! {
    conduct_acknowledgements (id) {
        id -> Text,
        user_id -> Text,
        sha256 -> Text,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    impeachment_flags (id) {
        id -> Text,
        case_id -> Text,
        capture_id -> Nullable<Text>,
        state -> Text,
        version -> BigInt,
        leaf -> Binary,
        body -> Text,
    }
}

diesel::table! {
    reviews (id) {
        id -> Text,
        kind -> Text,
        period -> Text,
        unit_id -> Text,
        leaf -> Binary,
        body -> Text,
    }
}
