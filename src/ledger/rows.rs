//! The rows that an append writes.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use crate::fixed_insert;

fixed_insert! {
    pub(super) EventRow into events {
        stream: String as Text,
        seq: i64 as BigInt,
        prev: Option<Vec<u8>> as Nullable<Binary>,
        leaf: Vec<u8> as Binary,
        at: i64 as BigInt,
        actor: Option<String> as Nullable<Text>,
        action: &'static str as Text,
        object: String as Text,
        body: Vec<u8> as Binary,
    }
}

fixed_insert! {
    pub(super) RecordRow into records {
        stream: String as Text,
        seq: i64 as BigInt,
        leaf: Vec<u8> as Binary,
        salt: Vec<u8> as Binary,
        body: String as Text,
    }
}

fixed_insert! {
    pub(super) OutboxRow into outbox {
        leaf: Vec<u8> as Binary,
        stream: String as Text,
        seq: i64 as BigInt,
    }
}
