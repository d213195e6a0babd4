//! Turns at PostgreSQL's writing connections.
//!
//! Writes that concern one case follow each other anyway: they hold the same stream. Were each given a
//! connection to wait on, two hundred uploads into one case would take them all, and everybody else would be told that
//! the database is busy. So two of a kind hold connections at a time, one at work and one next; the rest wait here, in
//! the order in which they came, and cost nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::busy;
use crate::error::{Error, Result};

/// Writes of one kind that hold a connection at once.
const OF_A_KIND: usize = 2;
/// How long a write waits for its turn before its sender is told to try again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The turns of one pool.
#[derive(Clone)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    kinds: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// A turn; it ends when dropped.
pub(super) struct Turn {
    turns: Turns,
    own: Option<OwnedSemaphorePermit>,
    _any: OwnedSemaphorePermit,
}

impl Turns {
    /// So many at once in all.
    pub(super) fn of(connections: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(connections.max(1))),
            kinds: Arc::default(),
        }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, kind: Option<&str>) -> Result<Turn> {
        let waiting = async {
            let own = match kind {
                Some(kind) => Some(enter(self.kind(kind)?).await?),
                None => None,
            };
            Ok(Turn {
                turns: self.clone(),
                own,
                _any: enter(self.all.clone()).await?,
            })
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| Err(busy("many others are writing the same")))
    }

    fn kind(&self, kind: &str) -> Result<Arc<Semaphore>> {
        let mut kinds = self.kinds.lock().map_err(|_| Error::internal("the turns are lost"))?;
        let new = || Arc::new(Semaphore::new(OF_A_KIND));
        Ok(kinds.entry(kind.to_owned()).or_insert_with(new).clone())
    }
}

async fn enter(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    semaphore.acquire_owned().await.map_err(Error::internal)
}

impl Drop for Turn {
    /// Names that nobody holds or waits for any more go, so that the list never grows with the cases.
    fn drop(&mut self) {
        self.own = None;
        if let Ok(mut kinds) = self.turns.kinds.lock() {
            // One handle is the list's own; whoever waits holds another.
            kinds.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_case_leaves_room_for_others() {
        let turns = Turns::of(4);
        let first = turns.take(Some("a")).await.expect("a turn");
        let second = turns.take(Some("a")).await.expect("a turn");
        let mut third = Box::pin(turns.take(Some("a")));
        assert!(
            tokio::time::timeout(Duration::from_millis(20), &mut third)
                .await
                .is_err()
        );
        let other = turns.take(Some("b")).await.expect("room for another case");
        drop(first);
        let third = third.await.expect("the next in line");
        drop((second, third, other));
        assert!(turns.kinds.lock().expect("the list").is_empty());
        assert_eq!(turns.all.available_permits(), 4);
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_line() {
        let turns = Turns::of(1);
        let held = turns.take(Some("a")).await.expect("a turn");
        assert!(
            tokio::time::timeout(Duration::from_millis(20), turns.take(Some("b")))
                .await
                .is_err()
        );
        drop(held);
        assert_eq!(turns.all.available_permits(), 1);
        assert!(turns.kinds.lock().expect("the list").is_empty());
    }
}
