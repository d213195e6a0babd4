//! SQLite's one writer. Everything that is queued becomes one transaction with one fsync. When a write in it fails, the
//! batch runs again with a savepoint for each write (`batch`). A caller that may block writes on its own thread, over the
//! same connection, when nobody writes or waits (`turnstile`).
//!
//! Several writers would starve each other (the busy handler sleeps and the hot writer wins), and each would pay for its
//! own fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, TrySendError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::AnyConn;
use super::batch::{BatchMode, Write, WriteJob, run};
use super::failure::busy;
use super::turnstile::{Room, Turnstile, spawn};
use crate::error::Result;

const ROOM: Room = Room {
    queue: 8192,
    batch: 512,
};

/// How often what was committed is copied from SQLite's log into the database.
const COPY: Duration = Duration::from_millis(100);

/// The writing connection and the queue before it. Its thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct SqliteWriter(Turnstile<WriterState, Box<dyn WriteJob>>);

/// What a batch is written with.
struct WriterState {
    conn: AnyConn,
    mode: BatchMode,
    /// Tells the copier that something was committed. One waiting notice is enough.
    written: mpsc::SyncSender<()>,
}

impl SqliteWriter {
    /// With the connection that writes, and another that copies.
    pub(super) fn start(conn: AnyConn, copying: AnyConn) -> Self {
        let (written, news) = mpsc::sync_channel(1);
        spawn("copier", move || copy(copying, &news));
        let mode = BatchMode::default();
        let state = WriterState { conn, mode, written };
        Self(Turnstile::start("writer", state, ROOM, WriterState::write))
    }

    /// Queues a write; the answer comes after COMMIT.
    pub(super) fn submit<T, F>(&self, f: F) -> oneshot::Receiver<Result<T>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit_to(reply, f);
        answer
    }

    /// Queues a write that is answered there.
    pub(super) fn submit_to<T, F>(&self, reply: oneshot::Sender<Result<T>>, f: F)
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        self.enqueue(Write::boxed(reply, f));
    }

    /// Writes from a thread that may block: where nobody writes or waits to, the write is done when this returns.
    pub(super) fn submit_here<T, F>(&self, f: F) -> oneshot::Receiver<Result<T>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Write::boxed(reply, f);
        match self.0.try_enter() {
            Some(mut state) => state.write(vec![job]),
            None => self.enqueue(job),
        }
        answer
    }

    /// What cannot be queued is answered at once.
    fn enqueue(&self, job: Box<dyn WriteJob>) {
        let (job, why) = match self.0.enqueue(job) {
            Ok(()) => return,
            Err(TrySendError::Full(job)) => (job, "the writer's queue is full"),
            Err(TrySendError::Disconnected(job)) => (job, "the writer stopped"),
        };
        job.finish(Err(busy(why)));
    }
}

impl WriterState {
    /// Every write runs under `failure::caught`. Should something else panic, the batch gets no answer, and the rollback
    /// leaves nothing open.
    fn write(&mut self, batch: Vec<Box<dyn WriteJob>>) {
        let run = AssertUnwindSafe(|| run(&mut self.conn, batch, &mut self.mode));
        if catch_unwind(run).is_err() {
            let _ = self.conn.batch_execute("ROLLBACK");
        }
        let _ = self.written.try_send(());
    }
}

/// Copies SQLite's log into the database while the writer goes on, so that the writer finds little left to copy at 8 MB,
/// where everyone waits for it. Ends with the writer.
fn copy(mut conn: AnyConn, news: &mpsc::Receiver<()>) {
    while news.recv().is_ok() {
        if let Err(e) = conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(error = %e, "SQLite's log was not copied; it grows until it is");
        }
        std::thread::sleep(COPY);
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_query;

    use std::sync::Mutex;

    use super::*;
    use crate::db::Location;
    use crate::db::connect::{AccessMode, open};
    use crate::db::fixture::{TestRow, insert};

    /// A writer on a database of its own, with the table.
    fn writer(folder: &tempfile::TempDir) -> SqliteWriter {
        let location = Location::Sqlite(folder.path().join("t.db"));
        let mut conn = open(&location, AccessMode::Write).expect("a database");
        conn.batch_execute("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            .expect("a table");
        SqliteWriter::start(conn, open(&location, AccessMode::Write).expect("another"))
    }

    #[test]
    fn who_finds_nobody_writing_writes_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(&folder);
        let here = std::thread::current().id();
        let thread = move |_: &mut AnyConn| Ok(std::thread::current().id() == here);
        let mut done = writer.submit_here(thread);
        assert!(done.try_recv().expect("done when it returns").expect("no failure"));
        let queued = writer.submit(thread).blocking_recv();
        assert!(!queued.expect("an answer").expect("no failure"));
    }

    #[test]
    fn who_finds_somebody_writing_waits_behind_those_who_came_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(&folder);
        let (go, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let (at_work, begun) = mpsc::channel::<()>();
        let first = writer.submit(move |conn| {
            let _ = at_work.send(());
            let _ = wait.lock().map(|wait| wait.recv());
            insert(conn, 1)
        });
        begun.recv().expect("it writes");
        let order = |conn: &mut AnyConn| {
            let rows: Vec<TestRow> = sql_query("SELECT count(*) AS n FROM t").load(conn)?;
            let before = rows.first().map_or(0, |r| r.n);
            insert(conn, before + 1)
        };
        let second = writer.submit(order);
        let mut third = writer.submit_here(order);
        assert!(third.try_recv().is_err(), "it waits");
        go.send(()).expect("going on");
        let answers = [first, second, third].map(|a| a.blocking_recv().expect("an answer"));
        assert_eq!(answers.map(|a| a.map_err(|e| e.code)), [Ok(1), Ok(2), Ok(3)]);
    }

    #[test]
    fn a_panic_on_the_thread_that_asks_ends_only_its_own_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(&folder);
        let panics = |conn: &mut AnyConn| -> Result<i64> {
            insert(conn, 1)?;
            panic!("as a bug would")
        };
        let told = writer.submit_here(panics).blocking_recv();
        assert_eq!(told.expect("an answer").map_err(|e| e.code), Err("internal"));
        let after = writer.submit_here(|conn| insert(conn, 1)).blocking_recv();
        assert_eq!(after.expect("an answer").map_err(|e| e.code), Ok(1));
    }
}
