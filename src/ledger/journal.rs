//! The journal: appends that change nothing else (reads, refusals, failed sign-ins), many in one transaction.
//!
//! A thread that may block, and finds nobody appending, appends itself. All others queue for the journal's own thread,
//! which takes them together. The journal also wakes the sequencer. An answer means: committed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use tokio::sync::{Notify, oneshot};

use super::append::{Draft, Heads, Sealed};
use super::sequencer;
use super::signer::LogSigner;
use crate::clock::Clock;
use crate::db::turnstile::{Room, Turnstile};
use crate::db::{AnyConn, Db};
use crate::error::{Error, Result};
use crate::proof::event::Actor;

const ROOM: Room = Room {
    queue: 16_384,
    batch: 512,
};

struct QueuedAppend {
    draft: SealedDraft,
    reply: oneshot::Sender<Result<()>>,
}

/// A handle on the journal's thread and the sequencer's task. They end when the last handle is dropped.
#[derive(Clone)]
pub struct Journal {
    /// Appends are boxed, because the queue has room for all that may wait from the start.
    turnstile: Turnstile<Appender, Box<QueuedAppend>>,
    urgent: Arc<Notify>,
    /// What the sequencer ends with.
    _alive: Arc<()>,
}

impl Journal {
    /// Starts both, the task on the current runtime. Without a signer this process only appends.
    pub fn start(db: Db, clock: Arc<dyn Clock>, signer: Option<LogSigner>) -> Self {
        let urgent = Arc::new(Notify::new());
        let appender = Appender {
            db: db.clone(),
            clock: clock.clone(),
        };
        let turnstile = Turnstile::start("journal", appender, ROOM, |appender, batch| {
            // A panic ends only this batch: whoever waits for it is told, and the next is taken.
            let _ = catch_unwind(AssertUnwindSafe(|| appender.append_queued(batch)));
        });
        let alive = Arc::new(());
        if let Some(signer) = signer {
            let while_alive = Arc::downgrade(&alive);
            tokio::spawn(sequence(db, clock, signer, urgent.clone(), while_alive));
        }
        Self {
            turnstile,
            urgent,
            _alive: alive,
        }
    }

    /// Appends one event; answers after COMMIT.
    pub async fn append(&self, actor: Actor, draft: Draft) -> Result<()> {
        self.enqueue(SealedDraft::of(actor, draft)?)?.committed().await
    }

    /// Appends one event from a thread that may block: at once where nobody else appends, otherwise in the queue. Whoever
    /// waits for it then needs no thread meanwhile.
    pub fn begin(&self, actor: Actor, draft: Draft) -> Result<PendingAppend> {
        let sealed = SealedDraft::of(actor, draft)?;
        match self.turnstile.try_enter() {
            Some(appender) => appender.append_one(sealed).map(|()| PendingAppend(None)),
            None => self.enqueue(sealed),
        }
    }

    /// Appends one event and waits for it on this thread, which may block.
    pub fn append_blocking(&self, actor: Actor, draft: Draft) -> Result<()> {
        match self.begin(actor, draft)?.0 {
            None => Ok(()),
            Some(answer) => answer.blocking_recv().unwrap_or_else(|_| Err(stopped())),
        }
    }

    fn enqueue(&self, draft: SealedDraft) -> Result<PendingAppend> {
        let (reply, answer) = oneshot::channel();
        let queued = self.turnstile.enqueue(Box::new(QueuedAppend { draft, reply }));
        queued.map_err(|_| {
            Error::unavailable(
                "busy",
                "The access log cannot keep up; nothing was shown. Try again.",
                2,
            )
        })?;
        Ok(PendingAppend(Some(answer)))
    }

    /// Asks for integration now, not within the second.
    pub fn hurry(&self) {
        self.urgent.notify_one();
    }
}

/// An append that is committed, or in the queue.
#[must_use = "an append in the queue may still fail"]
pub struct PendingAppend(Option<oneshot::Receiver<Result<()>>>);

impl PendingAppend {
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

/// An event to be appended. Its record is sealed before it waits, so that this is not done while the stream is held.
#[derive(Clone)]
struct SealedDraft {
    actor: Actor,
    draft: Draft,
    record: Sealed,
}

impl SealedDraft {
    fn of(actor: Actor, draft: Draft) -> Result<Self> {
        let record = Sealed::of(&draft.record)?;
        Ok(Self { actor, draft, record })
    }
}

type Drafts = Arc<Vec<SealedDraft>>;

/// What appending works with.
struct Appender {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Appender {
    fn append_one(&self, draft: SealedDraft) -> Result<()> {
        let drafts = Arc::new(vec![draft]);
        self.append(&drafts).or_else(|_| self.append_missing(drafts))
    }

    /// One append that cannot be written must not take the others with it: a batch that fails is repeated one by one.
    #[expect(clippy::vec_box, reason = "as the queue gives them")]
    fn append_queued(&self, queued: Vec<Box<QueuedAppend>>) {
        let (drafts, replies): (Vec<_>, Vec<_>) = queued.into_iter().map(|q| (q.draft, q.reply)).unzip();
        let drafts = Arc::new(drafts);
        let together = self.append(&drafts);
        for (one, reply) in drafts.iter().zip(replies) {
            let done = match &together {
                Ok(()) => Ok(()),
                Err(_) => self.append_missing(Arc::new(vec![one.clone()])),
            };
            // Whoever asked may be gone; the event stays.
            let _ = reply.send(done);
        }
    }

    /// Appends all in one transaction.
    fn append(&self, drafts: &Drafts) -> Result<()> {
        self.append_unless(drafts.clone(), |_, _| Ok(false))
            .inspect_err(|e| tracing::warn!(error = %e, "an append failed, and is tried again"))
    }

    /// Appends what is not there yet, after a failure that may have come after COMMIT, so that the access log has each
    /// event once. An event is found by its salt, under the lock: while the stream is held, no other append to it is on
    /// its way.
    fn append_missing(&self, drafts: Drafts) -> Result<()> {
        self.append_unless(drafts, |conn, sealed| {
            sealed.record.stands_in(conn, &sealed.draft.stream)
        })
    }

    /// Appends what does not stand already, in one transaction. The streams are held in sorted order, then the time is
    /// read.
    fn append_unless(&self, drafts: Drafts, stands: Stands) -> Result<()> {
        let clock = self.clock.clone();
        self.db.write_blocking(move |conn| {
            let streams: Vec<&str> = drafts.iter().map(|d| d.draft.stream.as_str()).collect();
            let mut heads = Heads::lock(conn, &streams)?;
            let now = clock.now();
            for sealed in drafts.iter() {
                if !stands(conn, sealed)? {
                    let event = (&sealed.actor, &sealed.draft);
                    heads.append_sealed(conn, now, event, sealed.record.clone())?;
                }
            }
            heads.flush(conn)
        })
    }
}

/// Whether an event stands in its stream already.
type Stands = fn(&mut AnyConn, &SealedDraft) -> Result<bool>;

/// Integrates at least every half second, so that nothing waits a second; at once when asked.
async fn sequence(db: Db, clock: Arc<dyn Clock>, mut signer: LogSigner, urgent: Arc<Notify>, alive: Weak<()>) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(400));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while alive.upgrade().is_some() {
        let (db, now) = (db.clone(), clock.now());
        let run = tokio::task::spawn_blocking(move || {
            let done = sequencer::run_once(&db, &mut signer, now);
            (signer, done)
        });
        let (back, done) = match run.await {
            Ok(both) => both,
            Err(e) => {
                tracing::error!(error = %e, "the sequencer stopped");
                return;
            }
        };
        signer = back;
        match done {
            Ok((_, true)) => continue,
            Ok((_, false)) => {}
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
        let appender = Appender {
            db,
            clock: Arc::new(SystemClock),
        };
        let sealed = |n: u32| {
            let draft = Draft {
                stream: crate::ledger::access_stream(CASE),
                action: Action::FileViewed,
                object_type: "capture",
                object_id: CASE.into(),
                version: 1,
                record: json!({"n": n}),
                attest: Map::new(),
            };
            SealedDraft::of(crate::ledger::job("test"), draft).expect("sealed")
        };
        let (first, second) = (sealed(1), sealed(1));
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
