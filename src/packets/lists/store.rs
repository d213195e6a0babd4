//! Queries over exhibit lists, and over the numbers that packets gave.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::ExhibitList;
use super::scheme::number_key;
use crate::both;
use crate::db::tables::{captures, exhibit_lists, exhibit_numbers, packets};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::packets::model::{PacketRequest, PacketState, Purpose};
use crate::proof::id::Digest;

/// Rows in one statement.
const ROWS: usize = 500;

/// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, list: &ExhibitList, leaf: &Digest) -> Result<()> {
    let row = (
        exhibit_lists::case_id.eq(&list.case_id),
        exhibit_lists::purpose.eq(list.purpose.as_str()),
        exhibit_lists::version.eq(list.version),
        exhibit_lists::leaf.eq(leaf.as_bytes().to_vec()),
        exhibit_lists::body.eq(canonical(list)?),
    );
    if list.version > 1 {
        diesel::update(exhibit_lists::table.find(&list.id))
            .set(row)
            .execute(conn)?;
    } else {
        let id = exhibit_lists::id.eq(&list.id);
        diesel::insert_into(exhibit_lists::table)
            .values((id, row))
            .execute(conn)?;
    }
    Ok(())
}

/// A list of this case.
pub fn list(conn: &mut AnyConn, case: &str, id: &str) -> Result<ExhibitList> {
    let found = exhibit_lists::table.find(id).filter(exhibit_lists::case_id.eq(case));
    db::record(conn, found.select(exhibit_lists::body))
}

/// Lists of a case for these purposes, oldest first.
pub fn of_case(
    conn: &mut AnyConn,
    (case, purposes): (&str, &[Purpose]),
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ExhibitList>> {
    let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    let found = exhibit_lists::table
        .filter(
            exhibit_lists::case_id
                .eq(case)
                .and(exhibit_lists::id.gt(after.unwrap_or_default())),
        )
        .filter(exhibit_lists::purpose.eq_any(purposes))
        .order(exhibit_lists::id)
        .limit(limit as i64);
    db::records(conn, found.select(exhibit_lists::body))
}

/// All other lists of a case, whatever they are for.
pub fn others(conn: &mut AnyConn, list: &ExhibitList) -> Result<Vec<ExhibitList>> {
    let found = exhibit_lists::table.filter(
        exhibit_lists::case_id
            .eq(&list.case_id)
            .and(exhibit_lists::id.ne(&list.id)),
    );
    db::records(conn, found.order(exhibit_lists::id).select(exhibit_lists::body))
}

/// A number that a packet gave to a capture.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct GivenNumber {
    /// The number as numbers are compared.
    pub key: String,
    /// The number as it was given.
    pub number: String,
    /// To which capture.
    pub capture: String,
    /// Its item.
    pub item: i64,
    /// The packet's name.
    pub packet: String,
}

/// The numbers of a case that stay with their captures: those of packets that were issued, and of those that still may be.
/// A packet whose build failed before its issue gave none.
pub fn given(conn: &mut AnyConn, case: &str) -> Result<Vec<GivenNumber>> {
    let failed = PacketState::Failed.as_str();
    Ok(exhibit_numbers::table
        .inner_join(packets::table.on(packets::id.eq(exhibit_numbers::packet_id)))
        .inner_join(captures::table.on(captures::id.eq(exhibit_numbers::capture_id)))
        .filter(exhibit_numbers::case_id.eq(case))
        .filter(exhibit_numbers::issued.eq(true).or(packets::state.ne(failed)))
        .order((exhibit_numbers::packet_id, exhibit_numbers::number_key))
        .select((
            exhibit_numbers::number_key,
            exhibit_numbers::number,
            exhibit_numbers::capture_id,
            captures::item,
            packets::name,
        ))
        .load(conn)?)
}

/// Keeps the numbers that a request gives to its captures.
pub fn give(conn: &mut AnyConn, request: &PacketRequest) -> Result<()> {
    let captures = request.captures.as_deref().unwrap_or_default();
    let exhibits = request.exhibits.as_deref().unwrap_or_default();
    let rows: Vec<_> = captures
        .iter()
        .zip(exhibits)
        .map(|(capture, exhibit)| {
            (
                exhibit_numbers::packet_id.eq(&request.id),
                exhibit_numbers::number_key.eq(number_key(&exhibit.number)),
                exhibit_numbers::case_id.eq(&request.case_id),
                exhibit_numbers::capture_id.eq(capture),
                exhibit_numbers::number.eq(&exhibit.number),
                exhibit_numbers::issued.eq(false),
            )
        })
        .collect();
    for some in rows.chunks(ROWS) {
        both!(conn, |c| diesel::insert_into(exhibit_numbers::table)
            .values(some)
            .execute(c))?;
    }
    Ok(())
}

/// The numbers of a packet are issued: they stay with their captures for ever.
pub fn set_issued(conn: &mut AnyConn, packet: &str) -> Result<()> {
    diesel::update(exhibit_numbers::table.filter(exhibit_numbers::packet_id.eq(packet)))
        .set(exhibit_numbers::issued.eq(true))
        .execute(conn)?;
    Ok(())
}

/// The items of these captures, those of them that lie in the case.
pub fn items(conn: &mut AnyConn, case: &str, ids: &[&str]) -> Result<HashMap<String, i64>> {
    let mut items = HashMap::with_capacity(ids.len());
    for some in ids.chunks(ROWS) {
        let rows: Vec<(String, i64)> = captures::table
            .filter(captures::id.eq_any(some.to_vec()).and(captures::case_id.eq(case)))
            .select((captures::id, captures::item))
            .load(conn)?;
        items.extend(rows);
    }
    Ok(items)
}
