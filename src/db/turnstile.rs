//! A tool that one thread uses at a time, and a queue in front of it.
//!
//! The turnstile's own thread takes everything that is queued as one batch. A caller that may block uses the tool itself
//! when the tool is free and nothing is queued: waking another thread and waiting for it costs about as much as a sync.
//! SQLite's writer is a turnstile, and so is the journal.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// A handle on the tool and its queue. The thread ends when the last handle is dropped.
pub(crate) struct Turnstile<T, J> {
    tool: Arc<SharedTool<T>>,
    queue: SyncSender<J>,
}

struct SharedTool<T> {
    lock: Mutex<T>,
    /// Jobs in the queue. Whoever comes while there are any waits behind them.
    queued: AtomicUsize,
}

/// Sizes of a queue.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    /// Jobs that may wait.
    pub queue: usize,
    /// Jobs taken together at the most.
    pub batch: usize,
}

impl<T, J> Clone for Turnstile<T, J> {
    fn clone(&self) -> Self {
        Self {
            tool: self.tool.clone(),
            queue: self.queue.clone(),
        }
    }
}

impl<T: Send + 'static, J: Send + 'static> Turnstile<T, J> {
    /// Starts the thread, which does each batch with the tool by `work`. A panic of `work` must not leave the tool in the
    /// midst of something: it is used again.
    pub fn start(name: &str, tool: T, room: Room, work: impl Fn(&mut T, Vec<J>) + Send + 'static) -> Self {
        let (queue, jobs) = sync_channel(room.queue);
        let lock = Mutex::new(tool);
        let queued = AtomicUsize::new(0);
        let tool = Arc::new(SharedTool { lock, queued });
        let serving = tool.clone();
        spawn(name, move || serving.serve(&jobs, room.batch, work));
        Self { tool, queue }
    }

    /// The tool, where nobody uses it or waits for it.
    pub fn try_enter(&self) -> Option<MutexGuard<'_, T>> {
        if self.tool.queued.load(Ordering::SeqCst) > 0 {
            return None;
        }
        match self.tool.lock.try_lock() {
            Ok(tool) => Some(tool),
            Err(TryLockError::Poisoned(tool)) => Some(tool.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Queues a job, or gives it back. It is counted before it is sent, so that the count is never below what is queued.
    pub fn enqueue(&self, job: J) -> Result<(), TrySendError<J>> {
        self.tool.queued.fetch_add(1, Ordering::SeqCst);
        self.queue.try_send(job).inspect_err(|_| {
            self.tool.queued.fetch_sub(1, Ordering::SeqCst);
        })
    }
}

impl<T> SharedTool<T> {
    /// What is queued while another thread uses the tool is taken together.
    fn serve<J>(&self, jobs: &Receiver<J>, most: usize, work: impl Fn(&mut T, Vec<J>)) {
        while let Ok(first) = jobs.recv() {
            let mut tool = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            let mut batch = vec![first];
            batch.extend(jobs.try_iter().take(most - 1));
            self.queued.fetch_sub(batch.len(), Ordering::SeqCst);
            work(&mut tool, batch);
        }
    }
}

/// A thread with a name.
pub(super) fn spawn(name: &str, f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(f)
        .unwrap_or_else(|e| panic!("the thread {name} cannot start: {e}"));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Its tool keeps the batches that were done.
    type Watched = Turnstile<Vec<Vec<u32>>, u32>;

    /// A turnstile whose thread says that it is at work, and then waits.
    fn turnstile() -> (Watched, Receiver<()>, Sender<()>) {
        let (at_work, begun) = channel();
        let (go, wait) = channel();
        let wait = Mutex::new(wait);
        let room = Room { queue: 4, batch: 2 };
        let work = move |done: &mut Vec<Vec<u32>>, batch| {
            let _ = at_work.send(());
            let _ = wait.lock().map(|wait| wait.recv());
            done.push(batch);
        };
        (Turnstile::start("test", Vec::new(), room, work), begun, go)
    }

    #[test]
    fn nobody_goes_before_those_who_wait_and_they_are_taken_together() {
        let (it, begun, go) = turnstile();
        drop(it.try_enter().expect("nobody is there"));
        it.enqueue(1).expect("room");
        begun.recv().expect("at work");
        assert!(it.try_enter().is_none(), "the thread uses the tool");
        for job in 2..=5 {
            it.enqueue(job).expect("room");
        }
        assert!(matches!(it.enqueue(6), Err(TrySendError::Full(6))));
        for _ in 0..3 {
            go.send(()).expect("going on");
        }
        while it.tool.queued.load(Ordering::SeqCst) > 0 || it.tool.lock.try_lock().is_err() {
            std::thread::yield_now();
        }
        assert_eq!(*it.try_enter().expect("free again"), [vec![1], vec![2, 3], vec![4, 5]]);
    }

    #[test]
    fn nobody_goes_before_a_job_that_is_queued_and_not_yet_taken() {
        let (it, _begun, _go) = turnstile();
        // As in the moment between the queue and the thread that takes from it: nobody has the tool yet.
        it.tool.queued.fetch_add(1, Ordering::SeqCst);
        assert!(it.try_enter().is_none());
    }
}
