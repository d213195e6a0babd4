//! Queries over the versions of the authorization policy.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{AuthorizationPolicy, PolicyInForce, PolicyState};
use crate::clock::Micros;
use crate::db::tables::{authorization_policies, units};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;
use crate::{both, fixed};

/// Keeps a version that an event with this leaf recorded. The first makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, policy: &AuthorizationPolicy, leaf: &Digest) -> Result<()> {
    let row = (
        authorization_policies::number.eq(policy.number),
        authorization_policies::state.eq(policy.state.as_str()),
        authorization_policies::version.eq(policy.version),
        authorization_policies::leaf.eq(leaf.as_bytes().to_vec()),
        authorization_policies::body.eq(canonical(policy)?),
    );
    if policy.version > 1 {
        diesel::update(authorization_policies::table.find(&policy.id))
            .set(row)
            .execute(conn)?;
    } else {
        let id = authorization_policies::id.eq(&policy.id);
        diesel::insert_into(authorization_policies::table)
            .values((id, row))
            .execute(conn)?;
    }
    Ok(())
}

/// A version by id.
pub fn get(conn: &mut AnyConn, id: &str) -> Result<AuthorizationPolicy> {
    let found = authorization_policies::table.find(id);
    db::record(conn, found.select(authorization_policies::body))
}

/// Versions, the newest first.
pub fn list(conn: &mut AnyConn, before: Option<i64>, limit: usize) -> Result<Vec<AuthorizationPolicy>> {
    let found = authorization_policies::table
        .filter(authorization_policies::number.lt(before.unwrap_or(i64::MAX)))
        .order(authorization_policies::number.desc())
        .limit(limit as i64);
    db::records(conn, found.select(authorization_policies::body))
}

/// The number that the next version gets. The agency's stream is held.
pub fn next_number(conn: &mut AnyConn) -> Result<i64> {
    Ok(list(conn, None, 1)?.first().map_or(0, |newest| newest.number) + 1)
}

/// The version that waits for a countersignature, where one does.
pub fn proposed(conn: &mut AnyConn) -> Result<Option<AuthorizationPolicy>> {
    let found = authorization_policies::table
        .filter(authorization_policies::state.eq(PolicyState::Proposed.as_str()))
        .limit(1);
    Ok(db::records(conn, found.select(authorization_policies::body))?.pop())
}

/// The names of the agency's units.
pub fn unit_names(conn: &mut AnyConn) -> Result<Vec<String>> {
    Ok(units::table.select(units::name).load(conn)?)
}

/// The policy that counts now.
pub fn in_force(conn: &mut AnyConn) -> Result<PolicyInForce> {
    in_force_then(conn, Micros::MAX)
}

fixed! {
    EveryAdopted -> Text: "SELECT body FROM authorization_policies WHERE state = ", state: String as Text,
    " AND leaf = (SELECT e.leaf FROM events e WHERE e.object = authorization_policies.id AND e.stream = 'agency' \
     ORDER BY e.seq DESC LIMIT 1) ORDER BY number DESC"
}

/// The policy that counted at a time, for no version is retroactive: the last one adopted until then, as far as its row is
/// that of the last event about it, else the one that ships with the program.
pub fn in_force_then(conn: &mut AnyConn, at: Micros) -> Result<PolicyInForce> {
    let query = EveryAdopted {
        state: PolicyState::Adopted.as_str().to_owned(),
    };
    let bodies: Vec<String> = both!(conn, |c| query.load(c))?;
    for body in bodies {
        let policy: AuthorizationPolicy = serde_json::from_str(&body)?;
        if policy.decision.as_ref().is_some_and(|decision| decision.at.0 <= at) {
            return Ok(PolicyInForce::adopted(policy));
        }
    }
    PolicyInForce::shipped()
}
