//! Queries over the captures of a case: a page of a list, what stands beside one of its items, how many there are, and
//! what is new to a person.

use std::collections::HashMap;

use diesel::dsl::{exists, max, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::model::{CaptureFilter, CaptureQuery, CaptureState, NewTo, Place, Sort, StoredCapture};
use super::store::CaptureRow;
use crate::cases::{VisibleTo, chosen, visible};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{captures, cases, seen_items};
use crate::error::Result;
use crate::gate::ReadCtx;
use crate::identity::Caller;
use crate::policy::Act;
use crate::{both, fixed_insert};

type Backend = <AnyConn as diesel::Connection>::Backend;
type Boxed<'a> = captures::BoxedQuery<'a, Backend>;

/// Who asks for a list of a case, and which of its captures exist for them.
pub struct ListReader {
    me: String,
    /// Where chosen captures alone exist for them, by whose grants.
    chosen: Option<VisibleTo>,
}

impl ListReader {
    /// Whoever asks, about the case that they ask about. Who may not read its captures has those that were chosen for them.
    pub fn of(ctx: &ReadCtx<'_>) -> Self {
        let whole = ctx.may(Act::CaptureRead);
        Self {
            me: ctx.caller.user.clone(),
            chosen: (!whole).then(|| VisibleTo::of(ctx.caller, ctx.now)),
        }
    }
}

/// The captures of a case that exist for somebody.
fn existing<'a>(case: &'a str, reader: &'a ListReader) -> Boxed<'a> {
    let query = captures::table.filter(captures::case_id.eq(case)).into_boxed();
    match &reader.chosen {
        Some(to) => query.filter(captures::id.eq_any(chosen(to))),
        None => query,
    }
}

/// The captures of a case that a filter lets through, to one who asks.
fn let_through<'a>(case: &'a str, filter: &'a CaptureFilter, reader: &'a ListReader) -> Boxed<'a> {
    let (mut query, me) = (existing(case, reader), reader.me.as_str());
    if let Some(kind) = filter.kind {
        query = query.filter(captures::kind.eq(kind.as_str()));
    }
    if let Some(platform) = &filter.platform {
        query = query.filter(captures::platform.eq(platform));
    }
    if let Some(state) = filter.state {
        query = query.filter(captures::state.eq(state.as_str()));
    }
    if let Some(basis) = filter.basis {
        query = query.filter(captures::basis.eq(basis.as_str()));
    }
    if let Some(covered) = filter.covered {
        query = query.filter(captures::uncovered.eq(!covered));
    }
    if let Some(account) = &filter.account {
        query = query.filter(captures::account.eq(account));
    }
    if let Some(from) = filter.from {
        query = query.filter(captures::captured_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(captures::captured_at.lt(to));
    }
    let closed = CaptureState::words_where(CaptureState::is_closed);
    if let Some(capturer) = &filter.captured_by {
        query = query.filter(captures::capturer_id.eq(capturer));
        // Who captured what is closed is not told; oneself knows.
        if capturer != me {
            query = query.filter(captures::state.ne_all(closed));
        }
    }
    match filter.new {
        Some(NewTo::Now) => query.filter(is_new(me, Micros::MAX)),
        Some(NewTo::At(then)) => query.filter(is_new(me, then)),
        Some(NewTo::Not) => query.filter(not(is_new(me, Micros::MAX))),
        None => query,
    }
}

/// Whether a capture was new to a person at a time: readable by everybody in the case, made or corrected by another, and not
/// opened in this version. `Capture::is_news_to` says the same of one.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_new<'a>(me: &'a str, then: Micros) -> _ {
    let opened = seen_items::table
        .filter(seen_items::user_id.eq(me))
        .filter(seen_items::case_id.eq(captures::case_id))
        .filter(seen_items::item.eq(captures::item))
        .filter(seen_items::version.ge(captures::version))
        .filter(seen_items::seen_at.lt(then));
    captures::state
        .ne("held")
        .and(captures::state.ne("quarantined"))
        .and(captures::capturer_id.ne(me).or(captures::version.gt(1_i64)))
        .and(not(exists(opened)))
}

fn in_order(query: Boxed<'_>, sort: Sort) -> Boxed<'_> {
    match sort {
        Sort::Item => query.order(captures::item),
        Sort::ItemDown => query.order(captures::item.desc()),
        Sort::Captured => query.order((captures::captured_at, captures::item)),
        Sort::CapturedDown => query.order((captures::captured_at.desc(), captures::item.desc())),
        Sort::Posted => query.order((captures::posted_at, captures::item)),
        Sort::PostedDown => query.order((captures::posted_at.desc(), captures::item.desc())),
    }
}

/// Past a place in the order of a time. The first condition lets an index be used.
macro_rules! past {
    ($query:expr, $column:expr, $place:expr, $bound:ident, $past:ident) => {{
        let further = $column.$past($place.time).or(captures::item.$past($place.item));
        $query.filter($column.$bound($place.time).and(further))
    }};
}

fn past(query: Boxed<'_>, sort: Sort, place: Place) -> Boxed<'_> {
    match sort {
        Sort::Item => query.filter(captures::item.gt(place.item)),
        Sort::ItemDown => query.filter(captures::item.lt(place.item)),
        Sort::Captured => past!(query, captures::captured_at, place, ge, gt),
        Sort::CapturedDown => past!(query, captures::captured_at, place, le, lt),
        Sort::Posted => past!(query, captures::posted_at, place, ge, gt),
        Sort::PostedDown => past!(query, captures::posted_at, place, le, lt),
    }
}

fn asked_for<'a>(case: &'a str, asked: &'a CaptureQuery, reader: &'a ListReader) -> Boxed<'a> {
    let query = in_order(let_through(case, &asked.filter, reader), asked.sort).limit(asked.limit as i64);
    match asked.after {
        Some(place) => past(query, asked.sort, place),
        None => query,
    }
}

/// A page of the captures of a case.
pub fn page(
    conn: &mut AnyConn,
    case: &str,
    asked: &CaptureQuery,
    reader: &ListReader,
) -> Result<Vec<(Place, StoredCapture)>> {
    let found = asked_for(case, asked, reader).select(CaptureRow::as_select());
    let rows: Vec<CaptureRow> = found.load(conn)?;
    let placed = |row: CaptureRow| {
        let place = place_of(asked.sort, (row.captured_at, row.posted_at, row.item));
        Ok((place, row.stored()?))
    };
    rows.into_iter().map(placed).collect()
}

/// The places alone of such a page, with the captures' ids.
pub fn places(
    conn: &mut AnyConn,
    case: &str,
    asked: &CaptureQuery,
    reader: &ListReader,
) -> Result<Vec<(Place, String)>> {
    let columns = (
        (captures::captured_at, captures::posted_at, captures::item),
        captures::id,
    );
    let rows: Vec<((Micros, Micros, i64), String)> = asked_for(case, asked, reader).select(columns).load(conn)?;
    let placed = rows.into_iter().map(|(row, id)| (place_of(asked.sort, row), id));
    Ok(placed.collect())
}

fn place_of(sort: Sort, (captured, posted, item): (Micros, Micros, i64)) -> Place {
    let time = match sort {
        Sort::Item | Sort::ItemDown => 0,
        Sort::Captured | Sort::CapturedDown => captured,
        Sort::Posted | Sort::PostedDown => posted,
    };
    Place { time, item }
}

/// Where an item of a case stands in an order, with its id; none where the case has no such item, to one who asks.
pub fn place(
    conn: &mut AnyConn,
    (case, reader): (&str, &ListReader),
    item: i64,
    sort: Sort,
) -> Result<Option<(Place, String)>> {
    let found: Option<(String, Micros, Micros)> = existing(case, reader)
        .filter(captures::item.eq(item))
        .select((captures::id, captures::captured_at, captures::posted_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, captured, posted)| (place_of(sort, (captured, posted, item)), id)))
}

/// How many captures a filter lets through.
pub fn count(conn: &mut AnyConn, case: &str, filter: &CaptureFilter, reader: &ListReader) -> Result<i64> {
    Ok(let_through(case, filter, reader).count().get_result(conn)?)
}

/// How many of them stand before a place in an order.
pub fn count_before(
    conn: &mut AnyConn,
    case: &str,
    asked: &CaptureQuery,
    (reader, place): (&ListReader, Place),
) -> Result<i64> {
    let all = let_through(case, &asked.filter, reader);
    Ok(past(all, asked.sort.reversed(), place).count().get_result(conn)?)
}

/// Platforms of a case's captures and the people who made them, each once. What is closed tells neither.
pub fn facets(conn: &mut AnyConn, case: &str, reader: &ListReader) -> Result<Vec<(Option<String>, String)>> {
    let closed = CaptureState::words_where(CaptureState::is_closed);
    Ok(existing(case, reader)
        .filter(captures::state.ne_all(closed))
        .select((captures::platform, captures::capturer_id))
        .distinct()
        .load(conn)?)
}

/// The items of some captures of a case, by their ids.
pub fn items(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = captures::table
        .filter(captures::id.eq_any(ids.to_vec()).and(captures::case_id.eq(case)))
        .select((captures::id, captures::item))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

fixed_insert! {
    /// That a person has opened a version of an item.
    SeenItem into seen_items
        "ON CONFLICT (user_id, case_id, item) DO UPDATE SET version = excluded.version, seen_at = excluded.seen_at" {
        user_id: String as Text,
        case_id: String as Text,
        item: i64 as BigInt,
        version: i64 as BigInt,
        seen_at: Micros as BigInt,
    }
}

/// Notes that a person has opened a version of a capture.
pub fn mark_seen(conn: &mut AnyConn, me: &str, capture: &StoredCapture, now: Micros) -> Result<()> {
    let seen = SeenItem {
        user_id: me.to_owned(),
        case_id: capture.capture.case_id.clone(),
        item: capture.capture.item,
        version: capture.capture.version,
        seen_at: now,
    };
    both!(conn, |c| seen.execute(c))?;
    Ok(())
}

/// The versions in which a person has opened some items of a case, by item.
pub fn seen(conn: &mut AnyConn, me: &str, case: &str, items: &[i64]) -> Result<HashMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = seen_items::table
        .filter(seen_items::user_id.eq(me).and(seen_items::case_id.eq(case)))
        .filter(seen_items::item.eq_any(items.to_vec()))
        .select((seen_items::item, seen_items::version))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What is new to a person in a case.
#[derive(Debug, Clone, Default)]
pub struct NewItems {
    /// How many items are new.
    pub count: i64,
    /// When the newest of them was captured.
    pub newest: Option<Micros>,
    /// When the person last opened an item here for the first time.
    pub looked_at: Option<Micros>,
}

/// The same for some cases, by their ids; nothing of cases that the caller may not read.
pub fn new_items(
    conn: &mut AnyConn,
    caller: &Caller,
    asked: &[String],
    now: Micros,
) -> Result<HashMap<String, NewItems>> {
    let (me, sees) = (caller.user.as_str(), VisibleTo::of(caller, now));
    let cases: Vec<String> = cases::table
        .filter(cases::id.eq_any(asked.to_vec()).and(visible(&sees)))
        .select(cases::id)
        .load(conn)?;
    let mut all: HashMap<String, NewItems> = HashMap::new();
    let new: Vec<(String, i64, Option<Micros>)> = captures::table
        .filter(captures::case_id.eq_any(cases.clone()).and(is_new(me, Micros::MAX)))
        .group_by(captures::case_id)
        .select((captures::case_id, diesel::dsl::count_star(), max(captures::captured_at)))
        .load(conn)?;
    for (case, count, newest) in new {
        let own = all.entry(case).or_default();
        (own.count, own.newest) = (count, newest);
    }
    let looked: Vec<(String, Option<Micros>)> = seen_items::table
        .filter(seen_items::user_id.eq(me).and(seen_items::case_id.eq_any(cases)))
        .group_by(seen_items::case_id)
        .select((seen_items::case_id, max(seen_items::seen_at)))
        .load(conn)?;
    for (case, at) in looked {
        all.entry(case).or_default().looked_at = at;
    }
    Ok(all)
}
