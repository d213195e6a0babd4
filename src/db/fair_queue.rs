//! A fair queue for PostgreSQL's writing connections.
//!
//! Writes of one case follow each other anyway: they hold the same stream. If each had a connection to wait on, two
//! hundred uploads into one case would take them all, and everybody else would be told that the database is busy. So at
//! most two writes of one case have a connection at a time, one at work and one next. The rest wait here in the order in
//! which they came, without a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::busy;
use crate::error::{Error, Result};

/// Writes of one thing that have a connection at once.
const OF_ONE: usize = 2;
/// How long a write waits for its permit before its sender is told to try again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The queue before one pool.
#[derive(Clone)]
pub(super) struct FairQueue {
    all: Arc<Semaphore>,
    things: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// Leave to take a connection. It ends when dropped.
pub(super) struct WritePermit {
    queue: FairQueue,
    own: Option<OwnedSemaphorePermit>,
    _any: OwnedSemaphorePermit,
}

impl FairQueue {
    /// So many permits at once in all.
    pub(super) fn new(connections: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(connections.max(1))),
            things: Arc::default(),
        }
    }

    /// Waits for a permit. Writes of the same thing share two.
    pub(super) async fn enter(&self, thing: Option<&str>) -> Result<WritePermit> {
        let waiting = async {
            let own = match thing {
                Some(thing) => Some(acquire(self.of(thing)?).await?),
                None => None,
            };
            Ok(WritePermit {
                queue: self.clone(),
                own,
                _any: acquire(self.all.clone()).await?,
            })
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| Err(busy("many others are writing the same")))
    }

    fn of(&self, thing: &str) -> Result<Arc<Semaphore>> {
        let mut things = self.things.lock().map_err(|_| Error::internal("the queue is lost"))?;
        let new = || Arc::new(Semaphore::new(OF_ONE));
        Ok(things.entry(thing.to_owned()).or_insert_with(new).clone())
    }
}

async fn acquire(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    semaphore.acquire_owned().await.map_err(Error::internal)
}

impl Drop for WritePermit {
    /// Names that nobody holds or waits for any more go, so that the list never grows with the cases.
    fn drop(&mut self) {
        self.own = None;
        if let Ok(mut things) = self.queue.things.lock() {
            // One handle is the list's own; whoever waits holds another.
            things.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_case_leaves_room_for_others() {
        let queue = FairQueue::new(4);
        let first = queue.enter(Some("a")).await.expect("a permit");
        let second = queue.enter(Some("a")).await.expect("a permit");
        let mut third = Box::pin(queue.enter(Some("a")));
        assert!(
            tokio::time::timeout(Duration::from_millis(20), &mut third)
                .await
                .is_err()
        );
        let other = queue.enter(Some("b")).await.expect("room for another case");
        drop(first);
        let third = third.await.expect("the next in line");
        drop((second, third, other));
        assert!(queue.things.lock().expect("the list").is_empty());
        assert_eq!(queue.all.available_permits(), 4);
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_line() {
        let queue = FairQueue::new(1);
        let held = queue.enter(Some("a")).await.expect("a permit");
        assert!(
            tokio::time::timeout(Duration::from_millis(20), queue.enter(Some("b")))
                .await
                .is_err()
        );
        drop(held);
        assert_eq!(queue.all.available_permits(), 1);
        assert!(queue.things.lock().expect("the list").is_empty());
    }
}
