//! Queries over what grants of chosen captures open. Each condition is that of the gate's relation, for lists.

use std::collections::HashMap;

use diesel::dsl::{count, max, not};
use diesel::prelude::*;

use super::chosen::CaseHead;
use super::model::Case;
use super::store::{self, SharedCase, VisibleTo, visible};
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{cases, grant_captures, grants};
use crate::db::{self, AnyConn};
use crate::error::{Error, Result};

/// The cases of which a caller was given chosen captures: for lists, the gate's relation `granted_captures`.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn headed(to: &VisibleTo) -> _ {
    let grantee: String = to.grantee.clone();
    let now: i64 = to.now;
    let given = grants::table
        .filter(grants::user_id.eq(grantee))
        .filter(grants::ended_at.is_null())
        .filter(grants::until.gt(now))
        .filter(grants::can_read.and(grants::chosen.gt(0_i64)))
        .select(grants::case_id);
    cases::id.eq_any(given)
}

/// The captures that were chosen for a caller, by id: for lists, the gate's relation `granted_this_capture`.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn chosen(to: &VisibleTo) -> _ {
    let grantee: String = to.grantee.clone();
    let now: i64 = to.now;
    let given = grants::table
        .filter(grants::user_id.eq(grantee))
        .filter(grants::ended_at.is_null())
        .filter(grants::until.gt(now))
        .filter(grants::can_read.and(grants::chosen.gt(0_i64)))
        .select(grants::id);
    grant_captures::table
        .filter(grant_captures::grant_id.eq_any(given))
        .select(grant_captures::capture_id)
}

/// The heads of these cases, for a caller who was given chosen captures of them; of others none.
pub fn heads(conn: &mut AnyConn, to: &VisibleTo, of: &[&Case]) -> Result<HashMap<String, CaseHead>> {
    let ids: Vec<&str> = of.iter().map(|case| case.id.as_str()).collect();
    let given: Vec<(String, i64, Option<Micros>)> = grants::table
        .inner_join(grant_captures::table.on(grant_captures::grant_id.eq(grants::id)))
        .filter(grants::user_id.eq(&to.grantee).and(grants::case_id.eq_any(ids)))
        .filter(grants::ended_at.is_null().and(grants::until.gt(to.now)))
        .filter(grants::can_read.and(grants::chosen.gt(0_i64)))
        .group_by(grants::case_id)
        .select((
            grants::case_id,
            count(grant_captures::capture_id).aggregate_distinct(),
            max(grants::until),
        ))
        .load(conn)?;
    let mut heads = HashMap::with_capacity(given.len());
    for (id, captures, until) in given {
        let case = of.iter().find(|case| case.id == id);
        let until = Timestamp(until.unwrap_or(to.now));
        heads.extend(case.map(|case| (id, CaseHead::of(case, (captures, until)))));
    }
    Ok(heads)
}

/// The head of a case, for a caller who was given chosen captures of it.
pub fn head(conn: &mut AnyConn, to: &VisibleTo, id: &str) -> Result<CaseHead> {
    let case = store::case(conn, id)?;
    heads(conn, to, &[&case])?.remove(id).ok_or_else(Error::not_found)
}

/// Cases of which a caller may read chosen captures and no more.
pub fn shared_in_part(conn: &mut AnyConn, sees: &VisibleTo) -> Result<Vec<SharedCase>> {
    let those = cases::table.filter(headed(sees).and(not(visible(sees))));
    let found: Vec<Case> = db::records(conn, those.order(cases::id.desc()).select(cases::body))?;
    let of: Vec<&Case> = found.iter().collect();
    let mut heads = heads(conn, sees, &of)?;
    let shared = found
        .iter()
        .filter_map(|case| heads.remove(&case.id))
        .map(|head| SharedCase {
            case: head.as_case(),
            items: head.captures,
            held: 0,
            reads_until: head.until,
            exports_until: None,
            chosen: Some(head.captures),
        });
    Ok(shared.collect())
}
