//! Queries over acknowledgements of the rules of conduct.

use diesel::prelude::*;

use super::model::{ConductAcknowledgement, ConductRules};
use crate::authorization_policies::{self, PolicyInForce};
use crate::db::tables::conduct_acknowledgements;
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;

/// Keeps an acknowledgement, as an event with this leaf recorded it.
pub fn insert(conn: &mut AnyConn, made: &ConductAcknowledgement, leaf: &Digest) -> Result<()> {
    diesel::insert_into(conduct_acknowledgements::table)
        .values((
            conduct_acknowledgements::id.eq(&made.id),
            conduct_acknowledgements::user_id.eq(&made.user.id),
            conduct_acknowledgements::sha256.eq(&made.sha256),
            conduct_acknowledgements::leaf.eq(leaf.as_bytes().to_vec()),
            conduct_acknowledgements::body.eq(canonical(made)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Somebody's acknowledgement of the rules of this digest, where there is one.
pub fn of_user(conn: &mut AnyConn, user: &str, sha256: &str) -> Result<Option<ConductAcknowledgement>> {
    let found = conduct_acknowledgements::table
        .filter(conduct_acknowledgements::user_id.eq(user))
        .filter(conduct_acknowledgements::sha256.eq(sha256))
        .order(conduct_acknowledgements::id.desc())
        .limit(1);
    Ok(db::records(conn, found.select(conduct_acknowledgements::body))?.pop())
}

/// The rules in force.
pub fn rules(conn: &mut AnyConn) -> Result<ConductRules> {
    ConductRules::of(&authorization_policies::in_force_at(conn)?)
}

/// The number of the policy whose rules of conduct somebody has yet to acknowledge; none where they have, and where the
/// policy has no such rules.
///
/// # Errors
/// Where the database fails.
pub fn missing(conn: &mut AnyConn, user: &str, policy: &PolicyInForce) -> Result<Option<i64>> {
    let rules = ConductRules::of(policy)?;
    if rules.sentences.is_empty() || of_user(conn, user, &rules.sha256)?.is_some() {
        return Ok(None);
    }
    Ok(Some(rules.policy))
}
