//! Queries over evidence requests.

use diesel::prelude::*;

use super::model::EvidenceRequest;
use crate::db::tables::evidence_requests;
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;

/// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, request: &EvidenceRequest, leaf: &Digest) -> Result<()> {
    let row = (
        evidence_requests::case_id.eq(&request.case_id),
        evidence_requests::state.eq(request.state.as_str()),
        evidence_requests::due_on.eq(&request.due_on),
        evidence_requests::version.eq(request.version),
        evidence_requests::leaf.eq(leaf.as_bytes().to_vec()),
        evidence_requests::body.eq(canonical(request)?),
    );
    if request.version > 1 {
        diesel::update(evidence_requests::table.find(&request.id))
            .set(row)
            .execute(conn)?;
    } else {
        let id = evidence_requests::id.eq(&request.id);
        diesel::insert_into(evidence_requests::table)
            .values((id, row))
            .execute(conn)?;
    }
    Ok(())
}

/// A request of this case.
pub fn find(conn: &mut AnyConn, case: &str, id: &str) -> Result<EvidenceRequest> {
    let found = evidence_requests::table
        .find(id)
        .filter(evidence_requests::case_id.eq(case));
    db::record(conn, found.select(evidence_requests::body))
}

/// Requests of a case, the newest first.
pub fn of_case(conn: &mut AnyConn, case: &str, before: Option<&str>, limit: usize) -> Result<Vec<EvidenceRequest>> {
    // Ids of version 7 sort by time; no id begins with a letter beyond f.
    let earlier = evidence_requests::id.lt(before.unwrap_or("g"));
    let found = evidence_requests::table.filter(evidence_requests::case_id.eq(case).and(earlier));
    let order = found.order(evidence_requests::id.desc()).limit(limit as i64);
    db::records(conn, order.select(evidence_requests::body))
}
