//! What the annual report is counted from.

use diesel::prelude::*;

use super::model::{YearCounts, first_id};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{authorizations, cases};
use crate::error::Result;

/// Authorizations that are read at once.
const AT_ONCE: i64 = 500;

/// Counts the authorizations that were first asked for between two times, over all cases; and how many of them were
/// approved against a check.
pub fn count(conn: &mut AnyConn, (from, to): (Micros, Micros)) -> Result<(YearCounts, u64)> {
    let (mut counts, mut against) = (YearCounts::default(), 0);
    let (mut after, end) = (first_id(from), first_id(to));
    loop {
        let rows: Vec<(String, String, String, bool)> = authorizations::table
            .inner_join(cases::table.on(cases::id.eq(authorizations::case_id)))
            .filter(authorizations::id.gt(&after).and(authorizations::id.lt(&end)))
            .order(authorizations::id)
            .limit(AT_ONCE)
            .select((
                authorizations::id,
                authorizations::body,
                cases::kind,
                authorizations::against_check,
            ))
            .load(conn)?;
        let Some((last, ..)) = rows.last() else {
            return Ok((counts, against));
        };
        after.clone_from(last);
        for (_, body, kind, is_against) in rows {
            counts.add(&serde_json::from_str(&body)?, &kind);
            against += u64::from(is_against);
        }
    }
}
