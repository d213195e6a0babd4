//! The threads that hash and write the pieces of arriving files: one per core, at a lower priority than the threads that
//! answer requests, so that a large upload does not slow down other people's work.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};

use tokio::sync::oneshot;

use crate::error::{Error, Result};

type Task = Box<dyn FnOnce() + Send>;

/// A handle on these threads. They end with the last handle.
#[derive(Clone)]
pub(super) struct HashPool(mpsc::Sender<Task>);

/// The priority of these threads, as `nice` counts it.
const NICE: i32 = 10;

impl HashPool {
    /// Starts the threads.
    pub(super) fn start() -> Result<Self> {
        let (queue, tasks) = mpsc::channel::<Task>();
        let tasks = Arc::new(Mutex::new(tasks));
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        for _ in 0..cores.max(2) {
            let tasks = tasks.clone();
            std::thread::Builder::new().name("files".into()).spawn(move || {
                // Without the right to lower itself a thread works as any other.
                let _ = rustix::process::setpriority_process(None, NICE);
                loop {
                    let next = tasks.lock().map(|tasks| tasks.recv());
                    let Ok(Ok(task)) = next else { return };
                    // A panic ends only its own upload, whose answer is dropped with it.
                    let _ = catch_unwind(AssertUnwindSafe(task));
                }
            })?;
        }
        Ok(Self(queue))
    }

    /// Gives a piece of work to whichever thread is free. Where it panics, there is no answer.
    pub(super) fn work<T: Send + 'static>(
        &self,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>> {
        let (reply, answer) = oneshot::channel();
        // Whoever asked may be gone: then what was done is dropped.
        let task = Box::new(move || drop(reply.send(f())));
        self.0
            .send(task)
            .map_err(|_| Error::internal("the threads that write files are gone"))?;
        Ok(answer)
    }
}
