//! Queries over exceptions and those that were signed off.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::model::{
    ExceptionClass, ExceptionObject, ExceptionSearch, FoundException, ShownSignOff, SignOff, SignOffState,
};
use crate::authorizations::Authorization;
use crate::cases::{Overseen, visible};
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{authorizations, captures, cases, exception_signoffs};
use crate::db::{AnyConn, canonical};
use crate::error::Result;
use crate::identity::Person;
use crate::proof::id::Digest;
use crate::users;

/// Keeps that an exception was signed off, as an event with this leaf recorded it. Of an exception that came up again, the
/// last sign-off alone; the ledger has all.
pub fn save(conn: &mut AnyConn, signed: &SignOff, leaf: &Digest) -> Result<()> {
    let (object_id, class) = (&signed.object_id, signed.class.as_str());
    let row = (
        exception_signoffs::id.eq(&signed.id),
        exception_signoffs::case_id.eq(&signed.case_id),
        exception_signoffs::object_version.eq(signed.object_version.unwrap_or(0)),
        exception_signoffs::leaf.eq(leaf.as_bytes().to_vec()),
        exception_signoffs::body.eq(canonical(signed)?),
    );
    let before = exception_signoffs::table
        .filter(exception_signoffs::object_id.eq(object_id))
        .filter(exception_signoffs::class.eq(class));
    if diesel::update(before).set(row.clone()).execute(conn)? == 0 {
        let of = (
            exception_signoffs::object_id.eq(object_id),
            exception_signoffs::class.eq(class),
        );
        diesel::insert_into(exception_signoffs::table)
            .values((of, row))
            .execute(conn)?;
    }
    Ok(())
}

/// Exceptions over the cases that somebody oversees, the newest object first. Each class is one query, whatever the number
/// of rows.
pub fn list(conn: &mut AnyConn, overseen: &Overseen, search: &ExceptionSearch) -> Result<Vec<FoundException>> {
    let mut found = Vec::new();
    let wanted = |class: &&ExceptionClass| search.class.is_none_or(|only| only == **class);
    for class in ExceptionClass::ALL.iter().filter(wanted) {
        found.extend(match class.is_of_capture() {
            true => among_captures(conn, overseen, (*class, search))?,
            false => among_authorizations(conn, overseen, (*class, search))?,
        });
    }
    found.sort_by(|a, b| b.object_id.cmp(&a.object_id).then(a.class.cmp(&b.class)));
    found.truncate(search.limit);
    name_people(conn, &mut found)?;
    Ok(found)
}

/// The id before which a class goes on, and whether that one still belongs to it: an object has several classes in their
/// order.
fn bounds(class: ExceptionClass, search: &ExceptionSearch) -> (String, String) {
    match &search.after {
        // "~" sorts after every id.
        None => ("~".to_owned(), "~".to_owned()),
        Some((id, last)) if class > *last => (id.clone(), id.clone()),
        Some((id, _)) => (id.clone(), String::new()),
    }
}

/// What was corrected beyond its leave is signed off as it stood: a later correction brings the exception back.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_of_this_version() -> _ {
    let class: &'static str = ExceptionClass::CorrectedBeyond.as_str();
    exception_signoffs::class
        .ne(class)
        .or(exception_signoffs::object_version.eq(captures::version))
}

type CaptureFields = (
    (String, i64, String, String, Micros, i64),
    (String, String),
    Option<String>,
);

fn among_captures(
    conn: &mut AnyConn,
    overseen: &Overseen,
    (class, search): (ExceptionClass, &ExceptionSearch),
) -> Result<Vec<FoundException>> {
    let (before, same) = bounds(class, search);
    let signed = exception_signoffs::object_id
        .eq(captures::id)
        .and(exception_signoffs::class.eq(class.as_str()))
        .and(is_of_this_version());
    let mut query = captures::table
        .inner_join(cases::table.on(cases::id.eq(captures::case_id)))
        .left_join(exception_signoffs::table.on(signed))
        .filter(captures::id.lt(before).or(captures::id.eq(same)))
        .order(captures::id.desc())
        .limit(search.limit as i64)
        .select((
            (
                captures::id,
                captures::item,
                captures::state,
                captures::capturer_id,
                captures::received_at,
                captures::version,
            ),
            (cases::id, cases::number),
            exception_signoffs::body.nullable(),
        ))
        .into_boxed();
    query = match class {
        ExceptionClass::Undecided => query.filter(
            captures::state
                .eq("held")
                .and(captures::received_at.lt(search.held_before)),
        ),
        ExceptionClass::EmergencyUnconfirmed => query.filter(
            captures::basis
                .eq("emergency")
                .and(captures::open_question)
                .and(captures::state.ne("held")),
        ),
        ExceptionClass::CorrectedBeyond => query.filter(captures::corrected_beyond),
        ExceptionClass::CovertUnreviewed => query.filter(captures::covert.and(captures::state.eq("logged"))),
        _ => query.filter(captures::exception.eq(class.as_str())),
    };
    if let Some(id) = &search.object_id {
        query = query.filter(captures::id.eq(id));
    }
    query = match search.state {
        None => query,
        Some(SignOffState::Open) => query.filter(exception_signoffs::id.nullable().is_null()),
        Some(SignOffState::SignedOff) => query.filter(exception_signoffs::id.nullable().is_not_null()),
    };
    if let Overseen::Readable(sees) = overseen {
        query = query.filter(visible(sees));
    }
    let rows: Vec<CaptureFields> = query.load(conn)?;
    rows.into_iter().map(|row| of_capture(class, overseen, row)).collect()
}

fn of_capture(
    class: ExceptionClass,
    overseen: &Overseen,
    ((id, item, state, capturer, received_at, version), (case_id, case_number), signed): CaptureFields,
) -> Result<FoundException> {
    // Who captured what is closed is not told to all who read the case; the ledger tells the auditor.
    let is_closed = matches!(state.as_str(), "held" | "quarantined");
    let is_told = !is_closed || matches!(overseen, Overseen::AsIdentifiers);
    let signed_off = shown(overseen, signed)?;
    Ok(FoundException {
        class,
        object: ExceptionObject::OfCapture,
        object_id: id,
        object_version: Some(version),
        number: item,
        object_state: state,
        case_id,
        case_number,
        person: is_told.then(|| unnamed(capturer)),
        since: Timestamp(received_at),
        state: state_of(signed_off.as_ref()),
        signed_off,
    })
}

/// A person whose name is looked up for the whole page together.
fn unnamed(id: String) -> Person {
    Person {
        id,
        name: String::new(),
    }
}

fn state_of(signed: Option<&ShownSignOff>) -> SignOffState {
    match signed {
        Some(_) => SignOffState::SignedOff,
        None => SignOffState::Open,
    }
}

fn shown(overseen: &Overseen, body: Option<String>) -> Result<Option<ShownSignOff>> {
    let Some(body) = body else { return Ok(None) };
    let signed: SignOff = serde_json::from_str(&body)?;
    Ok(Some(match overseen {
        Overseen::AsIdentifiers => ShownSignOff::of_identifiers(signed),
        Overseen::Readable(_) => ShownSignOff::whole(signed),
    }))
}

fn among_authorizations(
    conn: &mut AnyConn,
    overseen: &Overseen,
    (class, search): (ExceptionClass, &ExceptionSearch),
) -> Result<Vec<FoundException>> {
    let (before, same) = bounds(class, search);
    let signed = exception_signoffs::object_id
        .eq(authorizations::id)
        .and(exception_signoffs::class.eq(class.as_str()));
    let mut query = authorizations::table
        .inner_join(cases::table.on(cases::id.eq(authorizations::case_id)))
        .left_join(exception_signoffs::table.on(signed))
        .filter(authorizations::against_check)
        .filter(authorizations::id.lt(before).or(authorizations::id.eq(same)))
        .order(authorizations::id.desc())
        .limit(search.limit as i64)
        .select((authorizations::body, cases::number, exception_signoffs::body.nullable()))
        .into_boxed();
    if let Some(id) = &search.object_id {
        query = query.filter(authorizations::id.eq(id));
    }
    query = match search.state {
        None => query,
        Some(SignOffState::Open) => query.filter(exception_signoffs::id.nullable().is_null()),
        Some(SignOffState::SignedOff) => query.filter(exception_signoffs::id.nullable().is_not_null()),
    };
    if let Overseen::Readable(sees) = overseen {
        query = query.filter(visible(sees));
    }
    let rows: Vec<(String, String, Option<String>)> = query.load(conn)?;
    let read = |(body, case_number, signed): (String, String, Option<String>)| {
        let asked: Authorization = serde_json::from_str(&body)?;
        let signed_off = shown(overseen, signed)?;
        let decided = asked.decision.as_ref();
        Ok(FoundException {
            class,
            object: ExceptionObject::OfAuthorization,
            number: asked.number,
            object_state: asked.state.as_str().to_owned(),
            person: decided.map(|ruling| ruling.by.clone()),
            since: decided.map_or(asked.requested_at, |ruling| ruling.at),
            object_id: asked.id,
            object_version: None,
            case_id: asked.case_id,
            case_number,
            state: state_of(signed_off.as_ref()),
            signed_off,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Names the people of a page in one query.
fn name_people(conn: &mut AnyConn, found: &mut [FoundException]) -> Result<()> {
    let people = found.iter().filter_map(|one| one.person.as_ref());
    let ids: Vec<String> = people
        .filter(|person| person.name.is_empty())
        .map(|person| person.id.clone())
        .collect();
    let names = users::store::names(conn, ids)?;
    for person in found.iter_mut().filter_map(|one| one.person.as_mut()) {
        if let Some(name) = names.get(&person.id).filter(|_| person.name.is_empty()) {
            person.name.clone_from(name);
        }
    }
    Ok(())
}

/// How many exceptions of each class came between two times, over all cases. Those that only wait are counted as they stand
/// now.
pub fn counts_between(conn: &mut AnyConn, (from, to): (Micros, Micros)) -> Result<HashMap<ExceptionClass, u64>> {
    let received = captures::received_at.ge(from).and(captures::received_at.lt(to));
    let rows: Vec<(Option<String>, i64)> = captures::table
        .filter(captures::exception.is_not_null().and(received))
        .group_by(captures::exception)
        .select((captures::exception, count_star()))
        .load(conn)?;
    let mut all = HashMap::new();
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    for class in ExceptionClass::ALL {
        let of_class = rows.iter().find(|(word, _)| word.as_deref() == Some(class.as_str()));
        all.insert(*class, of_class.map_or(0, |(_, n)| number(*n)));
    }
    let emergencies: i64 = captures::table
        .filter(
            captures::basis
                .eq("emergency")
                .and(captures::open_question)
                .and(received),
        )
        .count()
        .get_result(conn)?;
    all.insert(ExceptionClass::EmergencyUnconfirmed, number(emergencies));
    let corrected: i64 = captures::table
        .filter(captures::corrected_beyond.and(received))
        .count()
        .get_result(conn)?;
    all.insert(ExceptionClass::CorrectedBeyond, number(corrected));
    let held: i64 = captures::table
        .filter(captures::state.eq("held").and(received))
        .count()
        .get_result(conn)?;
    all.insert(ExceptionClass::Undecided, number(held));
    let covert: i64 = captures::table
        .filter(captures::covert.and(captures::state.eq("logged")).and(received))
        .count()
        .get_result(conn)?;
    all.insert(ExceptionClass::CovertUnreviewed, number(covert));
    Ok(all)
}
