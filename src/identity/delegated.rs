//! Whose reach a supervisor has beside their own: the units that other supervisors delegated to them.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};

use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::Result;
use crate::{both, fixed};

// A delegation is never stronger than whoever gave it: they can still sign in, are still a supervisor, and the unit still
// lies within their own reach. It counts as far as the ledger stands behind its row.
fixed! {
    DelegatedUnits -> Text: "SELECT m.id FROM roster d JOIN units n ON n.id = d.unit_id JOIN units m ON m.path LIKE n.path || '%' \
     JOIN users g ON g.id = d.given_by JOIN units b ON b.id = g.unit_id WHERE d.kind = 'delegation' AND d.ended_at IS NULL \
     AND NOT g.disabled AND g.roles LIKE '%\"supervisor\"%' AND n.path LIKE b.path || '%' \
     AND d.leaf = (SELECT e.leaf FROM events e WHERE e.object = d.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1) \
     AND d.user_id = ", user: String as Text, " AND d.starts_at <= ", from: Micros as BigInt, " AND d.until > ", now: Micros as BigInt, ""
}

/// The units over which other supervisors' reach is delegated to a user now, with all units below them.
///
/// # Errors
/// Where the database fails.
pub fn delegated_units(conn: &mut AnyConn, user: &str, now: Micros) -> Result<Vec<String>> {
    let query = DelegatedUnits {
        user: user.to_owned(),
        from: now,
        now,
    };
    Ok(both!(conn, |c| query.load(c))?)
}

fixed! {
    Delegates -> Text: "SELECT d.user_id FROM roster d JOIN units n ON n.id = d.unit_id JOIN units m ON m.path LIKE n.path || '%' \
     JOIN users g ON g.id = d.given_by JOIN units b ON b.id = g.unit_id WHERE d.kind = 'delegation' AND d.ended_at IS NULL \
     AND NOT g.disabled AND g.roles LIKE '%\"supervisor\"%' AND n.path LIKE b.path || '%' \
     AND d.leaf = (SELECT e.leaf FROM events e WHERE e.object = d.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1) \
     AND m.id = ", unit: String as Text, " AND d.starts_at <= ", from: Micros as BigInt, " AND d.until > ", now: Micros as BigInt, ""
}

/// The users to whom a supervisor's reach over a unit is delegated now.
///
/// # Errors
/// Where the database fails.
pub fn delegates_over(conn: &mut AnyConn, unit: &str, now: Micros) -> Result<Vec<String>> {
    let query = Delegates {
        unit: unit.to_owned(),
        from: now,
        now,
    };
    Ok(both!(conn, |c| query.load(c))?)
}
