//! What is open in cases: captures that are held, wait for a decision, a review or a correction; requests; authorizations that
//! end soon; what a prosecutor asked for. Whoever may read a case may know all of it: nothing here is content of a capture.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::clock::{DAY, Micros};
use crate::db::AnyConn;
use crate::db::tables::{authorizations, capture_entries, captures, evidence_requests};
use crate::error::Result;

/// An authorization that ends within this time ends soon.
const SOON: Micros = 7 * DAY;
/// The mark of a ruling that names the policy under which it was given, in an authorization's canonical record. No closing
/// report is due for one of an earlier release.
const DECIDED_BY_POLICY: &str = "%\"policy\":{\"number\":%";
/// Things of one kind that are told one by one, over all cases asked about.
const TOLD: i64 = 100;

/// Why a capture waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemTask {
    /// Nothing covers it; a supervisor decides.
    Held,
    /// An emergency that no supervisor has judged.
    Emergency,
    /// A review returned it, and nobody has corrected it since.
    ToCorrect,
}

/// A capture that waits.
#[derive(Debug, Clone)]
pub struct OpenItem {
    pub case_id: String,
    pub id: String,
    pub item: i64,
    pub capturer_id: String,
    pub received_at: Micros,
    pub task: ItemTask,
}

/// A request that waits, an authorization that ends soon, or one that ended and has no closing report.
#[derive(Debug, Clone, Queryable)]
pub struct OpenAuthorization {
    pub case_id: String,
    pub id: String,
    pub number: i64,
    /// `requested`, `returned`, `approved`; `revoked` and `expired` where a closing report is due.
    pub state: String,
    pub requester_id: String,
    pub ends_at: Micros,
}

/// Something that a prosecutor asked for and nobody has answered.
#[derive(Debug, Clone, Queryable)]
pub struct OpenEvidenceRequest {
    pub case_id: String,
    pub due_on: String,
}

/// What is open in some cases.
#[derive(Debug, Clone, Default)]
pub struct OpenWork {
    pub items: Vec<OpenItem>,
    pub authorizations: Vec<OpenAuthorization>,
    pub requests: Vec<OpenEvidenceRequest>,
    /// Captures that nobody has reviewed, by case; without those of the person asked for, who may not review them.
    pub to_review: HashMap<String, i64>,
    /// That person; '' where all are counted.
    pub but: String,
}

/// What is open in these cases. `but` is the person whose own captures do not count as theirs to review, or ''.
pub fn open_work(conn: &mut AnyConn, cases: &[String], but: &str, now: Micros) -> Result<OpenWork> {
    let mut items = waiting(conn, cases, ItemTask::Held)?;
    items.extend(waiting(conn, cases, ItemTask::Emergency)?);
    items.extend(to_correct(conn, cases)?);
    Ok(OpenWork {
        items,
        authorizations: open_authorizations(conn, cases, now)?,
        requests: open_requests(conn, cases)?,
        to_review: to_review(conn, cases, but)?,
        but: but.to_owned(),
    })
}

type ItemColumns = (
    captures::case_id,
    captures::id,
    captures::item,
    captures::capturer_id,
    captures::received_at,
);

const ITEM: ItemColumns = (
    captures::case_id,
    captures::id,
    captures::item,
    captures::capturer_id,
    captures::received_at,
);

type ItemFields = (String, String, i64, String, Micros);

fn item((case_id, id, item, capturer_id, received_at): ItemFields, task: ItemTask) -> OpenItem {
    OpenItem {
        case_id,
        id,
        item,
        capturer_id,
        received_at,
        task,
    }
}

fn waiting(conn: &mut AnyConn, cases: &[String], task: ItemTask) -> Result<Vec<OpenItem>> {
    let states: &[&str] = match task {
        ItemTask::Held => &["held"],
        ItemTask::Emergency | ItemTask::ToCorrect => &["logged", "reviewed"],
    };
    let rows: Vec<ItemFields> = captures::table
        .filter(captures::case_id.eq_any(cases.to_vec()))
        .filter(
            captures::state
                .eq_any(states.to_vec())
                .and(captures::open_question.eq(true)),
        )
        .order((captures::received_at, captures::id))
        .limit(TOLD)
        .select(ITEM)
        .load(conn)?;
    Ok(rows.into_iter().map(|row| item(row, task)).collect())
}

/// Captures whose present version a review returned.
fn to_correct(conn: &mut AnyConn, cases: &[String]) -> Result<Vec<OpenItem>> {
    let returned = capture_entries::kind
        .eq("review")
        .and(capture_entries::version.ge(captures::version))
        .and(capture_entries::body.like("%\"outcome\":\"returned\"%"));
    let rows: Vec<ItemFields> = captures::table
        .inner_join(capture_entries::table.on(capture_entries::capture_id.eq(captures::id)))
        .filter(
            captures::case_id
                .eq_any(cases.to_vec())
                .and(captures::state.eq("logged")),
        )
        .filter(returned)
        .order((captures::received_at, captures::id))
        .limit(TOLD)
        .select(ITEM)
        .distinct()
        .load(conn)?;
    Ok(rows.into_iter().map(|row| item(row, ItemTask::ToCorrect)).collect())
}

fn open_authorizations(conn: &mut AnyConn, cases: &[String], now: Micros) -> Result<Vec<OpenAuthorization>> {
    let waits = authorizations::state.eq_any(["requested", "returned"]);
    let ends = authorizations::state
        .eq("approved")
        .and(authorizations::ends_at.gt(now))
        .and(authorizations::ends_at.le(now + SOON));
    let ended = authorizations::state
        .eq_any(["revoked", "expired"])
        .or(authorizations::state
            .eq("approved")
            .and(authorizations::ends_at.le(now)));
    let unreported = ended
        .and(authorizations::closed.eq(false))
        .and(authorizations::body.like(DECIDED_BY_POLICY));
    let open = waits.or(ends).or(unreported);
    Ok(authorizations::table
        .filter(authorizations::case_id.eq_any(cases.to_vec()).and(open))
        .order(authorizations::id)
        .limit(TOLD)
        .select((
            authorizations::case_id,
            authorizations::id,
            authorizations::number,
            authorizations::state,
            authorizations::requester_id,
            authorizations::ends_at,
        ))
        .load(conn)?)
}

fn open_requests(conn: &mut AnyConn, cases: &[String]) -> Result<Vec<OpenEvidenceRequest>> {
    Ok(evidence_requests::table
        .filter(evidence_requests::case_id.eq_any(cases.to_vec()))
        .filter(evidence_requests::state.eq("open"))
        .order((evidence_requests::due_on, evidence_requests::id))
        .limit(TOLD)
        .select((evidence_requests::case_id, evidence_requests::due_on))
        .load(conn)?)
}

fn to_review(conn: &mut AnyConn, cases: &[String], but: &str) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = captures::table
        .filter(
            captures::case_id
                .eq_any(cases.to_vec())
                .and(captures::state.eq("logged")),
        )
        .filter(captures::capturer_id.ne(but))
        .group_by(captures::case_id)
        .select((captures::case_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
