//! The one writer of SQLite: takes what is queued as one transaction, a savepoint each, one fsync for all.
//!
//! Free writers would starve each other (the busy handler sleeps and the hot writer wins), and each would pay its
//! own fsync. SQLITE_FULL, IOERR and NOMEM roll the whole transaction back, so on any error that is neither a
//! constraint nor a word of the domain the batch is dropped and replayed one by one: no member of it is answered
//! for work that was rolled back under it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::{AnyConn, busy};
use crate::error::{Error, Result};

const BATCH: usize = 512;
const QUEUE: usize = 8192;

/// How often what was committed is copied from SQLite's log into the database.
const COPY: Duration = Duration::from_millis(100);

/// The queue in front of the writer thread. The thread ends when the last handle is dropped.
pub(super) struct Writer {
    queue: mpsc::SyncSender<Box<dyn Job>>,
}

impl Writer {
    /// With the connection that writes, and another that copies.
    pub(super) fn start(mut conn: AnyConn, copying: AnyConn) -> Self {
        let (queue, jobs) = mpsc::sync_channel::<Box<dyn Job>>(QUEUE);
        let (written, news) = mpsc::sync_channel(1);
        spawn("writer", move || {
            while let Ok(first) = jobs.recv() {
                let mut batch = vec![first];
                batch.extend(jobs.try_iter().take(BATCH - 1));
                run(&mut conn, batch);
                // Where one notice lies already, another would say the same.
                let _ = written.try_send(());
            }
        });
        spawn("copier", move || copy(copying, &news));
        Self { queue }
    }

    /// Queues a write; the answer comes after COMMIT.
    pub(super) fn submit<T, F>(&self, f: F) -> Result<oneshot::Receiver<Result<T>>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Typed { f, done: None, reply });
        self.queue
            .try_send(job)
            .map_err(|_| busy("the writer's queue is full"))?;
        Ok(answer)
    }
}

fn spawn(name: &str, f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(f)
        .unwrap_or_else(|e| panic!("the thread {name} cannot start: {e}"));
}

/// Copies the log into the database beside the writer, which would otherwise stop for it with everyone waiting: its own
/// copying, at 8 MB, then finds little left to do. Ends with the writer.
fn copy(mut conn: AnyConn, news: &mpsc::Receiver<()>) {
    while news.recv().is_ok() {
        if let Err(e) = conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(error = %e, "SQLite's log was not copied; it grows until it is");
        }
        std::thread::sleep(COPY);
    }
}

/// One queued write, whatever its answer's type.
trait Job: Send {
    /// Runs in the open transaction and keeps the answer. An error means: nothing of it may stay.
    fn run(&mut self, conn: &mut AnyConn) -> Result<()>;
    /// Answers: with what was kept, or with the failure of the commit.
    fn finish(self: Box<Self>, committed: Result<()>);
}

struct Typed<T, F> {
    f: F,
    done: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: Fn(&mut AnyConn) -> Result<T> + Send> Job for Typed<T, F> {
    fn run(&mut self, conn: &mut AnyConn) -> Result<()> {
        // A panic ends only its own write.
        let done = catch_unwind(AssertUnwindSafe(|| (self.f)(conn)))
            .unwrap_or_else(|_| Err(Error::internal("a write panicked; nothing of it was kept")));
        let seen = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.done = Some(done);
        seen
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

fn run(conn: &mut AnyConn, mut batch: Vec<Box<dyn Job>>) {
    // A transaction that cannot begin concerns all alike: one by one, each would wait as long again.
    if let Err(e) = begin(conn) {
        return batch.into_iter().for_each(|job| job.finish(Err(e.clone())));
    }
    match together(conn, &mut batch) {
        Ok(()) => batch.into_iter().for_each(|job| job.finish(Ok(()))),
        Err(_) if batch.len() > 1 => batch.into_iter().for_each(|job| run(conn, vec![job])),
        Err(e) => batch.into_iter().for_each(|job| job.finish(Err(e.clone()))),
    }
}

fn begin(conn: &mut AnyConn) -> Result<()> {
    conn.batch_execute("BEGIN IMMEDIATE").map_err(|e| {
        let e = Error::from(e);
        tracing::warn!(error = %e, "the database cannot be written");
        e
    })
}

fn together(conn: &mut AnyConn, batch: &mut [Box<dyn Job>]) -> Result<()> {
    let done = match batch {
        // The transaction is its own.
        [only] => only.run(conn),
        many => many.iter_mut().try_for_each(|job| in_savepoint(conn, job.as_mut())),
    };
    if let Err(e) = done {
        // The transaction may already be gone; then there is nothing to roll back.
        let _ = conn.batch_execute("ROLLBACK");
        return Err(e);
    }
    conn.batch_execute("COMMIT").map_err(|e| {
        let _ = conn.batch_execute("ROLLBACK");
        Error::from(e)
    })
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

/// One write in a transaction that was begun for it, on the calling thread.
pub(super) fn alone<T>(conn: &mut AnyConn, f: &(dyn Fn(&mut AnyConn) -> Result<T> + Send + Sync)) -> Result<T> {
    let done = catch_unwind(AssertUnwindSafe(|| f(conn)))
        .unwrap_or_else(|_| Err(Error::internal("a write panicked; nothing of it was kept")));
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = conn.batch_execute(end);
    match (done, ended) {
        (Ok(done), Ok(())) => Ok(done),
        (Ok(_), Err(e)) => Err(e.into()),
        (Err(e), _) => Err(e),
    }
}
