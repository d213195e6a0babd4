//! Queries over the times of captures and over the events of a case.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::captures::{Capture, CaptureState};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{authorizations, captures, events, packets};
use crate::error::{Error, Result};
use crate::ledger;

/// The value of `posted_at` where the time is not known.
const UNKNOWN: Micros = 0;

fn open_states() -> Vec<&'static str> {
    CaptureState::words_where(|state| !state.is_closed())
}

/// The times of posting in a case, of captures whose content its readers see.
pub fn times(conn: &mut AnyConn, case: &str) -> Result<Vec<Micros>> {
    Ok(captures::table
        .filter(captures::case_id.eq(case).and(captures::state.eq_any(open_states())))
        .filter(captures::posted_at.ne(UNKNOWN))
        .select(captures::posted_at)
        .load(conn)?)
}

/// Where a page of the timeline begins and which times it takes.
#[derive(Debug, Clone)]
pub struct TimeRange {
    /// Not before, where the page shows one month.
    pub from: Option<Micros>,
    /// Before: the month's end.
    pub to: Option<Micros>,
    /// After this time and item, in the order of the page: newest first.
    pub after: Option<(Micros, i64)>,
    pub limit: i64,
}

/// Captures whose time of posting is known, newest first.
pub fn known(conn: &mut AnyConn, case: &str, range: &TimeRange) -> Result<Vec<Capture>> {
    let open = captures::case_id.eq(case).and(captures::state.eq_any(open_states()));
    let mut query = captures::table
        .filter(open.and(captures::posted_at.ne(UNKNOWN)))
        .order((captures::posted_at.desc(), captures::item.desc()))
        .limit(range.limit)
        .select(captures::body)
        .into_boxed();
    if let Some(from) = range.from {
        query = query.filter(captures::posted_at.ge(from));
    }
    if let Some(to) = range.to {
        query = query.filter(captures::posted_at.lt(to));
    }
    if let Some((at, item)) = range.after {
        let later = captures::posted_at.lt(at);
        query = query.filter(later.or(captures::posted_at.eq(at).and(captures::item.lt(item))));
    }
    bodies(query.load(conn)?)
}

/// Captures whose time of posting is not known, and how many there are.
pub fn unknown(conn: &mut AnyConn, case: &str, before: i64, limit: i64) -> Result<(Vec<Capture>, i64)> {
    let open = || {
        captures::case_id
            .eq(case.to_owned())
            .and(captures::state.eq_any(open_states()))
    };
    let without = captures::posted_at.eq(UNKNOWN);
    let all = captures::table.filter(open()).filter(without);
    let count: i64 = all.select(count_star()).first(conn)?;
    let found = captures::table
        .filter(open().and(captures::item.lt(before)))
        .filter(without)
        .order(captures::item.desc())
        .limit(limit)
        .select(captures::body)
        .load(conn)?;
    Ok((bodies(found)?, count))
}

/// How many captures of a case are closed to its readers.
pub fn closed(conn: &mut AnyConn, case: &str) -> Result<i64> {
    let states = CaptureState::words_where(CaptureState::is_closed);
    let found = captures::table.filter(captures::case_id.eq(case).and(captures::state.eq_any(states)));
    Ok(found.select(count_star()).first(conn)?)
}

fn bodies(found: Vec<String>) -> Result<Vec<Capture>> {
    found.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// The bodies of the authorizations of a case, newest first.
pub fn authorizations(conn: &mut AnyConn, case: &str, limit: i64) -> Result<Vec<String>> {
    Ok(authorizations::table
        .filter(authorizations::case_id.eq(case))
        .order(authorizations::id.desc())
        .limit(limit)
        .select(authorizations::body)
        .load(conn)?)
}

/// The ids of the packets of a case, newest first.
pub fn packets(conn: &mut AnyConn, case: &str, limit: i64) -> Result<Vec<String>> {
    Ok(packets::table
        .filter(packets::case_id.eq(case))
        .order(packets::id.desc())
        .limit(limit)
        .select(packets::id)
        .load(conn)?)
}

/// An event of the case: its time, its action, and the thing it is about.
pub type CaseMark = (Micros, String, String);

/// Events of a case about these things, newest first. They are found by their things, of which there are few; a case has far
/// more events.
pub fn marks(conn: &mut AnyConn, case: &str, things: &[String], actions: &[&'static str]) -> Result<Vec<CaseMark>> {
    Ok(events::table
        .filter(events::object.eq_any(things.to_vec()))
        .filter(events::stream.eq(ledger::case_stream(case)))
        .filter(events::action.eq_any(actions.to_vec()))
        .order(events::seq.desc())
        .limit(MARKS)
        .select((events::at, events::action, events::object))
        .load(conn)?)
}

/// Events of a case that a page shows.
const MARKS: i64 = 100;

/// A number of an item, as the cursor of a page gives it.
pub fn item(text: Option<&str>) -> Result<Option<i64>> {
    let read = |text: &str| {
        text.parse()
            .map_err(|_| Error::field("cursor", "from_next", "must be the `next` of the page before"))
    };
    text.map(read).transpose()
}
