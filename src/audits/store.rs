//! Audits, read from their events and the row of their job.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::Value;

use super::model::{AuditAsked, AuditBroken, AuditDone, AuditState, AuditView, JOB};
use crate::clock::{Micros, Timestamp};
use crate::db::AnyConn;
use crate::db::tables::{events, jobs, records};
use crate::error::{Error, Result};
use crate::jobs::JobState;
use crate::ledger::Action;

/// How an audit ended: action, time, the event's bytes.
type AuditEnd = (String, Micros, Vec<u8>);

/// How far a job is: object, state, step, done, total.
type JobRow = (String, String, String, i64, i64);

const ENDS: [&str; 3] = [
    Action::AuditCompleted.as_str(),
    Action::AuditFailed.as_str(),
    Action::AuditCancelled.as_str(),
];

/// Audits asked for before a time, the latest first, without their reports.
pub fn list(conn: &mut AnyConn, before: Option<Micros>, limit: usize) -> Result<Vec<AuditView>> {
    let asked: Vec<String> = records::table
        .inner_join(
            events::table.on(events::stream
                .eq(records::stream)
                .and(events::seq.eq(records::seq))
                .and(events::leaf.eq(records::leaf))),
        )
        .filter(events::action.eq(Action::AuditRequested.as_str()))
        .filter(events::at.lt(before.unwrap_or(Micros::MAX)))
        .order(events::at.desc())
        .limit(limit as i64)
        .select(records::body)
        .load(conn)?;
    let asked: Vec<AuditAsked> = asked
        .iter()
        .map(|body| Ok(serde_json::from_str(body)?))
        .collect::<Result<_>>()?;
    let ids: Vec<String> = asked.iter().map(|one| one.id.clone()).collect();
    let (mut ends, mut jobs) = (ends(conn, &ids)?, jobs_of(conn, &ids)?);
    asked
        .into_iter()
        .map(|one| {
            let (end, job) = (ends.remove(&one.id), jobs.remove(&one.id));
            view(one, end, job)
        })
        .collect()
}

/// An audit with its report.
pub fn one(conn: &mut AnyConn, id: &str) -> Result<AuditView> {
    let asked = record(conn, id, Action::AuditRequested)?.ok_or_else(Error::not_found)?;
    let ids = [id.to_owned()];
    let (end, job) = (ends(conn, &ids)?.remove(id), jobs_of(conn, &ids)?.remove(id));
    let mut shown = view(serde_json::from_str(&asked)?, end, job)?;
    if let Some(done) = record(conn, id, Action::AuditCompleted)? {
        let done: AuditDone = serde_json::from_str(&done)?;
        shown.report = Some(done.report);
    }
    if let Some(broken) = record(conn, id, Action::AuditFailed)? {
        let broken: AuditBroken = serde_json::from_str(&broken)?;
        shown.error = Some(broken.reason);
    }
    Ok(shown)
}

/// Whether an event of this kind tells of an audit.
pub fn has(conn: &mut AnyConn, id: &str, action: Action) -> Result<bool> {
    Ok(record(conn, id, action)?.is_some())
}

/// The record of the event of this kind about an audit.
fn record(conn: &mut AnyConn, id: &str, action: Action) -> Result<Option<String>> {
    let found = records::table
        .inner_join(
            events::table.on(events::stream
                .eq(records::stream)
                .and(events::seq.eq(records::seq))
                .and(events::leaf.eq(records::leaf))),
        )
        .filter(events::object.eq(id).and(events::action.eq(action.as_str())))
        .select(records::body);
    Ok(found.first(conn).optional()?)
}

fn ends(conn: &mut AnyConn, ids: &[String]) -> Result<HashMap<String, AuditEnd>> {
    let found: Vec<(String, AuditEnd)> = events::table
        .filter(events::object.eq_any(ids).and(events::action.eq_any(ENDS)))
        .order(events::seq)
        .select((events::object, (events::action, events::at, events::body)))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

fn jobs_of(conn: &mut AnyConn, ids: &[String]) -> Result<HashMap<String, JobRow>> {
    let rows: Vec<JobRow> = jobs::table
        .filter(jobs::kind.eq(JOB).and(jobs::object.eq_any(ids)))
        .select((jobs::object, jobs::state, jobs::step, jobs::done, jobs::total))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.0.clone(), row)).collect())
}

fn view(asked: AuditAsked, end: Option<AuditEnd>, job: Option<JobRow>) -> Result<AuditView> {
    let running = job
        .as_ref()
        .is_some_and(|(_, state, ..)| state == JobState::Running.as_str());
    let (_, _, step, done, total) = job.unwrap_or_default();
    let mut view = AuditView {
        step,
        done,
        total,
        ..AuditView::queued(asked)
    };
    if running {
        view.state = AuditState::Running;
    }
    if let Some((action, at, body)) = end {
        view.finished_at = Some(Timestamp(at));
        let said: Value = serde_json::from_slice(&body)?;
        let said = &said["attest"];
        (view.faults, view.notices) = (said["faults"].as_u64(), said["notices"].as_u64());
        view.report_sha256 = said["report"].as_str().and_then(|digest| digest.parse().ok());
        view.state = state_of(&action, view.faults);
    }
    Ok(view)
}

fn state_of(action: &str, faults: Option<u64>) -> AuditState {
    match faults {
        _ if action == Action::AuditFailed.as_str() => AuditState::Failed,
        _ if action == Action::AuditCancelled.as_str() => AuditState::Cancelled,
        Some(0) => AuditState::Clean,
        _ => AuditState::Faulty,
    }
}

/// The last audit that came to its end.
#[derive(Debug, Clone)]
pub struct LastAudit {
    /// Its id.
    pub id: String,
    /// When it ended.
    pub at: Micros,
    /// How many faults it found.
    pub faults: u64,
}

/// The last audit that came to its end.
pub fn last(conn: &mut AnyConn) -> Result<Option<LastAudit>> {
    let found: Option<(String, Micros, Vec<u8>)> = events::table
        .filter(events::action.eq(Action::AuditCompleted.as_str()))
        .order(events::at.desc())
        .select((events::object, events::at, events::body))
        .first(conn)
        .optional()?;
    let Some((id, at, body)) = found else { return Ok(None) };
    let said: Value = serde_json::from_slice(&body)?;
    let faults = said.pointer("/attest/faults").and_then(Value::as_u64).unwrap_or(0);
    Ok(Some(LastAudit { id, at, faults }))
}
