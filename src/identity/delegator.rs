//! Whose reach a supervisor decides by, where that is not their own.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};

use super::session::{Caller, Person};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::Result;
use crate::{both, fixed};

fixed! {
    DelegatorOfUnit -> (Text, Text): "SELECT g.id, g.name FROM roster d JOIN units n ON n.id = d.unit_id JOIN units m ON m.path LIKE n.path || '%' \
     JOIN users g ON g.id = d.given_by JOIN units b ON b.id = g.unit_id WHERE d.kind = 'delegation' AND d.ended_at IS NULL \
     AND NOT g.disabled AND g.roles LIKE '%\"supervisor\"%' AND n.path LIKE b.path || '%' \
     AND d.leaf = (SELECT e.leaf FROM events e WHERE e.object = d.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1) \
     AND m.id = ", unit: String as Text, " AND d.user_id = ", user: String as Text, " AND d.starts_at <= ", from: Micros as BigInt, " AND d.until > ", now: Micros as BigInt, " ORDER BY d.starts_at, d.id LIMIT 1"
}

/// Whose reach over a case's unit a supervisor has by delegation now; none where the unit lies within their own reach.
///
/// # Errors
/// Where the database fails.
pub fn delegator(
    conn: &mut AnyConn,
    caller: &Caller,
    (unit, unit_path): (&str, &str),
    now: Micros,
) -> Result<Option<Person>> {
    if unit_path.starts_with(&caller.unit_path) || !caller.delegated.iter().any(|id| id == unit) {
        return Ok(None);
    }
    let query = DelegatorOfUnit {
        unit: unit.to_owned(),
        user: caller.user.clone(),
        from: now,
        now,
    };
    let found: Vec<(String, String)> = both!(conn, |c| query.load(c))?;
    Ok(found.into_iter().next().map(|(id, name)| Person { id, name }))
}
