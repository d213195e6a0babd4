//! The table of keys, and queries by what something is found by. Every query that a caller causes asks for what they may
//! see itself, so that how long it takes does not depend on what they may not.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use diesel::prelude::*;

use super::key::{FindKey, FoundBy, key};
use super::model::{HitKind, Numbered};
use crate::authorizations::Authorization;
use crate::captures::{Capture, CaptureState};
use crate::cases::{Case, VisibleTo, chosen, headed, visible};
use crate::db::tables::{
    accounts, authorizations, capture_files, captures, cases, events, find_keys, find_progress, leaves,
};
use crate::db::{self, AnyConn};
use crate::error::Result;
use crate::ledger::{self, Action};
use crate::subjects::Account;

/// Events of one step.
const STEP: i64 = 1000;

/// Where the tree goes on that no key was made of yet; none where all are made.
pub fn next_step(conn: &mut AnyConn) -> Result<Option<Range<i64>>> {
    let next: i64 = find_progress::table.select(find_progress::next).first(conn)?;
    let size = ledger::state(conn)?.map_or(0, |state| i64::try_from(state.size).unwrap_or(i64::MAX));
    Ok((next < size).then(|| next..size.min(next + STEP)))
}

/// Notes that a stretch is done; `false` where another server was first.
pub fn advance(conn: &mut AnyConn, done: &Range<i64>) -> Result<bool> {
    let here = find_progress::table.filter(find_progress::next.eq(done.start));
    Ok(diesel::update(here)
        .set(find_progress::next.eq(done.end))
        .execute(conn)?
        == 1)
}

/// The things whose records changed.
#[derive(Default)]
pub struct Changed {
    pub cases: BTreeSet<String>,
    pub captures: BTreeSet<String>,
    pub accounts: BTreeSet<String>,
}

/// What the events of a stretch of the tree changed, as far as it is found by keys.
pub fn changed(conn: &mut AnyConn, stretch: &Range<i64>) -> Result<Changed> {
    const THOSE: [Action; 6] = [
        Action::CaptureRecorded,
        Action::CaptureCorrected,
        Action::CaptureExamined,
        Action::AccountAdded,
        Action::AccountChanged,
        Action::AccountRenamed,
    ];
    let those = THOSE
        .iter()
        .chain(crate::cases::projection::VERSIONS)
        .map(|action| action.as_str());
    let event = events::stream.eq(leaves::stream).and(events::seq.eq(leaves::seq));
    let rows: Vec<(String, String)> = leaves::table
        .inner_join(events::table.on(event))
        .filter(leaves::idx.ge(stretch.start).and(leaves::idx.lt(stretch.end)))
        .filter(events::action.eq_any(those))
        .select((events::action, events::object))
        .load(conn)?;
    let mut changed = Changed::default();
    for (action, object) in rows {
        match action.split('.').next() {
            Some("case") => changed.cases.insert(object),
            Some("capture") => changed.captures.insert(object),
            _ => changed.accounts.insert(object),
        };
    }
    Ok(changed)
}

/// A thing with all its keys.
pub struct Keyed {
    kind: HitKind,
    id: String,
    case_id: String,
    keys: Vec<FindKey>,
}

impl Keyed {
    /// A capture.
    pub fn capture(capture: &Capture, keys: Vec<FindKey>) -> Self {
        Self {
            kind: HitKind::Capture,
            id: capture.id.clone(),
            case_id: capture.case_id.clone(),
            keys,
        }
    }

    /// An account.
    pub fn account(account: &Account, keys: Vec<FindKey>) -> Self {
        Self {
            kind: HitKind::Account,
            id: account.id.clone(),
            case_id: account.case_id.clone(),
            keys,
        }
    }
}

/// Puts the keys of a thing in the place of those that it had.
pub fn replace(conn: &mut AnyConn, keyed: &Keyed) -> Result<()> {
    diesel::delete(find_keys::table.filter(find_keys::object.eq(&keyed.id))).execute(conn)?;
    for key in &keyed.keys {
        let row = (
            find_keys::key.eq(key),
            find_keys::case_id.eq(&keyed.case_id),
            find_keys::kind.eq(keyed.kind.as_str()),
            find_keys::object.eq(&keyed.id),
        );
        diesel::insert_into(find_keys::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Cases with their keys.
pub fn case_keys(conn: &mut AnyConn, ids: Vec<String>) -> Result<Vec<Keyed>> {
    let rows: Vec<(String, String)> = cases::table
        .filter(cases::id.eq_any(ids))
        .select((cases::id, cases::number))
        .load(conn)?;
    let keyed = |(id, number): (String, String)| Keyed {
        kind: HitKind::Case,
        case_id: id.clone(),
        keys: vec![key(FoundBy::Number, &number)],
        id,
    };
    Ok(rows.into_iter().map(keyed).collect())
}

/// Captures as they stand.
pub fn captures_of(conn: &mut AnyConn, ids: Vec<String>) -> Result<Vec<Capture>> {
    db::records(
        conn,
        captures::table.filter(captures::id.eq_any(ids)).select(captures::body),
    )
}

/// Accounts as they stand.
pub fn accounts_of(conn: &mut AnyConn, ids: Vec<String>) -> Result<Vec<Account>> {
    db::records(
        conn,
        accounts::table.filter(accounts::id.eq_any(ids)).select(accounts::body),
    )
}

/// Authorizations as they stand.
pub fn authorizations_of(conn: &mut AnyConn, ids: Vec<String>) -> Result<Vec<Authorization>> {
    let those = authorizations::table.filter(authorizations::id.eq_any(ids));
    db::records(conn, those.select(authorizations::body))
}

/// Cases as they stand, by their ids.
pub fn cases_of(conn: &mut AnyConn, ids: Vec<String>) -> Result<HashMap<String, Case>> {
    let found: Vec<Case> = db::records(conn, cases::table.filter(cases::id.eq_any(ids)).select(cases::body))?;
    Ok(found.into_iter().map(|case| (case.id.clone(), case)).collect())
}

/// The states of captures, by their ids.
pub fn states_of(conn: &mut AnyConn, ids: Vec<String>) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> = captures::table
        .filter(captures::id.eq_any(ids))
        .select((captures::id, captures::state))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The captures that a caller may read: all of the cases that are open to them, and those that were chosen for them. A macro,
/// because the type of such a condition has no name.
macro_rules! in_reach {
    ($sees:expr) => {
        captures::case_id
            .eq_any(cases::table.filter(visible($sees)).select(cases::id))
            .or(captures::id.eq_any(chosen($sees)))
    };
}

/// Something found: its id and its case.
pub type FoundPlace = (String, String);

/// Those of some cases that a caller may read.
pub fn readable(conn: &mut AnyConn, sees: &VisibleTo, ids: Vec<String>) -> Result<Vec<String>> {
    let those = cases::table.filter(cases::id.eq_any(ids)).filter(visible(sees));
    Ok(those.select(cases::id).load(conn)?)
}

/// Those of some cases that exist for a caller: they may read them, or chosen captures of them.
pub fn existing(conn: &mut AnyConn, sees: &VisibleTo, ids: Vec<String>) -> Result<Vec<String>> {
    let those = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visible(sees).or(headed(sees)));
    Ok(those.select(cases::id).load(conn)?)
}

/// The case of a number that exists for a caller, as it is written or as it is compared.
pub fn numbered(conn: &mut AnyConn, sees: &VisibleTo, number: &str) -> Result<Vec<String>> {
    let as_written = cases::table.filter(cases::number.eq(number)).select(cases::id);
    let mut ids: Vec<String> = as_written.load(conn)?;
    let compared = find_keys::table
        .filter(find_keys::key.eq(key(FoundBy::Number, number)))
        .filter(find_keys::kind.eq(HitKind::Case.as_str()));
    ids.extend(compared.select(find_keys::object).load::<String>(conn)?);
    existing(conn, sees, ids)
}

/// The captures of a number in some cases, as far as a caller may read them.
pub fn items(conn: &mut AnyConn, sees: &VisibleTo, cases: &[String], item: &Numbered) -> Result<Vec<FoundPlace>> {
    let those = captures::table.filter(captures::case_id.eq_any(cases.to_vec()));
    let one = those.filter(captures::item.eq(item.number)).filter(in_reach!(sees));
    Ok(one.select((captures::id, captures::case_id)).load(conn)?)
}

/// Those of some captures that a caller may read because they were chosen for them.
pub fn chosen_of(conn: &mut AnyConn, sees: &VisibleTo, id: &str) -> Result<bool> {
    let those = captures::table.filter(captures::id.eq(id).and(captures::id.eq_any(chosen(sees))));
    let found: i64 = those.count().get_result(conn)?;
    Ok(found > 0)
}

/// The authorizations of a number in some cases.
pub fn authorizations_numbered(conn: &mut AnyConn, cases: &[String], wanted: &Numbered) -> Result<Vec<FoundPlace>> {
    let those = authorizations::table.filter(authorizations::case_id.eq_any(cases.to_vec()));
    let one = those.filter(authorizations::number.eq(wanted.number));
    Ok(one.select((authorizations::id, authorizations::case_id)).load(conn)?)
}

/// The things of a kind that have one of these keys, in the cases that a caller may read or among the captures that were chosen
/// for them, as a subquery. A macro, because the type of such a query has no name.
macro_rules! with_keys {
    ($keys:expr, $kind:expr, $sees:expr) => {
        find_keys::table
            .filter(find_keys::key.eq_any($keys))
            .filter(find_keys::kind.eq($kind.as_str()))
            .filter(
                find_keys::case_id
                    .eq_any(cases::table.filter(visible($sees)).select(cases::id))
                    .or(find_keys::object.eq_any(chosen($sees))),
            )
            .select(find_keys::object)
    };
}

/// Open captures that have one of these keys, newest first.
pub fn open_captures(conn: &mut AnyConn, sees: &VisibleTo, keys: &[FindKey], limit: usize) -> Result<Vec<FoundPlace>> {
    let open = CaptureState::words_where(|state| !state.is_closed());
    Ok(captures::table
        .filter(captures::id.eq_any(with_keys!(keys, HitKind::Capture, sees)))
        .filter(captures::state.eq_any(open))
        .order(captures::id.desc())
        .limit(limit as i64)
        .select((captures::id, captures::case_id))
        .load(conn)?)
}

/// Closed captures that have one of these keys, newest first. Whether the caller may open them is not asked here.
pub fn closed_captures(conn: &mut AnyConn, sees: &VisibleTo, keys: &[FindKey], limit: usize) -> Result<Vec<String>> {
    let closed = CaptureState::words_where(CaptureState::is_closed);
    Ok(captures::table
        .filter(captures::id.eq_any(with_keys!(keys, HitKind::Capture, sees)))
        .filter(captures::state.eq_any(closed))
        .order(captures::id.desc())
        .limit(limit as i64)
        .select(captures::id)
        .load(conn)?)
}

/// Captures of these states that have all of these words, newest first, with one query a word. Whether the caller may open them
/// is not asked here.
pub fn with_words(
    conn: &mut AnyConn,
    sees: &VisibleTo,
    (words, states): (&[FindKey], &[&'static str]),
    limit: usize,
) -> Result<Vec<FoundPlace>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut those = captures::table
        .filter(captures::state.eq_any(states.to_vec()))
        .order(captures::id.desc())
        .limit(limit as i64)
        .select((captures::id, captures::case_id))
        .into_boxed();
    for word in words {
        those = those.filter(captures::id.eq_any(with_keys!(vec![word.clone()], HitKind::Capture, sees)));
    }
    Ok(those.load(conn)?)
}

/// Accounts that have one of these keys, newest first.
pub fn accounts_keyed(conn: &mut AnyConn, sees: &VisibleTo, keys: &[FindKey], limit: usize) -> Result<Vec<FoundPlace>> {
    Ok(accounts::table
        .filter(accounts::id.eq_any(with_keys!(keys, HitKind::Account, sees)))
        .order(accounts::id.desc())
        .limit(limit as i64)
        .select((accounts::id, accounts::case_id))
        .load(conn)?)
}

/// Which of these keys each thing has.
pub fn keys_of(conn: &mut AnyConn, ids: Vec<String>, keys: Vec<FindKey>) -> Result<Vec<(String, FindKey)>> {
    let those = find_keys::table.filter(find_keys::object.eq_any(ids));
    let rows = those.filter(find_keys::key.eq_any(keys));
    Ok(rows.select((find_keys::object, find_keys::key)).load(conn)?)
}

/// Captures with a file whose digest lies in a range, newest first. Everybody who may read a capture knows its digests.
pub fn with_digest(
    conn: &mut AnyConn,
    sees: &VisibleTo,
    range: &Range<Vec<u8>>,
    limit: usize,
) -> Result<Vec<FoundPlace>> {
    let those = capture_files::table
        .filter(
            capture_files::sha256
                .ge(&range.start)
                .and(capture_files::sha256.le(&range.end)),
        )
        .select(capture_files::capture_id);
    Ok(captures::table
        .filter(captures::id.eq_any(those))
        .filter(in_reach!(sees))
        .order(captures::id.desc())
        .limit(limit as i64)
        .select((captures::id, captures::case_id))
        .load(conn)?)
}

/// What has an id: a capture, an account or an authorization, with its case.
pub fn of_id(conn: &mut AnyConn, id: &str) -> Result<Vec<(HitKind, FoundPlace)>> {
    let capture: Option<String> = captures::table
        .find(id)
        .select(captures::case_id)
        .first(conn)
        .optional()?;
    let account: Option<String> = accounts::table
        .find(id)
        .select(accounts::case_id)
        .first(conn)
        .optional()?;
    let leave = authorizations::table.find(id).select(authorizations::case_id);
    let authorization: Option<String> = leave.first(conn).optional()?;
    let all = [
        (HitKind::Capture, capture),
        (HitKind::Account, account),
        (HitKind::Authorization, authorization),
    ];
    let found = all
        .into_iter()
        .filter_map(|(kind, case)| Some((kind, (id.to_owned(), case?))));
    Ok(found.collect())
}
