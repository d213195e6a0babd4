//! The journal: appends that change nothing else (reads, refusals, failed sign-ins), many in one transaction.
//!
//! It also wakes the sequencer. An answer means: committed.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::append::{Draft, Heads};
use super::sequencer;
use super::signer::LogSigner;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::proof::event::Actor;

/// Appends taken into one transaction at the most.
const BATCH: usize = 512;
/// Appends that may wait.
const QUEUE: usize = 16_384;

struct Entry {
    actor: Actor,
    draft: Draft,
    reply: oneshot::Sender<Result<()>>,
}

/// A handle on the journal's and the sequencer's tasks. They end when the last handle is dropped.
#[derive(Clone)]
pub struct Journal {
    queue: mpsc::Sender<Entry>,
    urgent: Arc<Notify>,
    size: watch::Receiver<u64>,
}

impl Journal {
    /// Starts both tasks on the current runtime. Without a signer this process only appends.
    pub fn start(db: Db, clock: Arc<dyn Clock>, signer: Option<LogSigner>) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE);
        let urgent = Arc::new(Notify::new());
        let (grown, size) = watch::channel(0);
        tokio::spawn(append_all(db.clone(), clock.clone(), entries));
        if let Some(signer) = signer {
            tokio::spawn(sequence(db, clock, signer, urgent.clone(), grown, queue.downgrade()));
        }
        Self { queue, urgent, size }
    }

    /// Appends one event; answers after COMMIT.
    pub async fn append(&self, actor: Actor, draft: Draft) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let entry = Entry { actor, draft, reply };
        self.queue.try_send(entry).map_err(|_| {
            Error::unavailable(
                "busy",
                "The access log cannot keep up; nothing was shown. Try again.",
                2,
            )
        })?;
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal("the journal stopped")))
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

async fn append_all(db: Db, clock: Arc<dyn Clock>, mut entries: mpsc::Receiver<Entry>) {
    let mut batch = Vec::new();
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let taken: Vec<Entry> = std::mem::take(&mut batch);
        append_taken(&db, &clock, taken).await;
    }
}

/// One entry that cannot be written must not take the others with it: a batch that fails is repeated one by one.
async fn append_taken(db: &Db, clock: &Arc<dyn Clock>, taken: Vec<Entry>) {
    let (work, replies): (Vec<_>, Vec<_>) = taken.into_iter().map(|e| ((e.actor, e.draft), e.reply)).unzip();
    let together = append_batch(db, clock, work.clone()).await;
    for (one, reply) in work.into_iter().zip(replies) {
        let done = match &together {
            Ok(()) => Ok(()),
            Err(_) => append_batch(db, clock, vec![one]).await,
        };
        // Whoever asked may be gone; the event stays.
        let _ = reply.send(done);
    }
}

/// Appends many events in one transaction; their streams' heads are locked in sorted order.
/// The time is read when they are.
async fn append_batch(db: &Db, clock: &Arc<dyn Clock>, work: Vec<(Actor, Draft)>) -> Result<()> {
    let clock = clock.clone();
    db.write(move |conn| {
        let streams: Vec<&str> = work.iter().map(|(_, d)| d.stream.as_str()).collect();
        let mut heads = Heads::lock(conn, &streams)?;
        let now = clock.now();
        for (actor, draft) in &work {
            heads.append(conn, actor, now, draft)?;
        }
        heads.flush(conn)
    })
    .await
}

/// Integrates at least every half second, so that nothing waits a second; at once when asked.
async fn sequence(
    db: Db,
    clock: Arc<dyn Clock>,
    mut signer: LogSigner,
    urgent: Arc<Notify>,
    grown: watch::Sender<u64>,
    alive: mpsc::WeakSender<Entry>,
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
