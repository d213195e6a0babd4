//! What the server shares about pictures: what makes them, and which are asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::PictureMaker;
use crate::proof::id::Digest;

/// Digests that wait to be looked at, at the most: what is dropped is asked for again when somebody looks at it.
const WAITING: usize = 10_000;

/// One for the whole server.
pub struct PictureDesk {
    /// What makes them.
    pub maker: Arc<PictureMaker>,
    /// Wakes the job.
    pub job: Notify,
    asked: Mutex<Vec<Digest>>,
    news: Notify,
    at_work: AtomicBool,
}

impl PictureDesk {
    /// With what makes pictures; nobody works yet.
    pub fn new(maker: PictureMaker) -> Self {
        Self {
            maker: Arc::new(maker),
            job: Notify::new(),
            asked: Mutex::default(),
            news: Notify::new(),
            at_work: AtomicBool::new(false),
        }
    }

    /// Asks for the pictures of these files, where they are missing. Writes nothing, and costs nothing to who waits.
    pub fn ask(&self, files: Vec<Digest>) {
        let Ok(mut asked) = self.asked.lock() else { return };
        let room = WAITING - asked.len().min(WAITING);
        asked.extend(files.into_iter().take(room));
        self.news.notify_one();
    }

    /// What was asked for since the last time; waits until there is something.
    pub async fn asked(&self) -> Vec<Digest> {
        loop {
            let asked = self.take();
            if !asked.is_empty() {
                return asked;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> Vec<Digest> {
        self.asked
            .lock()
            .map(|mut asked| std::mem::take(&mut *asked))
            .unwrap_or_default()
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
