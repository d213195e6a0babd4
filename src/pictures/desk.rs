//! What the server shares about pictures and examinations: what makes them, and which are asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::PictureMaker;
use crate::proof::id::Digest;

/// What waits in memory at the most: what is dropped is found again by a look at the tables.
const WAITING: usize = 10_000;

/// What is asked for in memory, until a job takes it.
struct Orders<T> {
    asked: Mutex<Vec<T>>,
    news: Notify,
}

impl<T> Orders<T> {
    fn new() -> Self {
        Self {
            asked: Mutex::new(Vec::new()),
            news: Notify::new(),
        }
    }

    fn ask(&self, wanted: Vec<T>) {
        let Ok(mut asked) = self.asked.lock() else { return };
        let room = WAITING - asked.len().min(WAITING);
        asked.extend(wanted.into_iter().take(room));
        self.news.notify_one();
    }

    async fn asked(&self) -> Vec<T> {
        loop {
            let asked = self.asked.lock().map(|mut asked| std::mem::take(&mut *asked));
            let asked = asked.unwrap_or_default();
            if !asked.is_empty() {
                return asked;
            }
            self.news.notified().await;
        }
    }
}

/// One for the whole server.
pub struct PictureDesk {
    /// What makes them.
    pub maker: Arc<PictureMaker>,
    /// Wakes the job.
    pub job: Notify,
    orders: Orders<Digest>,
    at_work: AtomicBool,
}

impl PictureDesk {
    /// With what makes pictures; nobody works yet.
    pub fn new(maker: PictureMaker) -> Self {
        Self {
            maker: Arc::new(maker),
            job: Notify::new(),
            orders: Orders::new(),
            at_work: AtomicBool::new(false),
        }
    }

    /// Asks for the pictures of these files, where they are missing. Writes nothing, and costs nothing to who waits.
    pub fn ask(&self, files: Vec<Digest>) {
        self.orders.ask(files);
    }

    /// What was asked for since the last time; waits until there is something.
    pub async fn asked(&self) -> Vec<Digest> {
        self.orders.asked().await
    }

    /// Says that this server makes pictures from now on.
    pub fn opens(&self) {
        self.at_work.store(true, Ordering::Relaxed);
    }

    /// Whether this server makes pictures, so that it is worth waiting for one.
    pub fn is_open(&self) -> bool {
        self.at_work.load(Ordering::Relaxed)
    }
}

/// Which captures are to be examined. One for the whole server.
pub struct ExaminationDesk {
    /// Wakes the job.
    pub job: Notify,
    orders: Orders<String>,
}

impl ExaminationDesk {
    /// With nothing asked for.
    pub fn new() -> Self {
        Self {
            job: Notify::new(),
            orders: Orders::new(),
        }
    }

    /// Asks for the examination of a capture, by its id. Writes nothing, and costs nothing to who waits.
    pub fn ask(&self, capture: String) {
        self.orders.ask(vec![capture]);
    }

    /// What was asked for since the last time; waits until there is something.
    pub async fn asked(&self) -> Vec<String> {
        self.orders.asked().await
    }
}

impl Default for ExaminationDesk {
    fn default() -> Self {
        Self::new()
    }
}
