//! Slots for work that takes memory or processors before much is known of who asks for it: only so many go on at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of one kind of work.
#[derive(Debug, Clone)]
pub struct WorkSlots(Arc<Semaphore>);

/// A slot that was taken; free again when dropped.
pub type WorkSlot = OwnedSemaphorePermit;

impl WorkSlots {
    /// So many of them.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// A slot, where one is free.
    pub fn enter(&self) -> Option<WorkSlot> {
        self.0.clone().try_acquire_owned().ok()
    }

    /// A slot, in turn, where one becomes free in time.
    pub async fn wait(&self, longest: Duration) -> Option<WorkSlot> {
        let slot = tokio::time::timeout(longest, self.0.clone().acquire_owned()).await;
        slot.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_slot_is_waited_for_and_not_for_ever() {
        let (slots, soon) = (WorkSlots::new(1), Duration::from_millis(30));
        let taken = slots.enter().expect("a slot");
        assert!(slots.enter().is_none());
        assert!(slots.wait(soon).await.is_none());
        drop(taken);
        assert!(slots.wait(soon).await.is_some());
    }
}
