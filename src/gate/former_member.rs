//! Who worked on a case when something of it was asked for or came in, or later, and does so no more. Who hands a case over
//! stays in it as a member, so that this is told of former leads as well. The door and the lists ask the same.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::db::tables::{authorizations, captures, events, members, packets};
use crate::ledger::Action;

/// Whether a user left the case of an authorization since it was asked for, or started as an emergency.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn left_since_request(user: &str) -> _ {
    let requested: &'static str = Action::AuthorizationRequested.as_str();
    let started: &'static str = Action::AuthorizationStarted.as_str();
    let asked_later = events::table
        .filter(events::object.eq(authorizations::id))
        .filter(events::action.eq(requested).or(events::action.eq(started)))
        .filter(events::at.nullable().gt(members::ended_at));
    let left = members::table
        .filter(members::user_id.eq(user))
        .filter(members::case_id.eq(authorizations::case_id))
        .filter(members::ended_at.is_not_null())
        .filter(not(exists(asked_later)));
    exists(left)
}

/// Whether a user left the case of a capture since that was received.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn left_since_receipt(user: &str) -> _ {
    let left = members::table
        .filter(members::user_id.eq(user))
        .filter(members::case_id.eq(captures::case_id))
        .filter(members::ended_at.ge(captures::received_at.nullable()));
    exists(left)
}

/// Whether a user left the case of a packet since that was asked for.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn left_since_packet(user: &str) -> _ {
    let left = members::table
        .filter(members::user_id.eq(user))
        .filter(members::case_id.eq(packets::case_id))
        .filter(members::ended_at.ge(packets::requested_at.nullable()));
    exists(left)
}
