//! What may be read of a year.

use super::model::{AnnualReport, begins, year_of};
use super::store;
use crate::error::{Error, Result};
use crate::exceptions::{self, ExceptionClass};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::policy::Act;

/// The report of a year; of the one that runs, where none is named.
pub async fn report(gate: &Gate, requester: &RequestCtx, year: Option<String>) -> Result<AnnualReport> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let year = named(year.as_deref(), year_of(ctx.now))?;
        let (Some(from), Some(to)) = (begins(year), begins(year + 1)) else {
            return Err(Error::not_found());
        };
        let (counts, against) = store::count(ctx.conn, (from, to))?;
        let mut of_class = exceptions::counts_between(ctx.conn, (from, to))?;
        of_class.insert(ExceptionClass::AgainstCheck, against);
        let listed: Vec<(ExceptionClass, u64)> = ExceptionClass::ALL
            .iter()
            .map(|class| (*class, of_class.get(class).copied().unwrap_or(0)))
            .collect();
        Ok(AnnualReport::of(year, ctx.now, &counts, &listed))
    };
    gate.read(requester, Act::AnnualReportRead, Scope::Agency, read).await
}

/// The year that is asked for. One that has not begun has no report.
fn named(text: Option<&str>, running: i64) -> Result<i64> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(running);
    };
    let read = text.parse().ok().filter(|year| (2000..=running).contains(year));
    let message = format!("must be a year from 2000 to {running}");
    read.ok_or_else(|| Error::field("year", "range", message))
}
