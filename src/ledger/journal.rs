//! The journal: appends that change nothing else (reads, refusals, failed sign-ins), many in one transaction.
//!
//! Who asks from a thread that may block, and finds nobody appending, appends on that thread; the rest wait in line for
//! the journal's own, which takes them together. It also wakes the sequencer. An answer means: committed.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak, mpsc};

use tokio::sync::{Notify, oneshot, watch};

use super::append::{Draft, Heads, Moved, Sealed};
use super::end::Head;
use super::line::{Line, UnderWay};
use super::sequencer;
use super::signer::LogSigner;
use crate::clock::Clock;
use crate::db::session::Session;
use crate::db::{self, AnyConn, Db};
use crate::error::{Error, Result};
use crate::proof::event::Actor;

/// Appends taken into one transaction at the most.
const BATCH: usize = 512;
/// Appends that may wait.
const QUEUE: usize = 16_384;
/// Heads of streams that are remembered at the most.
const REMEMBERED: usize = 4096;

struct Entry {
    ready: Ready,
    reply: oneshot::Sender<Result<()>>,
}

/// A handle on the journal's thread and the sequencer's task. They end when the last handle is dropped.
#[derive(Clone)]
pub struct Journal {
    /// Boxed, because the queue has room for all that may wait from the start.
    queue: mpsc::SyncSender<Box<Entry>>,
    appender: Arc<Appender>,
    urgent: Arc<Notify>,
    size: watch::Receiver<u64>,
    /// What the sequencer ends with.
    _alive: Arc<()>,
}

impl Journal {
    /// Starts both, the task on the current runtime. Without a signer this process only appends.
    pub fn start(db: Db, clock: Arc<dyn Clock>, signer: Option<LogSigner>) -> Self {
        let (queue, entries) = mpsc::sync_channel(QUEUE);
        let urgent = Arc::new(Notify::new());
        let (grown, size) = watch::channel(0);
        let appender = Arc::new(Appender::new(db.clone(), clock.clone()));
        let appending = appender.clone();
        db::spawn("journal", move || append_all(&appending, &entries));
        let alive = Arc::new(());
        if let Some(signer) = signer {
            let while_alive = Arc::downgrade(&alive);
            tokio::spawn(sequence(db, clock, signer, urgent.clone(), grown, while_alive));
        }
        Self {
            queue,
            appender,
            urgent,
            size,
            _alive: alive,
        }
    }

    /// Appends one event; answers after COMMIT.
    pub async fn append(&self, actor: Actor, draft: Draft) -> Result<()> {
        let ready = Ready::of(actor, draft)?;
        let under_way = UnderWay::enter(&self.appender.under_way);
        if under_way.alone && !self.appender.db.is_server() {
            // Nothing to wait for: it goes to the writer at once, in the first poll, and stays there should whoever
            // asked be gone.
            let write = self.appender.unless_standing(Arc::new(vec![ready]), unasked);
            return self.appender.db.write(write).await.map(drop);
        }
        self.enqueue(ready)?.committed().await
    }

    /// Appends one event from a thread that may block: at once where nobody else appends, otherwise in line. Whoever
    /// waits for it then needs no thread meanwhile.
    pub fn begin(&self, actor: Actor, draft: Draft) -> Result<Begun> {
        let ready = Ready::of(actor, draft)?;
        match self.appender.line.free() {
            Some(mut own) => self.appender.append_one(&mut own, ready).map(|()| Begun(None)),
            None => self.enqueue(ready),
        }
    }

    /// The same, and waits on that thread.
    pub fn append_blocking(&self, actor: Actor, draft: Draft) -> Result<()> {
        match self.begin(actor, draft)?.0 {
            None => Ok(()),
            Some(answer) => answer.blocking_recv().unwrap_or_else(|_| Err(stopped())),
        }
    }

    fn enqueue(&self, ready: Ready) -> Result<Begun> {
        let (reply, answer) = oneshot::channel();
        let entry = Box::new(Entry { ready, reply });
        self.appender.line.waiting.fetch_add(1, Ordering::SeqCst);
        self.queue.try_send(entry).map_err(|_| {
            self.appender.line.waiting.fetch_sub(1, Ordering::SeqCst);
            Error::unavailable(
                "busy",
                "The access log cannot keep up; nothing was shown. Try again.",
                2,
            )
        })?;
        Ok(Begun(Some(answer)))
    }

    /// Asks for integration now, not within the second.
    pub fn hurry(&self) {
        self.urgent.notify_one();
    }

    /// Waits until the tree has more than `index` leaves, or the time is over.
    pub async fn integrated(&self, index_or_size: u64, wait: std::time::Duration) -> bool {
        let mut size = self.size.clone();
        self.hurry();
        tokio::time::timeout(wait, size.wait_for(|s| *s >= index_or_size))
            .await
            .is_ok_and(|r| r.is_ok())
    }

    /// The size of the tree as last published by this process.
    pub fn published(&self) -> u64 {
        *self.size.borrow()
    }
}

/// An append that is committed, or in line.
#[must_use = "what is in line may still fail"]
pub struct Begun(Option<oneshot::Receiver<Result<()>>>);

impl Begun {
    /// Waits for COMMIT.
    pub async fn committed(self) -> Result<()> {
        match self.0 {
            None => Ok(()),
            Some(answer) => answer.await.unwrap_or_else(|_| Err(stopped())),
        }
    }
}

fn stopped() -> Error {
    Error::internal("the journal stopped")
}

/// A thread of its own, which may wait for the database: an append is handed over once, and its answer once.
fn append_all(appender: &Appender, entries: &mpsc::Receiver<Box<Entry>>) {
    while let Ok(first) = entries.recv() {
        let mut own = appender.line.turn();
        let mut batch = vec![*first];
        batch.extend(entries.try_iter().take(BATCH - 1).map(|entry| *entry));
        appender.line.waiting.fetch_sub(batch.len(), Ordering::SeqCst);
        // A panic ends only this batch: whoever waits for it is told, and the next is taken.
        let _ = catch_unwind(AssertUnwindSafe(|| appender.append_taken(&mut own, batch)));
    }
}

/// An event that is to be appended, by whoever did it. Its record is sealed before it waits, so that the writer need not.
#[derive(Clone)]
struct Ready {
    actor: Actor,
    draft: Draft,
    record: Sealed,
}

impl Ready {
    fn of(actor: Actor, draft: Draft) -> Result<Self> {
        let record = Sealed::of(&draft.record)?;
        Ok(Self { actor, draft, record })
    }
}

type Work = Arc<Vec<Ready>>;

/// Where access logs ended when the journal last wrote them. Another process may have written since: what is built on it
/// is written only where it still holds. The agency's stream is left out, because others than journals write to it.
type Ends = HashMap<String, Head>;

/// The journal's own connection, where the database is a server.
type Own = Option<Session<Ends>>;

/// What appending works with.
struct Appender {
    db: Db,
    clock: Arc<dyn Clock>,
    /// Appends that somebody waits for.
    under_way: AtomicUsize,
    line: Line<Own>,
}

impl Appender {
    fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self {
            line: Line::new(db.session()),
            under_way: AtomicUsize::new(0),
            db,
            clock,
        }
    }

    fn append_one(&self, own: &mut Own, ready: Ready) -> Result<()> {
        let work: Work = Arc::new(vec![ready]);
        self.append_batch(own, &work).or_else(|_| self.append_missing(work))
    }

    /// One entry that cannot be written must not take the others with it: a batch that fails is repeated, at last one by
    /// one.
    fn append_taken(&self, own: &mut Own, taken: Vec<Entry>) {
        let (work, replies): (Vec<_>, Vec<_>) = taken.into_iter().map(|e| (e.ready, e.reply)).unzip();
        let work: Work = Arc::new(work);
        let together = self.append_batch(own, &work);
        for (one, reply) in work.iter().zip(replies) {
            let done = match &together {
                Ok(()) => Ok(()),
                Err(_) => self.append_missing(Arc::new(vec![one.clone()])),
            };
            // Whoever asked may be gone; the event stays.
            let _ = reply.send(done);
        }
    }

    fn append_batch(&self, own: &mut Own, work: &Work) -> Result<()> {
        if let Some(own) = own
            && own.ready()
        {
            // The server may go away, and that after it has written.
            return self.append_in(own, work).or_else(|e| {
                tracing::warn!(error = %e, "an append failed, and is tried again");
                self.append_missing(work.clone())
            });
        }
        self.append_unless(work.clone(), unasked)
    }

    /// Appends on the journal's own connection: in one statement to a stream whose end is remembered and still is that,
    /// otherwise in a transaction that holds the streams.
    fn append_in(&self, own: &mut Session<Ends>, work: &Work) -> Result<()> {
        if let Some((stream, head)) = known_end(own, work)
            && self.append_to(own, stream, head, work)?
        {
            return Ok(());
        }
        let moved = own.write(&self.unless_standing(work.clone(), unasked))?;
        remember(own, moved);
        Ok(())
    }

    /// Appends to a stream that ends where it is thought to, in one statement; `false` where it does not.
    fn append_to(&self, own: &mut Session<Ends>, stream: &str, head: Head, work: &Work) -> Result<bool> {
        let moved = own.at_once(|conn, mark| {
            let mut heads = Heads::remembered(stream, head);
            append_each(conn, &mut heads, &self.clock, work.iter())?;
            match conn {
                AnyConn::Pg(conn) => heads.flush_if_still(conn, mark),
                AnyConn::Sqlite(_) => Ok(None),
            }
        })?;
        let still = moved.is_some();
        remember(own, moved.map(|head| (stream.to_owned(), head)));
        Ok(still)
    }

    /// Appends what does not stand already, after a failure that may have come after COMMIT: the access log says once what
    /// happened once. Each is known by its salt, and sought under the lock, behind which nothing is on its way any more.
    fn append_missing(&self, work: Work) -> Result<()> {
        self.append_unless(work, |conn, ready| ready.record.stands_in(conn, &ready.draft.stream))
    }

    /// Appends in one transaction; the streams are held in sorted order.
    fn append_unless(&self, work: Work, stands: Stands) -> Result<()> {
        self.db.write_blocking(self.unless_standing(work, stands)).map(drop)
    }

    /// The transaction that appends what does not stand already; it answers where the streams end then.
    fn unless_standing(&self, work: Work, stands: Stands) -> impl Fn(&mut AnyConn) -> Result<Moved> + use<> {
        let clock = self.clock.clone();
        move |conn| {
            let streams: Vec<&str> = work.iter().map(|w| w.draft.stream.as_str()).collect();
            let mut heads = Heads::lock(conn, &streams)?;
            let mut missing = Vec::with_capacity(work.len());
            for ready in work.iter() {
                if !stands(conn, ready)? {
                    missing.push(ready);
                }
            }
            append_each(conn, &mut heads, &clock, missing)?;
            heads.flush_to(conn)
        }
    }
}

/// The end of the one stream that all of this goes to, where it is remembered.
fn known_end<'a>(own: &mut Session<Ends>, work: &'a Work) -> Option<(&'a str, Head)> {
    let stream = work.first()?.draft.stream.as_str();
    let head = own.memory()?.get(stream).copied()?;
    work.iter().all(|w| w.draft.stream == stream).then_some((stream, head))
}

fn remember(own: &mut Session<Ends>, moved: impl IntoIterator<Item = (String, Head)>) {
    let Some(known) = own.memory() else { return };
    if known.len() > REMEMBERED {
        known.clear();
    }
    known.extend(moved.into_iter().filter(|(stream, _)| super::is_access_stream(stream)));
}

/// Whether something stands in its stream already.
type Stands = fn(&mut AnyConn, &Ready) -> Result<bool>;

/// It cannot stand yet.
fn unasked(_: &mut AnyConn, _: &Ready) -> Result<bool> {
    Ok(false)
}

/// The time is read when the streams are held; or, where an end was remembered, before it is found to be still the end.
fn append_each<'a>(
    conn: &mut AnyConn,
    heads: &mut Heads,
    clock: &Arc<dyn Clock>,
    work: impl IntoIterator<Item = &'a Ready>,
) -> Result<()> {
    let now = clock.now();
    for ready in work {
        heads.append_sealed(conn, now, (&ready.actor, &ready.draft), ready.record.clone())?;
    }
    Ok(())
}

/// Integrates at least every half second, so that nothing waits a second; at once when asked.
async fn sequence(
    db: Db,
    clock: Arc<dyn Clock>,
    mut signer: LogSigner,
    urgent: Arc<Notify>,
    grown: watch::Sender<u64>,
    alive: Weak<()>,
) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(400));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while alive.upgrade().is_some() {
        let (db, now) = (db.clone(), clock.now());
        let (back, done) = match tokio::task::spawn_blocking(move || {
            let done = sequencer::run_once(&db, &mut signer, now);
            (signer, done)
        })
        .await
        {
            Ok(both) => both,
            Err(e) => {
                tracing::error!(error = %e, "the sequencer stopped");
                return;
            }
        };
        signer = back;
        match done {
            Ok((size, more)) => {
                grown.send_replace(size);
                if more {
                    continue;
                }
            }
            Err(e) => tracing::error!(error = %e, "the sequencer could not integrate or sign; it tries again"),
        }
        tokio::select! {
            _ = tick.tick() => {}
            () = urgent.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::clock::SystemClock;
    use crate::db::{Location, migrate};
    use crate::ledger::{Action, read};

    const CASE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f704";

    #[test]
    fn what_stands_already_is_not_appended_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let location = Location::Sqlite(folder.path().join("t.db"));
        migrate::migrate(&location).expect("migrated");
        let db = Db::open(&location, 2).expect("opened");
        let appender = Appender::new(db, Arc::new(SystemClock));
        let ready = |n: u32| {
            let draft = Draft {
                stream: crate::ledger::access_stream(CASE),
                action: Action::FileViewed,
                object_type: "capture",
                object_id: CASE.into(),
                version: 1,
                record: json!({"n": n}),
                attest: Map::new(),
            };
            let record = Sealed::of(&draft.record).expect("sealed");
            let actor = crate::ledger::job("test");
            Ready { actor, draft, record }
        };
        let (first, second) = (ready(1), ready(1));
        let both = Arc::new(vec![first.clone(), second]);
        appender.append_missing(Arc::new(vec![first])).expect("the first");
        appender.append_missing(both.clone()).expect("the second");
        appender.append_missing(both).expect("neither");
        let found = appender
            .db
            .read_blocking(|conn| read::of_stream(conn, &crate::ledger::access_stream(CASE), 0, 10));
        // The same was seen twice: that is two events, for each has a salt of its own.
        assert_eq!(found.expect("events").len(), 2);
    }
}
