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

/// A start, and when it was.
type Start = (Micros, Started);

/// The record of `clock.measured`.
#[derive(Deserialize)]
struct Measured {
    source: String,
    offset: String,
}

/// The programs that ran from `from` to `until`, by their starts.
pub fn software(conn: &mut AnyConn, from: Micros, until: Micros) -> Result<Vec<SoftwareRun>> {
    let starts = noted(conn, Action::SoftwareStarted, (until, STARTS))?;
    let read = |(at, body): (Micros, String)| Ok((at, serde_json::from_str(&body)?));
    let starts: Vec<Start> = starts.into_iter().rev().map(read).collect::<Result<_>>()?;
    Ok(runs(starts, from))
}

/// The runs of starts in their order, from the last one before `from` on; starts of one program with the same settings that
/// follow each other are one run.
fn runs(starts: Vec<Start>, from: Micros) -> Vec<SoftwareRun> {
    let first = starts.iter().rposition(|(at, _)| *at <= from).unwrap_or(0);
    let mut runs: Vec<SoftwareRun> = Vec::new();
    for (at, started) in starts.into_iter().skip(first) {
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
    runs.split_off(runs.len().saturating_sub(RUNS))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_begin_with_the_program_that_received_the_first_exhibit() {
        let start = |at: Micros, version: &str, settings: u8| {
            let started = Started {
                version: version.into(),
                binary: None,
                configuration: Digest([settings; 32]),
            };
            (at, started)
        };
        let told = |starts: Vec<Start>, from: Micros| {
            let all = runs(starts, from).into_iter();
            all.map(|run| (run.version, run.configuration.as_bytes()[0], run.starts))
                .collect::<Vec<_>>()
        };
        let starts = || {
            vec![
                start(10, "0.1.0", 1),
                start(20, "0.1.0", 1),
                start(30, "0.1.0", 2),
                start(40, "0.2.0", 2),
                start(50, "0.2.0", 2),
                start(60, "0.1.0", 2),
            ]
        };
        let run = |version: &str, settings: u8, starts: u64| (version.to_owned(), settings, starts);
        let later = [run("0.1.0", 2, 1), run("0.2.0", 2, 2), run("0.1.0", 2, 1)];
        assert_eq!(told(starts(), 30), later);
        assert_eq!(told(starts(), 25), [&[run("0.1.0", 1, 1)], &later[..]].concat());
        assert_eq!(told(starts(), 5), [&[run("0.1.0", 1, 2)], &later[..]].concat());
        assert_eq!(told(starts(), 99), [run("0.1.0", 2, 1)]);
        assert!(told(Vec::new(), 5).is_empty());
        let many = (0..2000).map(|n| start(n, "0.1.0", (n % 2) as u8)).collect();
        assert_eq!(told(many, 0).len(), RUNS);
    }
}
