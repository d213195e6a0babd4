//! Writes in one transaction, and their answers.
//!
//! SQLITE_FULL, IOERR and NOMEM roll the whole transaction back, so on any error that is neither a constraint nor a word
//! of the domain the batch is dropped and replayed one by one: no member of it is answered for work that was rolled back
//! under it.
//!
//! What a write names may still be on its way to the disk (`gate`): the commit waits for it, for a moment. A write that
//! would let the others wait longer is set aside, and comes again when it is ready.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::AnyConn;
use super::gate::Gate;
use crate::error::{Error, Result};

/// Batches that take savepoints from the start, after one in which a write failed: whoever sends refused writes all the
/// time does not make the others' run twice each time.
const CAREFUL: u32 = 32;

/// How long a batch waits for what its writes name. A sync of a small file takes about a millisecond on a disk that
/// serves well.
const PATIENCE: Duration = Duration::from_millis(5);

/// Batches that wait for nothing, after one that waited in vain: where files take long, a write comes when its file is safe.
const HASTY: u32 = 32;

/// One queued write, whatever its answer's type.
pub(super) trait Job: Send {
    /// Runs in the open transaction and keeps the answer. An error means: nothing of it may stay.
    fn run(&mut self, conn: &mut AnyConn) -> Result<()>;
    /// What its commit waits for.
    fn gate(&self) -> Option<Arc<Gate>>;
    /// Answers: with what was kept, or with the failure of the commit.
    fn finish(self: Box<Self>, committed: Result<()>);
}

/// A write with an answer of its type.
pub(super) struct Typed<T, F> {
    f: F,
    done: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    gate: Option<Arc<Gate>>,
}

impl<T, F> Typed<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
{
    /// A write, and where its answer comes.
    pub(super) fn of(f: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>) {
        let (reply, answer) = oneshot::channel();
        (Self::to(reply, f, None), answer)
    }

    /// A write that is answered there, and not committed before that gate opens.
    pub(super) fn to(reply: oneshot::Sender<Result<T>>, f: F, gate: Option<Arc<Gate>>) -> Box<dyn Job> {
        let done = None;
        Box::new(Self { f, done, reply, gate })
    }
}

impl<T: Send, F: Fn(&mut AnyConn) -> Result<T> + Send> Job for Typed<T, F> {
    fn run(&mut self, conn: &mut AnyConn) -> Result<()> {
        // A panic ends only its own write.
        let done = caught(|| (self.f)(conn));
        let seen = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.done = Some(done);
        seen
    }

    // Of a write that was refused nothing is committed.
    fn gate(&self) -> Option<Arc<Gate>> {
        match self.done {
            Some(Err(_)) => None,
            _ => self.gate.clone(),
        }
    }

    fn finish(self: Box<Self>, committed: Result<()>) {
        let answer = match (committed, self.done) {
            (Err(e), _) => Err(e),
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(Error::internal("a write was not run")),
        };
        // Whoever asked may be gone; what is committed stays.
        let _ = self.reply.send(answer);
    }
}

/// A panic as an error: it ends only its own write.
pub(super) fn caught<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f))
        .unwrap_or_else(|_| Err(Error::internal("a write panicked; nothing of it was kept")))
}

/// How the next batches are run, as the last ones were found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// So many take savepoints from the start, because a write of one had failed.
    careful: u32,
    /// So many wait for nothing, because one had waited in vain.
    hasty: u32,
}

/// Runs a batch. A savepoint copies every page that its write touches, and most writes need none: all are tried without,
/// unless one of the last batches had to be run again because of that.
pub(super) fn run(conn: &mut AnyConn, mut batch: Vec<Box<dyn Job>>, manner: &mut Manner) {
    if manner.hasty > 0 {
        manner.hasty -= 1;
        batch = batch.into_iter().filter_map(unless_late).collect();
    }
    run_until(conn, batch, manner, Instant::now() + PATIENCE);
}

/// All of these waits are over by then.
fn run_until(conn: &mut AnyConn, mut batch: Vec<Box<dyn Job>>, manner: &mut Manner, until: Instant) {
    if batch.is_empty() {
        return;
    }
    let mut done = Ok(());
    if manner.careful == 0 || batch.len() == 1 {
        done = together(conn, &mut batch, bare, until);
    }
    let failed = matches!(done, Err(Failed::Write(_)));
    if batch.len() > 1 && (failed || manner.careful > 0) {
        manner.careful = if failed { CAREFUL } else { manner.careful - 1 };
        done = together(conn, &mut batch, in_savepoint, until);
    }
    match done {
        Ok(()) => batch.into_iter().for_each(|job| job.finish(Ok(()))),
        Err(Failed::Late) => {
            manner.hasty = HASTY;
            // What is left is not waited for again.
            let ready = batch.into_iter().filter_map(unless_late).collect();
            run_until(conn, ready, manner, until);
        }
        Err(Failed::Write(_)) if batch.len() > 1 => batch
            .into_iter()
            .for_each(|job| run_until(conn, vec![job], manner, until)),
        // A transaction that cannot begin concerns all alike: one by one, each would wait as long again.
        Err(Failed::Begin(e) | Failed::Write(e)) => batch.into_iter().for_each(|job| job.finish(Err(e.clone()))),
    }
}

/// Why nothing of a batch was kept.
enum Failed {
    /// The transaction did not begin.
    Begin(Error),
    /// A write failed, or the commit.
    Write(Error),
    /// What a write names does not survive a crash yet, or never will.
    Late,
}

/// The write, where its gate is open. Else it is set aside.
fn unless_late(job: Box<dyn Job>) -> Option<Box<dyn Job>> {
    match job.gate() {
        Some(gate) => gate.set_aside(job),
        None => Some(job),
    }
}

/// Runs a batch as one transaction: all of it, or nothing.
fn together(
    conn: &mut AnyConn,
    batch: &mut [Box<dyn Job>],
    run: fn(&mut AnyConn, &mut dyn Job) -> Result<()>,
    until: Instant,
) -> std::result::Result<(), Failed> {
    conn.batch_execute("BEGIN IMMEDIATE").map_err(|e| {
        let e = Error::from(e);
        tracing::warn!(error = %e, "the database cannot be written");
        Failed::Begin(e)
    })?;
    let done = batch.iter_mut().try_for_each(|job| run(conn, job.as_mut()));
    let done = done.map_err(Failed::Write).and_then(|()| {
        all_ready(batch, until)?;
        conn.batch_execute("COMMIT").map_err(|e| Failed::Write(e.into()))
    });
    done.inspect_err(|_| {
        // The transaction may already be gone; then there is nothing to roll back.
        let _ = conn.batch_execute("ROLLBACK");
    })
}

/// Waits until all may be committed.
fn all_ready(batch: &[Box<dyn Job>], until: Instant) -> std::result::Result<(), Failed> {
    let mut gates = batch.iter().filter_map(|job| job.gate());
    let open = gates.all(|gate| gate.opens(until));
    open.then_some(()).ok_or(Failed::Late)
}

fn bare(conn: &mut AnyConn, job: &mut dyn Job) -> Result<()> {
    job.run(conn)
}

/// An error here is the machine's, not the domain's: it ends the whole batch.
fn in_savepoint(conn: &mut AnyConn, job: &mut dyn Job) -> Result<()> {
    conn.batch_execute("SAVEPOINT job")?;
    match job.run(conn) {
        Ok(()) => conn.batch_execute("RELEASE job")?,
        Err(e) if broke_the_batch(&e) => return Err(e),
        Err(_) => conn.batch_execute("ROLLBACK TO job; RELEASE job")?,
    }
    Ok(())
}

fn broke_the_batch(e: &Error) -> bool {
    matches!(e.slug, "database" | "disk-full" | "database-busy")
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_query;

    use super::*;
    use crate::db::fixture::{Row, insert, table};

    type Answer = oneshot::Receiver<Result<i64>>;
    type Queued = (Box<dyn Job>, Answer);

    fn job(f: impl Fn(&mut AnyConn) -> Result<i64> + Send + 'static) -> Queued {
        Typed::of(f)
    }

    fn rows(conn: &mut AnyConn) -> Vec<i64> {
        let rows: Vec<Row> = sql_query("SELECT n FROM t ORDER BY n").load(conn).expect("rows");
        rows.iter().map(|r| r.n).collect()
    }

    /// Runs these as one batch: what each was told, as a slug where it failed, and what the table holds.
    fn told(jobs: Vec<Queued>) -> (Vec<std::result::Result<i64, &'static str>>, Vec<i64>) {
        let (_folder, mut conn) = table();
        let (batch, answers): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        run(&mut conn, batch, &mut Manner::default());
        let answers = answers
            .into_iter()
            .map(|a| a.blocking_recv().expect("an answer").map_err(|e| e.slug))
            .collect();
        (answers, rows(&mut conn))
    }

    #[test]
    fn what_fails_takes_nothing_with_it() {
        let refused = |conn: &mut AnyConn| {
            insert(conn, 2)?;
            Err(Error::conflict("no"))
        };
        let twice = |conn: &mut AnyConn| insert(conn, 1);
        let jobs = vec![
            job(|conn| insert(conn, 1)),
            job(refused),
            job(twice),
            job(|conn| {
                insert(conn, 3)?;
                panic!("as a bug would")
            }),
            job(|conn| insert(conn, 4)),
        ];
        let (answers, rows) = told(jobs);
        assert_eq!(answers, [Ok(1), Err("conflict"), Err("taken"), Err("internal"), Ok(4)]);
        assert_eq!(rows, [1, 4]);
    }

    #[test]
    fn a_transaction_that_is_gone_takes_nobody_with_it() {
        let gone = |conn: &mut AnyConn| {
            insert(conn, 2)?;
            conn.batch_execute("ROLLBACK")?;
            Err(Error::new(
                crate::error::Kind::Internal,
                "database",
                "as a full disk does",
            ))
        };
        let (answers, rows) = told(vec![
            job(|conn| insert(conn, 1)),
            job(gone),
            job(|conn| insert(conn, 3)),
        ]);
        assert_eq!(answers, [Ok(1), Err("database"), Ok(3)]);
        assert_eq!(rows, [1, 3]);
    }

    /// A write behind a gate, with its answer.
    fn behind(gate: &Arc<Gate>, f: impl Fn(&mut AnyConn) -> Result<i64> + Send + 'static) -> Queued {
        let (reply, answer) = oneshot::channel();
        (Typed::to(reply, f, Some(gate.clone())), answer)
    }

    #[test]
    fn a_write_that_is_late_holds_nobody_up_and_is_done_when_it_is_ready() {
        for careful in [0, 2] {
            let mut manner = Manner { careful, hasty: 0 };
            let (_folder, mut conn) = table();
            let gate = Gate::shut();
            let (late, mut answer) = behind(&gate, |conn| insert(conn, 1));
            let (other, told) = job(|conn| insert(conn, 2));
            run(&mut conn, vec![late, other], &mut manner);
            assert_eq!(told.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(2));
            assert_eq!(rows(&mut conn), [2]);
            answer.try_recv().expect_err("it waits");
            let late = gate.open().expect("it was set aside");
            assert_eq!(manner.hasty, HASTY);
            run(&mut conn, vec![late], &mut manner);
            assert_eq!(answer.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(1));
            assert_eq!(rows(&mut conn), [1, 2]);
        }
    }

    #[test]
    fn a_write_is_committed_with_the_others_where_its_gate_opens_in_time() {
        let (_folder, mut conn) = table();
        let gate = Gate::shut();
        let (late, answer) = behind(&gate, |conn| insert(conn, 1));
        let opens = gate.clone();
        let opened_by = move |conn: &mut AnyConn| {
            assert!(opens.open().is_none(), "it was not set aside");
            insert(conn, 2)
        };
        let (other, told) = job(opened_by);
        run(&mut conn, vec![late, other], &mut Manner::default());
        assert_eq!(answer.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(1));
        assert_eq!(told.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(2));
    }

    #[test]
    fn nothing_stays_of_a_write_that_is_withdrawn() {
        // Before it is run, while it waits, and after it was set aside.
        for when in 0..3 {
            let (_folder, mut conn) = table();
            let gate = Gate::shut();
            let (withdrawn, answer) = behind(&gate, |conn| insert(conn, 1));
            let (other, told) = job(|conn| insert(conn, 2));
            if when == 0 {
                gate.withdraw();
            }
            let withdraws = gate.clone();
            let waits = std::thread::spawn(move || {
                if when == 1 {
                    std::thread::sleep(PATIENCE / 5);
                    withdraws.withdraw();
                }
            });
            run(&mut conn, vec![withdrawn, other], &mut Manner::default());
            waits.join().expect("withdrawn");
            if when == 2 {
                gate.withdraw();
            }
            assert_eq!(told.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(2));
            answer.blocking_recv().expect_err("nobody answers");
            assert_eq!(rows(&mut conn), [2]);
        }
    }

    #[test]
    fn who_waited_in_vain_does_not_wait_the_next_time() {
        let (_folder, mut conn) = table();
        let gate = Gate::shut();
        let runs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = runs.clone();
        let (late, _answer) = behind(&gate, move |conn| {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            insert(conn, 1)
        });
        let (other, told) = job(|conn| insert(conn, 2));
        let mut manner = Manner { careful: 0, hasty: 1 };
        run(&mut conn, vec![late, other], &mut manner);
        assert_eq!(told.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(2));
        assert_eq!((runs.load(std::sync::atomic::Ordering::SeqCst), manner.hasty), (0, 0));
    }

    #[test]
    fn a_refusal_is_told_without_waiting_and_a_late_write_alone_is_set_aside_too() {
        let (_folder, mut conn) = table();
        let gate = Gate::shut();
        let (refused, mut told) = behind(&gate, |conn| {
            insert(conn, 1)?;
            Err(Error::conflict("no"))
        });
        let (other, also) = job(|conn| insert(conn, 2));
        run(&mut conn, vec![refused, other], &mut Manner::default());
        assert_eq!(told.try_recv().expect("an answer").map_err(|e| e.slug), Err("conflict"));
        assert_eq!(also.blocking_recv().expect("an answer").map_err(|e| e.slug), Ok(2));
        // One that takes the transaction with it: each is run alone.
        let gone = |conn: &mut AnyConn| {
            conn.batch_execute("ROLLBACK")?;
            Err(Error::new(
                crate::error::Kind::Internal,
                "database",
                "as a full disk does",
            ))
        };
        let (gone, lost) = job(gone);
        let (late, mut waits) = behind(&gate, |conn| insert(conn, 3));
        run(&mut conn, vec![gone, late], &mut Manner::default());
        assert_eq!(
            lost.blocking_recv().expect("an answer").map_err(|e| e.slug),
            Err("database")
        );
        waits.try_recv().expect_err("it waits");
        assert_eq!(rows(&mut conn), [2]);
    }

    #[test]
    fn a_write_alone_fails_alone() {
        let refused = |conn: &mut AnyConn| {
            insert(conn, 2)?;
            Err(Error::conflict("no"))
        };
        assert_eq!(told(vec![job(refused)]), (vec![Err("conflict")], vec![]));
    }
}
