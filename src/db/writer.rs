//! The one writer of SQLite: takes what is queued as one transaction, one fsync for all; where a write of it fails, again
//! with a savepoint each. A thread that may block and finds nobody writing or waiting writes itself, on the same
//! connection: waking another thread and being woken by it costs about as much as the fsync.
//!
//! Free writers would starve each other (the busy handler sleeps and the hot writer wins), and each would pay its
//! own fsync.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::batch::{Job, Manner, Typed, caught, run};
use super::connect::Kept;
use super::gate::Gate;
use super::{AnyConn, busy};
use crate::error::Result;

const BATCH: usize = 512;
const QUEUE: usize = 8192;

/// How often what was committed is copied from SQLite's log into the database.
const COPY: Duration = Duration::from_millis(100);

/// The queue in front of the writer thread. The thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::SyncSender<Box<dyn Job>>,
    desk: Arc<Desk>,
}

/// Where writes are done, by one thread at a time.
struct Desk {
    pen: Mutex<Pen>,
    /// Writes in the queue. Whoever comes while there are any waits behind them.
    waiting: AtomicUsize,
}

/// What a batch is written with.
struct Pen {
    conn: AnyConn,
    manner: Manner,
    /// Tells the copier; where one notice lies already, another would say the same.
    written: mpsc::SyncSender<()>,
}

impl Writer {
    /// With the connection that writes, and another that copies.
    pub(super) fn start(conn: AnyConn, copying: AnyConn) -> Self {
        let (queue, jobs) = mpsc::sync_channel::<Box<dyn Job>>(QUEUE);
        let (written, news) = mpsc::sync_channel(1);
        let pen = Pen {
            conn,
            manner: Manner::default(),
            written,
        };
        let desk = Arc::new(Desk {
            pen: Mutex::new(pen),
            waiting: AtomicUsize::new(0),
        });
        let writing = desk.clone();
        spawn("writer", move || writing.serve(&jobs));
        spawn("copier", move || copy(copying, &news));
        Self { queue, desk }
    }

    /// Queues a write; the answer comes after COMMIT.
    pub(super) fn submit<T, F>(&self, f: F) -> Result<oneshot::Receiver<Result<T>>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let (job, answer) = Typed::of(f);
        self.enqueue(job)?;
        Ok(answer)
    }

    /// The same, answered there, and committed only when what is given back is opened. Where that is dropped, or the write
    /// not queued, nothing is written and `reply` is dropped.
    pub(super) fn submit_behind<T, F>(&self, reply: oneshot::Sender<Result<T>>, f: F) -> Result<Shut>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let gate = Gate::shut();
        self.enqueue(Typed::to(reply, f, Some(gate.clone())))?;
        let writer = self.clone();
        Ok(Shut { gate, writer })
    }

    /// The same from a thread that may block: where nobody writes or waits to, the write is done when this returns.
    pub(super) fn submit_here<T, F>(&self, f: F) -> Result<oneshot::Receiver<Result<T>>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let (job, answer) = Typed::of(f);
        match self.desk.free() {
            Some(mut pen) => pen.write(vec![job]),
            None => self.enqueue(job)?,
        }
        Ok(answer)
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<()> {
        self.counted(|| {
            self.queue.try_send(job).map_err(|e| match e {
                TrySendError::Full(_) => busy("the writer's queue is full"),
                TrySendError::Disconnected(_) => busy("the writer stopped"),
            })
        })
    }

    /// The same for a write that was taken once: it waits for room.
    fn enqueue_again(&self, job: Box<dyn Job>) -> Result<()> {
        self.counted(|| self.queue.send(job).map_err(|_| busy("the writer stopped")))
    }

    /// Counted before it is sent, so that the count is never below what is queued.
    fn counted(&self, send: impl FnOnce() -> Result<()>) -> Result<()> {
        self.desk.waiting.fetch_add(1, Ordering::SeqCst);
        send().inspect_err(|_| {
            self.desk.waiting.fetch_sub(1, Ordering::SeqCst);
        })
    }
}

/// A write that is queued and may not yet be committed.
pub(super) struct Shut {
    gate: Arc<Gate>,
    writer: Writer,
}

impl Shut {
    /// What the write names survives a crash.
    pub(super) fn open(self) -> Result<()> {
        match self.gate.open() {
            Some(job) => self.writer.enqueue_again(job),
            None => Ok(()),
        }
    }
}

impl Drop for Shut {
    fn drop(&mut self) {
        self.gate.withdraw();
    }
}

impl Desk {
    /// The pen, where nobody has it or waits for it.
    fn free(&self) -> Option<MutexGuard<'_, Pen>> {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            return None;
        }
        self.pen.try_lock().ok()
    }

    /// What is queued while another thread writes is taken together.
    fn serve(&self, jobs: &mpsc::Receiver<Box<dyn Job>>) {
        while let Ok(first) = jobs.recv() {
            let mut pen = match self.pen.lock() {
                Ok(pen) => pen,
                // No write panics outside `caught`. Had one, nobody would write any more, and nothing be left open.
                Err(lost) => {
                    let _ = lost.into_inner().conn.batch_execute("ROLLBACK");
                    return;
                }
            };
            let mut batch = vec![first];
            batch.extend(jobs.try_iter().take(BATCH - 1));
            self.waiting.fetch_sub(batch.len(), Ordering::SeqCst);
            pen.write(batch);
        }
    }
}

impl Pen {
    fn write(&mut self, batch: Vec<Box<dyn Job>>) {
        run(&mut self.conn, batch, &mut self.manner);
        let _ = self.written.try_send(());
    }
}

/// A thread with a name.
pub(crate) fn spawn(name: &str, f: impl FnOnce() + Send + 'static) {
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

/// One write in a transaction that was begun for it, on the calling thread. A connection on which it could not be ended
/// is not used again.
pub(super) fn alone<T>(kept: &mut Kept, f: &(dyn Fn(&mut AnyConn) -> Result<T> + Send + Sync)) -> Result<T> {
    let done = caught(|| f(&mut kept.conn));
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = kept.conn.batch_execute(end);
    kept.lost = ended.is_err();
    match (done, ended) {
        (Ok(done), Ok(())) => Ok(done),
        (Ok(_), Err(e)) => Err(e.into()),
        (Err(e), _) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_query;

    use super::*;
    use crate::db::Location;
    use crate::db::connect::{Purpose, open};
    use crate::db::fixture::{Row, insert};

    /// A writer on a database of its own, with the table.
    fn writer(folder: &tempfile::TempDir) -> Writer {
        let location = Location::Sqlite(folder.path().join("t.db"));
        let mut conn = open(&location, Purpose::Write).expect("a database");
        conn.batch_execute("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            .expect("a table");
        Writer::start(conn, open(&location, Purpose::Write).expect("another"))
    }

    #[test]
    fn who_finds_nobody_writing_writes_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(&folder);
        let here = std::thread::current().id();
        let thread = move |_: &mut AnyConn| Ok(std::thread::current().id() == here);
        let mut done = writer.submit_here(thread).expect("written");
        assert!(done.try_recv().expect("done when it returns").expect("no failure"));
        let queued = writer.submit(thread).expect("queued").blocking_recv();
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
            let rows: Vec<Row> = sql_query("SELECT count(*) AS n FROM t").load(conn)?;
            let before = rows.first().map_or(0, |r| r.n);
            insert(conn, before + 1)
        };
        let second = writer.submit(order).expect("queued");
        let mut third = writer.submit_here(order).expect("queued");
        assert!(third.try_recv().is_err(), "it waits");
        go.send(()).expect("going on");
        let answers = [first.expect("queued"), second, third].map(|a| a.blocking_recv().expect("an answer"));
        assert_eq!(answers.map(|a| a.map_err(|e| e.slug)), [Ok(1), Ok(2), Ok(3)]);
    }

    #[test]
    fn nobody_goes_before_a_write_that_is_queued_and_not_yet_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(&folder);
        let here = std::thread::current().id();
        // As in the moment between the queue and the thread that takes from it: nobody has the pen yet.
        writer.desk.waiting.fetch_add(1, Ordering::SeqCst);
        let told = writer
            .submit_here(move |_| Ok(std::thread::current().id() == here))
            .expect("queued")
            .blocking_recv();
        assert!(!told.expect("an answer").expect("no failure"), "it went into the queue");
    }

    #[test]
    fn a_panic_on_the_thread_that_asks_ends_only_its_own_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(&folder);
        let panics = |conn: &mut AnyConn| -> Result<i64> {
            insert(conn, 1)?;
            panic!("as a bug would")
        };
        let told = writer.submit_here(panics).expect("run").blocking_recv();
        assert_eq!(told.expect("an answer").map_err(|e| e.slug), Err("internal"));
        let after = writer.submit_here(|conn| insert(conn, 1)).expect("run").blocking_recv();
        assert_eq!(after.expect("an answer").map_err(|e| e.slug), Ok(1));
    }
}
