//! The queries on the table of jobs. Whoever holds a job is known by its lease: every change of a running job names it.

use diesel::prelude::*;

use super::model::{Interrupt, Job, JobState, LEASE, Step};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::jobs;
use crate::error::Result;

/// Adds a job to be done, unless there is one of this kind for this object.
pub fn add(conn: &mut AnyConn, kind: &str, object: &str, due_at: Micros) -> Result<()> {
    if is_known(conn, kind, object)? {
        return Ok(());
    }
    diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(kind),
            jobs::object.eq(object),
            jobs::state.eq(JobState::Waiting.as_str()),
            jobs::due_at.eq(due_at),
            jobs::attempts.eq(0_i64),
            jobs::lease.eq(""),
            jobs::leased_until.eq(0_i64),
            jobs::cancel.eq(false),
            jobs::step.eq(""),
            jobs::done.eq(0_i64),
            jobs::total.eq(0_i64),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether there is a job of this kind for this object.
pub(super) fn is_known(conn: &mut AnyConn, kind: &str, object: &str) -> Result<bool> {
    let known: i64 = jobs::table.find((kind, object)).count().get_result(conn)?;
    Ok(known > 0)
}

/// What a job of this kind works on, or is to work on, where one has not ended.
pub fn under_way(conn: &mut AnyConn, kind: &str) -> Result<Option<String>> {
    let states = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let open = jobs::table.filter(jobs::kind.eq(kind).and(jobs::state.eq_any(states)));
    Ok(open.select(jobs::object).first(conn).optional()?)
}

/// Adds a job to be done; one that has ended is done once more, and one that waits is due no later than this.
pub fn again(conn: &mut AnyConn, kind: &str, object: &str, due_at: Micros) -> Result<()> {
    let open = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let ended = jobs::table.find((kind, object)).filter(jobs::state.ne_all(open));
    diesel::delete(ended).execute(conn)?;
    let waits = jobs::table
        .find((kind, object))
        .filter(jobs::state.eq(JobState::Waiting.as_str()).and(jobs::due_at.gt(due_at)));
    diesel::update(waits).set(jobs::due_at.eq(due_at)).execute(conn)?;
    add(conn, kind, object, due_at)
}

/// Forgets the jobs of a kind that have ended: for a kind whose result is kept elsewhere.
pub fn forget_ended(conn: &mut AnyConn, kind: &str) -> Result<()> {
    let open = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let ended = jobs::table.filter(jobs::kind.eq(kind).and(jobs::state.ne_all(open)));
    diesel::delete(ended).execute(conn)?;
    Ok(())
}

/// Calls a job off; `false` when it has ended already. Whoever holds it, or takes it next, ends it as cancelled.
pub fn cancel(conn: &mut AnyConn, kind: &str, object: &str) -> Result<bool> {
    let states = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let open = jobs::table.find((kind, object)).filter(jobs::state.eq_any(states));
    Ok(diesel::update(open).set(jobs::cancel.eq(true)).execute(conn)? == 1)
}

/// A row of the table as far as taking a job needs it: object, attempts, lease, cancel.
type DueJob = (String, i64, String, bool);

/// The job of this kind that has been due for longest: one that waits, or one whose lease has ended.
pub(super) fn due(conn: &mut AnyConn, kind: &str, now: Micros) -> Result<Option<DueJob>> {
    let waits = jobs::state.eq(JobState::Waiting.as_str()).and(jobs::due_at.le(now));
    let orphaned = jobs::state
        .eq(JobState::Running.as_str())
        .and(jobs::leased_until.lt(now));
    Ok(jobs::table
        .filter(jobs::kind.eq(kind).and(waits.or(orphaned)))
        .order((jobs::due_at, jobs::object))
        .select((jobs::object, jobs::attempts, jobs::lease, jobs::cancel))
        .first(conn)
        .optional()?)
}

/// Takes a job that is due under a new lease; `None` when nothing is due or another server was first.
pub(super) fn take(conn: &mut AnyConn, kind: &'static str, now: Micros, lease: String) -> Result<Option<Job>> {
    let Some((object, attempts, before, cancel)) = due(conn, kind, now)? else {
        return Ok(None);
    };
    let job = Job {
        kind,
        object,
        lease,
        attempts: attempts + 1,
        cancel,
    };
    let free = jobs::table
        .find((kind, &job.object))
        .filter(jobs::lease.eq(before).and(jobs::attempts.eq(attempts)));
    let set = (
        jobs::state.eq(JobState::Running.as_str()),
        jobs::attempts.eq(job.attempts),
        jobs::lease.eq(&job.lease),
        jobs::leased_until.eq(now + LEASE),
    );
    Ok((diesel::update(free).set(set).execute(conn)? == 1).then_some(job))
}

/// Renews a lease and notes how far the job is; says why the job has to stop, if it has to. The row stays locked until the
/// transaction ends, so that nobody takes the job meanwhile.
pub(super) fn renew(conn: &mut AnyConn, job: &Job, now: Micros, step: Step) -> Result<Option<Interrupt>> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let set = (
        jobs::leased_until.eq(now + LEASE),
        jobs::step.eq(step.name),
        jobs::done.eq(count(step.done)),
        jobs::total.eq(count(step.total)),
    );
    let mine = jobs::table
        .find((job.kind, &job.object))
        .filter(jobs::lease.eq(&job.lease));
    if diesel::update(mine).set(set).execute(conn)? == 0 {
        return Ok(Some(Interrupt::Lost));
    }
    let cancel = jobs::table.find((job.kind, &job.object)).select(jobs::cancel);
    Ok(cancel.first::<bool>(conn)?.then_some(Interrupt::Cancelled))
}

/// How a job that is held is left.
pub(super) enum JobEnd {
    /// Done, after so much work.
    Done(i64),
    /// Failed or cancelled, for a reason.
    Ended(JobState, String),
    /// To be done again later, with the reason if it failed.
    Again(Micros, Option<String>),
    /// Given back unfinished, because the server stops.
    Released,
}

/// Leaves a job; `false` when it is not this server's any more. Then nothing else may be kept of it either.
pub(super) fn leave(conn: &mut AnyConn, job: &Job, end: JobEnd) -> Result<bool> {
    let mine = jobs::table
        .find((job.kind, &job.object))
        .filter(jobs::lease.eq(&job.lease));
    let free = (jobs::lease.eq(""), jobs::leased_until.eq(0_i64));
    let changed = match end {
        JobEnd::Done(size) => {
            let progress = (jobs::step.eq(""), jobs::done.eq(size), jobs::total.eq(size));
            let set = (free, progress, jobs::state.eq(JobState::Done.as_str()));
            diesel::update(mine).set(set).execute(conn)?
        }
        JobEnd::Ended(state, why) => {
            let set = (free, jobs::state.eq(state.as_str()), jobs::error.eq(Some(why)));
            diesel::update(mine).set(set).execute(conn)?
        }
        JobEnd::Again(due_at, error) => {
            let anew = (jobs::attempts.eq(0_i64), jobs::due_at.eq(due_at), jobs::error.eq(error));
            let set = (free, anew, jobs::state.eq(JobState::Waiting.as_str()));
            diesel::update(mine).set(set).execute(conn)?
        }
        JobEnd::Released => {
            let anew = jobs::attempts.eq(job.attempts - 1);
            let set = (free, anew, jobs::state.eq(JobState::Waiting.as_str()));
            diesel::update(mine).set(set).execute(conn)?
        }
    };
    Ok(changed == 1)
}
