//! What the agency's ledger says of the system: which programs ran while the exhibits were received, and of their clock.

use diesel::prelude::*;
use serde::Deserialize;

use crate::clock::{self, Micros};
use crate::db::AnyConn;
use crate::db::tables::{events, records};
use crate::error::Result;
use crate::ledger::{self, Action};
use crate::proof::id::Digest;
use crate::proof::packet::{ClockReading, SoftwareRun};

/// Starts that are read, the latest.
const STARTS: i64 = 10_000;
/// Runs that a packet names, the latest: they stand on one line of it.
const RUNS: usize = 1_000;

/// The record of `software.started`.
#[derive(Deserialize)]
struct Started {
    version: String,
    binary: Option<Digest>,
    configuration: Digest,
}

/// The record of `clock.measured`.
#[derive(Deserialize)]
struct Measured {
    source: String,
    offset: String,
}

/// Every start from the last one before `from` on, up to `until`; starts of one program with the same settings that follow
/// each other are one run.
pub fn software(conn: &mut AnyConn, from: Micros, until: Micros) -> Result<Vec<SoftwareRun>> {
    let mut starts = noted(conn, Action::SoftwareStarted, (until, STARTS))?;
    starts.reverse();
    let first = starts.iter().rposition(|(at, _)| *at <= from).unwrap_or(0);
    let mut runs: Vec<SoftwareRun> = Vec::new();
    for (at, body) in starts.into_iter().skip(first) {
        let started: Started = serde_json::from_str(&body)?;
        let at = clock::format(at);
        let same = |run: &&mut SoftwareRun| {
            (&run.version, run.binary, run.configuration) == (&started.version, started.binary, started.configuration)
        };
        match runs.last_mut().filter(same) {
            Some(run) => {
                run.last_started_at = at;
                run.starts += 1;
            }
            None => runs.push(SoftwareRun {
                version: started.version,
                binary: started.binary,
                configuration: started.configuration,
                first_started_at: at.clone(),
                last_started_at: at,
                starts: 1,
            }),
        }
    }
    Ok(runs.split_off(runs.len().saturating_sub(RUNS)))
}

/// What was known of the clock last.
pub fn clock(conn: &mut AnyConn, until: Micros) -> Result<Option<ClockReading>> {
    let last = noted(conn, Action::ClockMeasured, (until, 1))?.pop();
    let read = |(at, body): (Micros, String)| {
        let Measured { source, offset } = serde_json::from_str(&body)?;
        let at = clock::format(at);
        Ok(ClockReading { at, source, offset })
    };
    last.map(read).transpose()
}

/// The records of an action of the agency up to a time, the latest first.
fn noted(conn: &mut AnyConn, action: Action, (until, most): (Micros, i64)) -> Result<Vec<(Micros, String)>> {
    let told = events::stream
        .eq(records::stream)
        .and(events::seq.eq(records::seq))
        .and(events::leaf.eq(records::leaf));
    Ok(records::table
        .inner_join(events::table.on(told))
        .filter(events::action.eq(action.as_str()))
        .filter(events::stream.eq(ledger::AGENCY).and(events::at.le(until)))
        .order(events::seq.desc())
        .limit(most)
        .select((events::at, records::body))
        .load(conn)?)
}
