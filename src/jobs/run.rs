//! Running jobs: one of a kind at a time in this server, each on a thread that may block.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::model::{ATTEMPTS, Interrupt, Job, JobState};
use super::progress::Progress;
use super::store::{self, JobEnd};
use crate::clock::Micros;
use crate::db::{AnyConn, blocking};
use crate::error::{Error, Kind, Result};
use crate::gate::{Gate, Tx};
use crate::ledger;

/// How often progress is written down.
const TICK: Duration = Duration::from_millis(300);
/// How often a lease is renewed where there is no progress to write down.
const RENEW: Duration = Duration::from_secs(5);
/// How often the table is looked at: another server may have added a job, or died.
const LOOK: Duration = Duration::from_secs(2);

/// What works on the jobs of a kind.
pub trait Worker: Clone + Send + Sync + 'static {
    /// The kind, by which events name the job as their actor.
    const KIND: &'static str;
    /// How long after its end the job comes again; `None` for one that ends for good.
    const EVERY: Option<Micros>;
    /// What the work makes.
    type Made: Send + Sync + 'static;

    /// Notes that the job is taken, in that transaction.
    fn begin(&self, _tx: &mut Tx<'_>, _job: &Job) -> Result<()> {
        Ok(())
    }

    /// Works, on a thread that may block.
    fn work(&self, job: &Job, progress: &Arc<Progress>) -> Result<Self::Made>;

    /// Keeps what was made, in the transaction that ends the job. Gives its amount, for those who look at the progress.
    fn keep(&self, tx: &mut Tx<'_>, job: &Job, made: &Self::Made) -> Result<i64>;

    /// Notes that the job ended without success, in that transaction.
    fn fail(&self, _tx: &mut Tx<'_>, _job: &Job, _why: &str) -> Result<()> {
        Ok(())
    }

    /// Removes what a job that ended without success left behind, on a thread that may block.
    fn clear(&self, _job: &Job) -> Result<()> {
        Ok(())
    }
}

/// Works on jobs of a kind until `stop` becomes true or its sender is gone. `wake` tells of a new job at once.
pub async fn run<W: Worker>(gate: Gate, worker: W, wake: &Notify, mut stop: watch::Receiver<bool>) {
    if matches!(gate.db().read(ledger::state).await, Ok(Some(state)) if state.read_only) {
        tracing::warn!(
            job = W::KIND,
            "this installation is read-only: the job does not run in it"
        );
        return;
    }
    while !*stop.borrow() {
        match take(&gate, &worker).await {
            Ok(Some(job)) => {
                one(&gate, &worker, job, &stop).await;
                continue;
            }
            Ok(None) => {}
            Err(e) => tracing::error!(job = W::KIND, error = %e, "no job could be taken; it tries again"),
        }
        tokio::select! {
            () = wake.notified() => {}
            () = sleep(LOOK) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// Takes the next job that is due. A look that finds none writes nothing.
async fn take<W: Worker>(gate: &Gate, worker: &W) -> Result<Option<Job>> {
    let now = gate.now();
    let look = move |conn: &mut AnyConn| match W::EVERY {
        Some(_) if !store::is_known(conn, W::KIND, "")? => Ok(true),
        _ => Ok(store::due(conn, W::KIND, now)?.is_some()),
    };
    if !gate.db().read(look).await? {
        return Ok(None);
    }
    let worker = worker.clone();
    let take = move |tx: &mut Tx<'_>| {
        if W::EVERY.is_some() {
            store::add(tx.conn, W::KIND, "", tx.now)?;
        }
        let job = store::take(tx.conn, W::KIND, tx.now, tx.new_id())?;
        job.as_ref().map_or(Ok(()), |job| worker.begin(tx, job))?;
        Ok(job)
    };
    gate.housekeep(ledger::job(W::KIND), take).await
}

async fn one<W: Worker>(gate: &Gate, worker: &W, job: Job, stop: &watch::Receiver<bool>) {
    let progress = Arc::new(Progress::new(gate.clone(), job.clone(), stop.clone()));
    let made = match refused(&job) {
        Some(e) => Err(e),
        None => watched(worker, &job, &progress).await,
    };
    let kept = match made {
        Ok(made) => keep(gate, worker, &job, made).await,
        Err(e) => Err(e),
    };
    let Err(e) = kept else { return };
    let left = match progress.interrupt() {
        Some(Interrupt::Lost) => Ok(false),
        Some(Interrupt::Stopped) => release(gate, &job).await,
        Some(Interrupt::Cancelled) => fail(gate, worker, &job, (JobState::Cancelled, &e)).await,
        None if job.cancel => fail(gate, worker, &job, (JobState::Cancelled, &e)).await,
        None => fail(gate, worker, &job, (JobState::Failed, &e)).await,
    };
    match left {
        Ok(true) => tracing::warn!(job = W::KIND, object = job.object, error = %e, "a job ended early"),
        Ok(false) => tracing::warn!(job = W::KIND, object = job.object, "a job is another server's now"),
        Err(lost) => {
            tracing::error!(job = W::KIND, object = job.object, error = %lost, "the end of a job could not be recorded");
        }
    }
}

/// Why a job that was taken is not worked on.
fn refused(job: &Job) -> Option<Error> {
    if job.cancel {
        return Some(Interrupt::Cancelled.error());
    }
    let why = format!("the server that worked on it died, {ATTEMPTS} times; ask again");
    (job.attempts > ATTEMPTS).then(|| Error::new(Kind::Unavailable, "stopped", why))
}

/// Works, and meanwhile renews the lease and writes progress down.
async fn watched<W: Worker>(worker: &W, job: &Job, progress: &Arc<Progress>) -> Result<W::Made> {
    let (working, own, told) = (worker.clone(), job.clone(), progress.clone());
    let mut work = tokio::spawn(blocking(move || working.work(&own, &told)));
    let (mut tick, mut last, mut renewed) = (interval(TICK), progress.now(), Instant::now());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => return done.unwrap_or_else(|e| Err(Error::internal(e))),
            _ = tick.tick() => {}
        }
        let now = progress.now();
        if (now == last && renewed.elapsed() < RENEW) || progress.interrupt().is_some() {
            continue;
        }
        let renewing = progress.clone();
        match blocking(move || renewing.renew()).await {
            Ok(()) => (last, renewed) = (now, Instant::now()),
            // The work sees it at its next step, and ends.
            Err(e) => tracing::warn!(job = W::KIND, object = job.object, error = %e, "a lease could not be renewed"),
        }
    }
}

/// Keeps what was made and ends the job, in one transaction.
async fn keep<W: Worker>(gate: &Gate, worker: &W, job: &Job, made: W::Made) -> Result<()> {
    let (worker, own) = (worker.clone(), job.clone());
    let keep = move |tx: &mut Tx<'_>| {
        let amount = worker.keep(tx, &own, &made)?;
        let end = W::EVERY.map_or(JobEnd::Done(amount), |every| JobEnd::Again(tx.now + every, None));
        match store::leave(tx.conn, &own, end)? {
            true => Ok(()),
            false => Err(Interrupt::Lost.error()),
        }
    };
    gate.housekeep(ledger::job(W::KIND), keep).await
}

async fn fail<W: Worker>(gate: &Gate, worker: &W, job: &Job, (state, e): (JobState, &Error)) -> Result<bool> {
    let (failing, own, why) = (worker.clone(), job.clone(), reason(e));
    let fail = move |tx: &mut Tx<'_>| {
        let end = match W::EVERY {
            Some(every) => JobEnd::Again(tx.now + every, Some(why.clone())),
            None => JobEnd::Ended(state, why.clone()),
        };
        let held = store::leave(tx.conn, &own, end)?;
        if held {
            failing.fail(tx, &own, &why)?;
        }
        Ok(held)
    };
    let held = gate.housekeep(ledger::job(W::KIND), fail).await?;
    if held {
        let (clearing, own) = (worker.clone(), job.clone());
        blocking(move || clearing.clear(&own)).await?;
    }
    Ok(held)
}

/// Gives a job back, to be taken up again by the next server that looks.
async fn release(gate: &Gate, job: &Job) -> Result<bool> {
    let own = job.clone();
    gate.housekeep(ledger::job(job.kind), move |tx| {
        store::leave(tx.conn, &own, JobEnd::Released)
    })
    .await
}

/// What broke inside is for the log alone; everything else is for whoever asked.
fn reason(e: &Error) -> String {
    match e.kind {
        Kind::Internal => {
            tracing::error!(slug = e.code, detail = %e.detail, "a job failed inside");
            "something inside failed; the server's log says what. Ask again".into()
        }
        _ => e.detail.clone(),
    }
}
