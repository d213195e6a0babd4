//! Queries over authorizations.

use std::collections::HashMap;

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{Addition, Authorization, AuthorizationState};
use crate::cases::{Case, DecidesIn, decided};
use crate::clock::{DAY, Micros};
use crate::db::tables::{authorization_holders, authorizations, captures, cases, records};
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::gate::left_since_request;
use crate::identity::Caller;
use crate::ledger;
use crate::ledger::read::StoredEvent;
use crate::proof::event::Event;
use crate::proof::id::Digest;
use crate::{both, fixed};

/// An authorization by id.
pub fn get(conn: &mut AnyConn, id: &str) -> Result<Authorization> {
    db::record(conn, authorizations::table.find(id).select(authorizations::body))
}

/// An authorization of a case, where the case has one of this id: a capture may claim any.
pub fn find_in(conn: &mut AnyConn, (case, id): (&str, &str)) -> Result<Option<Authorization>> {
    Ok(find(conn, id)?.filter(|found| found.case_id == case))
}

/// An authorization by id, where there is one.
pub fn find(conn: &mut AnyConn, id: &str) -> Result<Option<Authorization>> {
    let found = authorizations::table.filter(authorizations::id.eq(id));
    Ok(db::records(conn, found.select(authorizations::body))?.pop())
}

/// The number of an emergency that runs in a case and that one of these people started or holds, where there is one.
pub fn running_emergency(conn: &mut AnyConn, (case, people): (&str, &[&str]), now: Micros) -> Result<Option<i64>> {
    let held = authorization_holders::table
        .filter(authorization_holders::user_id.eq_any(people))
        .select(authorization_holders::authorization_id);
    Ok(authorizations::table
        .filter(authorizations::case_id.eq(case))
        .filter(
            authorizations::requester_id
                .eq_any(people)
                .or(authorizations::id.eq_any(held)),
        )
        .filter(authorizations::state.eq(AuthorizationState::Emergency.as_str()))
        .filter(authorizations::ends_at.ge(now))
        .select(authorizations::number)
        .first(conn)
        .optional()?)
}

/// How long after the end of an emergency that a supervisor repudiated its starter and holders have no other in the case.
const AFTER_REPUDIATION: Micros = DAY;

/// The number of the last emergency in a case that a supervisor repudiated and that one of these people had started or
/// held, and until when it keeps them from another; none where it does no longer.
pub fn repudiated_emergency(
    conn: &mut AnyConn,
    (case, people): (&str, &[&str]),
    now: Micros,
) -> Result<Option<(i64, Micros)>> {
    let held = authorization_holders::table
        .filter(authorization_holders::user_id.eq_any(people))
        .select(authorization_holders::authorization_id);
    let last: Option<(i64, Micros)> = authorizations::table
        .filter(authorizations::case_id.eq(case))
        .filter(
            authorizations::requester_id
                .eq_any(people)
                .or(authorizations::id.eq_any(held)),
        )
        .filter(authorizations::state.eq(AuthorizationState::Repudiated.as_str()))
        .filter(authorizations::ends_at.gt(now - AFTER_REPUDIATION))
        .order(authorizations::ends_at.desc())
        .select((authorizations::number, authorizations::ends_at))
        .first(conn)
        .optional()?;
    Ok(last.map(|(number, ended)| (number, ended + AFTER_REPUDIATION)))
}

/// Keeps a version that an event with this leaf recorded, and who holds it. The first version makes the row, a later
/// one replaces it.
pub fn save(conn: &mut AnyConn, authorization: &Authorization, leaf: &Digest) -> Result<()> {
    let id = &authorization.id;
    let row = (
        authorizations::case_id.eq(&authorization.case_id),
        authorizations::number.eq(authorization.number),
        authorizations::state.eq(authorization.state.as_str()),
        authorizations::requester_id.eq(&authorization.requester.id),
        authorizations::first_approver_id.eq(authorization.approvals.first().map(|first| &first.by.id)),
        authorizations::closed.eq(authorization.closing.is_some()),
        authorizations::starts_at.eq(authorization.terms.starts_at.0),
        authorizations::ends_at.eq(authorization.terms.ends_at.0),
        authorizations::version.eq(authorization.version),
        authorizations::leaf.eq(leaf.as_bytes().to_vec()),
        authorizations::body.eq(canonical(authorization)?),
        authorizations::register_number.eq(authorization.register_number.unwrap_or(0)),
        authorizations::against_check.eq(authorization.is_against_check()),
        authorizations::addition_waits.eq(authorization.waiting_addition().is_some()),
    );
    if authorization.version > 1 {
        diesel::update(authorizations::table.find(id)).set(row).execute(conn)?;
        diesel::delete(authorization_holders::table.filter(authorization_holders::authorization_id.eq(id)))
            .execute(conn)?;
    } else {
        diesel::insert_into(authorizations::table)
            .values((authorizations::id.eq(id), row))
            .execute(conn)?;
    }
    for holder in &authorization.holders {
        diesel::insert_into(authorization_holders::table)
            .values((
                authorization_holders::authorization_id.eq(id),
                authorization_holders::user_id.eq(&holder.id),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The number of an authorization of a case; `None` where the case has none of this id.
pub fn number_of(conn: &mut AnyConn, (case, id): (&str, &str)) -> Result<Option<i64>> {
    let found = authorizations::table.filter(authorizations::id.eq(id).and(authorizations::case_id.eq(case)));
    Ok(found.select(authorizations::number).first(conn).optional()?)
}

/// Counts one authorization more of a case: its number. The case's stream is held.
pub fn next_number(conn: &mut AnyConn, case: &str) -> Result<i64> {
    let counted: i64 = cases::table.find(case).select(cases::authorizations).first(conn)?;
    set_counted(conn, case, counted + 1)?;
    Ok(counted + 1)
}

/// The number that the next request gets in the agency's register. The register's lock is held.
pub fn next_in_register(conn: &mut AnyConn) -> Result<i64> {
    let last: Option<i64> = authorizations::table
        .select(diesel::dsl::max(authorizations::register_number))
        .first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Sets how many authorizations a case has.
pub fn set_counted(conn: &mut AnyConn, case: &str, counted: i64) -> Result<()> {
    diesel::update(cases::table.find(case))
        .set(cases::authorizations.eq(counted))
        .execute(conn)?;
    Ok(())
}

/// Authorizations of a case, in the order of their numbers.
pub fn of_case(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Authorization>> {
    let later = authorizations::id.gt(after.unwrap_or_default());
    let found = authorizations::table.filter(authorizations::case_id.eq(case).and(later));
    let page = found.order(authorizations::id).limit(limit as i64);
    db::records(conn, page.select(authorizations::body))
}

/// The newest authorization of a case, whatever became of it.
pub fn newest(conn: &mut AnyConn, case: &str) -> Result<Option<Authorization>> {
    let found = authorizations::table
        .filter(authorizations::case_id.eq(case))
        .order(authorizations::id.desc())
        .limit(1);
    Ok(db::records(conn, found.select(authorizations::body))?.pop())
}

fixed! {
    OnceApproved -> Text: "SELECT body FROM authorizations WHERE case_id = ", case: String as Text,
    " AND (state = 'approved' OR state = 'revoked' OR state = 'expired' OR state = 'ended' OR state = 'emergency' OR state = 'repudiated' OR state = 'lapsed') AND leaf = (SELECT e.leaf FROM events e \
     WHERE e.object = authorizations.id AND e.stream = 'case:' || case_id ORDER BY e.seq DESC LIMIT 1) ORDER BY id DESC LIMIT 500"
}

/// Authorizations of a case that were ever approved or started, each as far as its row is that of the last event about it. Every new
/// capture is judged by these.
pub fn once_approved(conn: &mut AnyConn, case: &str) -> Result<Vec<Authorization>> {
    let query = OnceApproved { case: case.to_owned() };
    let bodies: Vec<String> = both!(conn, |c| query.load(c))?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// What a list of authorizations is asked for.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationSearch {
    pub state: Option<AuthorizationState>,
    pub before: Option<String>,
    pub limit: usize,
}

/// Authorizations over the cases a caller may read, newest first.
pub fn list(
    conn: &mut AnyConn,
    caller: &Caller,
    search: &AuthorizationSearch,
    now: Micros,
) -> Result<Vec<Authorization>> {
    let sees = crate::cases::VisibleTo::of(caller, now);
    let readable = cases::table.filter(crate::cases::visible(&sees)).select(cases::id);
    let (states, from, to) = stored(search.state, now);
    let found = authorizations::table
        .filter(authorizations::case_id.eq_any(readable))
        .filter(authorizations::state.eq_any(states))
        .filter(authorizations::ends_at.ge(from).and(authorizations::ends_at.lt(to)))
        // "~" sorts after every id.
        .filter(authorizations::id.lt(search.before.as_deref().unwrap_or("~")))
        .order(authorizations::id.desc())
        .limit(search.limit as i64)
        .select(authorizations::body);
    db::records(conn, found)
}

/// A request that waits for somebody's decision, with its case.
#[derive(Debug, Clone)]
pub struct WaitingRequest {
    /// The request.
    pub asked: Authorization,
    /// Its case.
    pub case: Case,
}

impl WaitingRequest {
    /// Whether somebody in danger may depend on it.
    pub fn is_urgent(&self) -> bool {
        self.case.is_about_somebody_endangered() || self.asked.state == AuthorizationState::Emergency
    }

    /// The account that waits for an answer, where this is about one.
    pub fn addition(&self) -> Option<&Addition> {
        let runs = self.asked.state == AuthorizationState::Approved;
        self.asked.waiting_addition().filter(|_| runs)
    }

    /// What the next page begins after: the urgent ones come first.
    pub fn key(&self) -> String {
        format!("{}.{}", u8::from(self.is_urgent()), self.asked.id)
    }
}

/// The mark of an endangered person in a case's canonical record; a text of somebody's cannot hold it, because quotes in
/// a text are escaped.
const ENDANGERED: &str = "%\"endangered\":true%";

/// Requests, running emergencies and accounts that turned up, as far as a caller may decide about them: urgent ones first,
/// then the oldest. The policy's `AuthorizationDecide` and `AdditionDecide` answer the same.
pub fn to_decide(
    conn: &mut AnyConn,
    caller: &Caller,
    (after, limit): (Option<&str>, usize),
    now: Micros,
) -> Result<Vec<WaitingRequest>> {
    let by = DecidesIn::of(caller, now);
    let held = authorization_holders::table
        .filter(authorization_holders::user_id.eq(&caller.user))
        .select(authorization_holders::authorization_id);
    let runs = authorizations::state.eq(AuthorizationState::Emergency.as_str());
    let urgent = cases::body.like(ENDANGERED).or(runs);
    let waits = authorizations::state
        .eq(AuthorizationState::Requested.as_str())
        .or(runs.and(authorizations::ends_at.ge(now)));
    let adds = authorizations::state
        .eq(AuthorizationState::Approved.as_str())
        .and(authorizations::addition_waits)
        .and(authorizations::ends_at.gt(now));
    let first_approver = authorizations::first_approver_id
        .is_null()
        .or(authorizations::first_approver_id.ne(&caller.user));
    let mut query = authorizations::table
        .inner_join(cases::table.on(cases::id.eq(authorizations::case_id)))
        .filter(waits.and(first_approver).or(adds))
        .filter(decided(&by))
        .filter(authorizations::requester_id.ne(&caller.user))
        .filter(authorizations::id.ne_all(held))
        .filter(not(left_since_request(&caller.user)))
        .order((urgent.desc(), authorizations::id))
        .limit(limit as i64)
        .select((authorizations::body, cases::body))
        .into_boxed();
    if let Some((was_urgent, id)) = after.and_then(|key| key.split_once('.')) {
        let later = authorizations::id.gt(id.to_owned());
        query = match was_urgent {
            "1" => query.filter(diesel::dsl::not(urgent).or(later)),
            _ => query.filter(diesel::dsl::not(urgent).and(later)),
        };
    }
    let rows: Vec<(String, String)> = query.load(conn)?;
    let read = |(asked, case): (String, String)| {
        let (asked, case) = (serde_json::from_str(&asked)?, serde_json::from_str(&case)?);
        Ok(WaitingRequest { asked, case })
    };
    rows.into_iter().map(read).collect()
}

/// Something that happened to an authorization.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// What happened, as the event names it.
    pub action: String,
    /// The version that it made; where its record was purged, nothing of it is known.
    pub version: Option<Authorization>,
    /// When.
    pub at: Micros,
}

/// The events about an authorization of its case's stream that a page shows at most; one has a handful.
const EVENTS: i64 = 200;

/// What happened to an authorization, oldest first, as the records of its versions tell it.
pub fn history(conn: &mut AnyConn, asked: &Authorization) -> Result<Vec<HistoryEntry>> {
    let stream = ledger::case_stream(&asked.case_id);
    let found = ledger::read::of_object(conn, &stream, &asked.id, 0, EVENTS)?;
    let seqs: Vec<i64> = found.iter().map(|event| event.seq).collect();
    let bodies: Vec<(i64, String)> = records::table
        .filter(records::stream.eq(&stream).and(records::seq.eq_any(seqs)))
        .select((records::seq, records::body))
        .load(conn)?;
    let bodies: HashMap<i64, String> = bodies.into_iter().collect();
    found.iter().map(|event| entry(event, bodies.get(&event.seq))).collect()
}

fn entry(event: &StoredEvent, body: Option<&String>) -> Result<HistoryEntry> {
    let told = Event::parse(&event.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
    Ok(HistoryEntry {
        action: told.action,
        version: body.map(|body| serde_json::from_str(body)).transpose()?,
        at: told.at,
    })
}

/// A capture that rests on an authorization, as everybody sees it who may read its case.
#[derive(Debug, Clone, Queryable)]
pub struct CoveredCapture {
    pub id: String,
    pub item: i64,
    pub kind: String,
    pub state: String,
    pub captured_at: Micros,
    /// Whether a supervisor is still to decide about it.
    pub awaits_decision: bool,
}

/// The captures that rest on an authorization, in the order of their items.
pub fn covered(conn: &mut AnyConn, asked: &Authorization, after: i64, limit: usize) -> Result<Vec<CoveredCapture>> {
    let of_it = captures::basis_id.eq(&asked.id);
    let found = captures::table
        .filter(
            captures::case_id
                .eq(&asked.case_id)
                .and(captures::item.gt(after))
                .and(of_it),
        )
        .order(captures::item)
        .limit(limit as i64);
    let columns = (
        captures::id,
        captures::item,
        captures::kind,
        captures::state,
        captures::captured_at,
        captures::open_question,
    );
    Ok(found.select(columns).load(conn)?)
}

/// How many captures rest on an authorization.
pub fn count_covered(conn: &mut AnyConn, asked: &Authorization) -> Result<i64> {
    let of_case = captures::table.filter(captures::case_id.eq(&asked.case_id));
    Ok(of_case
        .filter(captures::basis_id.eq(&asked.id))
        .count()
        .get_result(conn)?)
}

/// Running authorizations of which something may be told on a first screen, at most.
const NOTICED: i64 = 300;

/// Running authorizations that have a review date or require a training, with their cases: those that a caller decides
/// about, and those that they asked for or hold.
pub fn watched(conn: &mut AnyConn, caller: &Caller, now: Micros) -> Result<Vec<WaitingRequest>> {
    let (by, sees) = (DecidesIn::of(caller, now), crate::cases::VisibleTo::of(caller, now));
    let held = authorization_holders::table
        .filter(authorization_holders::user_id.eq(&caller.user))
        .select(authorization_holders::authorization_id);
    let own = authorizations::requester_id
        .eq(&caller.user)
        .or(authorizations::id.eq_any(held))
        .and(crate::cases::visible(&sees));
    let told = authorizations::body
        .like(REVIEWED)
        .or(authorizations::body.like(TRAINED));
    let rows: Vec<(String, String)> = authorizations::table
        .inner_join(cases::table.on(cases::id.eq(authorizations::case_id)))
        .filter(
            authorizations::state
                .eq("approved")
                .and(authorizations::ends_at.gt(now)),
        )
        .filter(told)
        .filter(own.or(decided(&by)))
        .order(authorizations::id)
        .limit(NOTICED)
        .select((authorizations::body, cases::body))
        .load(conn)?;
    let read = |(asked, case): (String, String)| {
        let (asked, case) = (serde_json::from_str(&asked)?, serde_json::from_str(&case)?);
        Ok(WaitingRequest { asked, case })
    };
    rows.into_iter().map(read).collect()
}

/// The marks of a review date and of a required training in an authorization's canonical record.
const REVIEWED: &str = "%\"review_at\":\"%";
const TRAINED: &str = "%\"training_required\":true%";

/// The numbers of those that run beside a request: approved, of its case and level, for one of its holders and platforms,
/// at a part of its time. The one that it renews is not among them.
pub fn running_beside(conn: &mut AnyConn, asked: &Authorization, now: Micros) -> Result<Vec<i64>> {
    let terms = &asked.terms;
    let found = authorizations::table
        .filter(
            authorizations::case_id
                .eq(&asked.case_id)
                .and(authorizations::state.eq("approved")),
        )
        .filter(
            authorizations::ends_at
                .gt(terms.starts_at.0.max(now))
                .and(authorizations::starts_at.lt(terms.ends_at.0)),
        )
        .order(authorizations::id)
        .limit(100);
    let others: Vec<Authorization> = db::records(conn, found.select(authorizations::body))?;
    let is_beside = |other: &Authorization| {
        other.id != asked.id
            && terms.renews.as_deref() != Some(other.id.as_str())
            && other.terms.level == terms.level
            && other
                .holders
                .iter()
                .any(|holder| asked.holders.iter().any(|one| one.id == holder.id))
            && other
                .terms
                .platforms
                .iter()
                .any(|platform| terms.platforms.contains(platform))
    };
    Ok(others
        .iter()
        .filter(|other| is_beside(other))
        .map(|other| other.number)
        .collect())
}

/// The stored states, and the range of ends, that amount to a state now. A row past its end may still say approved,
/// because expiry is computed when needed.
fn stored(state: Option<AuthorizationState>, now: Micros) -> (Vec<&'static str>, Micros, Micros) {
    let all = (Micros::MIN, Micros::MAX);
    let (states, (from, to)) = match state {
        None => (AuthorizationState::WORDS.iter().map(|(w, _)| *w).collect(), all),
        Some(AuthorizationState::Approved) => (vec!["approved"], (now, Micros::MAX)),
        Some(AuthorizationState::Expired) => (vec!["approved", "expired"], (Micros::MIN, now)),
        Some(AuthorizationState::Emergency) => (vec!["emergency"], (now, Micros::MAX)),
        Some(AuthorizationState::Lapsed) => (vec!["emergency", "lapsed"], (Micros::MIN, now)),
        Some(state) => (vec![state.as_str()], all),
    };
    (states, from, to)
}

/// Approved ones and emergencies past their end of which no job has recorded that yet.
pub fn overdue(conn: &mut AnyConn, now: Micros) -> Result<Vec<(String, String)>> {
    Ok(authorizations::table
        .filter(
            authorizations::state
                .eq_any(["approved", "emergency"])
                .and(authorizations::ends_at.lt(now)),
        )
        .order(authorizations::id)
        .limit(100)
        .select((authorizations::id, authorizations::case_id))
        .load(conn)?)
}
