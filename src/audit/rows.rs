//! Rows of people, cases and evidence: each must be what the ledger makes, no more, no less and nothing else.

use super::report::AuditReport;
use super::{Audit, Places};
use crate::error::Result;
use crate::projections::{self, Difference};

impl Audit<'_> {
    /// Makes every projection anew and compares it with the database's.
    pub(super) fn rows(&mut self, places: &Places) -> Result<()> {
        let Self { conn, tell, report, .. } = self;
        let mut unbound = Vec::new();
        projections::compare(conn, &places.scratch, tell, &mut |difference| match difference {
            Difference::Read {
                table: "captures",
                rows,
            } => report.counts.captures += rows,
            Difference::Read { rows, .. } => report.counts.rows += rows,
            Difference::Unbound { place } => unbound.push(place),
            Difference::Event { place, why } => {
                // One that is no event was named already.
                if !report.names("event-unreadable", &place) {
                    let why = why.detail;
                    let what = format!("no rows can be made of its record ({why}): those that it made differ below");
                    report.fault("event-projection", place, what);
                }
            }
            Difference::Added { place } => {
                let what = "no event made it: its row was put in from outside, or its event was removed";
                report.fault("row-event", place, what);
            }
            Difference::Gone { place } => report.fault("row-gone", place, "events made it, but its row is gone"),
            Difference::Changed { place, columns } => changed(report, place, &columns),
        })?;
        if let Some(first) = unbound.first() {
            let what = format!(
                "{} passwords or tokens were set by an earlier release, which bound them to no record: whether somebody \
                 replaced one cannot be told. Change the passwords and issue the tokens anew",
                unbound.len()
            );
            report.notice("secret-unbound", first, what);
        }
        Ok(())
    }
}

/// One finding a row: what was put back to an earlier version differs in many columns for one reason.
fn changed(report: &mut AuditReport, place: String, columns: &[(String, String, String)]) {
    let version = columns.iter().find(|(name, ..)| name == "version");
    let numbers = version.and_then(|(_, found, made)| Some((found.parse::<i64>().ok()?, made.parse::<i64>().ok()?)));
    if let Some((found, made)) = numbers
        && found < made
    {
        let what = format!("its row is version {found}, but events made version {made}: the row was put back");
        report.fault("row-version", place, what);
        return;
    }
    if let [(name, ..)] = columns
        && name == "body"
    {
        let what = "its row says something else than the record of its event: the row was changed";
        report.fault("row-body", place, what);
        return;
    }
    const TOLD: usize = 3;
    let told = columns.iter().take(TOLD);
    let told = told.map(|(name, found, made)| format!("`{name}` says {found}, but its events say {made}"));
    let told: Vec<String> = told.collect();
    let more = match columns.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("; {more} more columns differ too"),
    };
    report.fault("row-columns", place, format!("its column {}{more}", told.join("; ")));
}
