//! Queries over the cases that exist for somebody: those that are open to them whole, and those of which they were given chosen
//! captures. Each condition is that of the gate's relation, for lists.

use std::collections::HashMap;

use diesel::dsl::{count, max, not};
use diesel::prelude::*;

use super::chosen::{CaseHead, CaseShown};
use super::model::Case;
use super::store::{self, VisibleTo, visible};
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{cases, grant_captures, grants};
use crate::db::{self, AnyConn};
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::lookalike::fold;

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
fn shared_in_part(conn: &mut AnyConn, sees: &VisibleTo) -> Result<Vec<SharedCase>> {
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

/// What a list of cases is asked for.
#[derive(Debug, Clone, Default)]
pub struct CaseSearch {
    pub number: Option<String>,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub before: Option<String>,
    pub limit: usize,
}

/// Cases a caller may read, newest first: whole, or by their heads where chosen captures alone were given to them.
pub fn list(conn: &mut AnyConn, caller: &Caller, search: &CaseSearch, now: Micros) -> Result<Vec<CaseShown>> {
    let sees = VisibleTo::of(caller, now);
    // Who was proposed as lead reads what the case is about, and no more of it.
    let offered = || cases::proposed_lead_id.assume_not_null().eq(sees.worker.as_str());
    let mut query = cases::table
        .filter(visible(&sees).or(offered()).or(headed(&sees)))
        .order(cases::id.desc())
        .limit(search.limit as i64)
        .select((cases::body, cases::held))
        .into_boxed();
    if let Some(number) = &search.number {
        query = query.filter(cases::number_key.eq(fold(number)));
    }
    if let Some(kind) = &search.kind {
        query = query.filter(cases::kind.eq(kind));
    }
    if let Some(status) = &search.status {
        query = query.filter(cases::status.eq(status));
    }
    if let Some(before) = &search.before {
        query = query.filter(cases::id.lt(before));
    }
    let rows = query.load(conn)?;
    let found = store::views(conn, rows)?;
    let ids: Vec<&str> = found.iter().map(|view| view.case.id.as_str()).collect();
    let whole: Vec<String> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visible(&sees).or(offered()))
        .select(cases::id)
        .load(conn)?;
    let in_part: Vec<&Case> = found.iter().map(|view| &view.case).collect();
    let in_part: Vec<&Case> = in_part.into_iter().filter(|case| !whole.contains(&case.id)).collect();
    let mut heads = match in_part.is_empty() {
        true => HashMap::new(),
        false => heads(conn, &sees, &in_part)?,
    };
    let shown = found
        .into_iter()
        .filter_map(|view| match whole.contains(&view.case.id) {
            true => Some(CaseShown::Whole(Box::new(view))),
            false => heads.remove(&view.case.id).map(CaseShown::Head),
        });
    Ok(shown.collect())
}

/// A case that was shared with somebody by grants.
#[derive(Debug, Clone)]
pub struct SharedCase {
    pub case: Case,
    pub items: i64,
    pub held: i64,
    /// Until when they read it; any grant lets them.
    pub reads_until: Timestamp,
    /// Until when they export from it.
    pub exports_until: Option<Timestamp>,
    /// Where chosen captures alone were shared: so many. The case is its head then.
    pub chosen: Option<i64>,
}

/// Cases that a caller may read by a grant that has not ended.
pub fn shared_with(conn: &mut AnyConn, caller: &Caller, now: Micros) -> Result<Vec<SharedCase>> {
    let own = grants::user_id.eq(&caller.user).and(grants::ended_at.is_null());
    let lasting = grants::table.filter(own.and(grants::until.gt(now)).and(grants::chosen.eq(0_i64)));
    let given: Vec<(String, bool, Micros)> = lasting
        .select((grants::case_id, grants::can_export, grants::until))
        .load(conn)?;
    let ids: Vec<String> = given.iter().map(|(case, ..)| case.clone()).collect();
    let sees = VisibleTo::of(caller, now);
    let rows: Vec<(String, i64, i64)> = cases::table
        .filter(cases::id.eq_any(ids).and(visible(&sees)))
        .select((cases::body, cases::items, cases::held))
        .load(conn)?;
    let mut all = Vec::with_capacity(rows.len());
    for (body, items, held) in rows {
        let case: Case = serde_json::from_str(&body)?;
        let own = || given.iter().filter(|(of, ..)| *of == case.id);
        all.push(SharedCase {
            items,
            held,
            reads_until: Timestamp(own().map(|(.., until)| *until).max().unwrap_or(now)),
            exports_until: own()
                .filter(|(_, exports, _)| *exports)
                .map(|(.., until)| Timestamp(*until))
                .max(),
            chosen: None,
            case,
        });
    }
    all.extend(shared_in_part(conn, &sees)?);
    Ok(all)
}
