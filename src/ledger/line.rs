//! Who appends to the journal next, and who waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Who appends: one thread at a time, so that what a stream's end is remembered as is still so, and so that those who
/// come meanwhile are taken together. The turn gives what is appended with.
pub(super) struct Line<T> {
    turn: Mutex<T>,
    /// Appends in the journal's queue. Whoever comes while there are any waits behind them.
    pub waiting: AtomicUsize,
}

impl<T> Line<T> {
    pub fn new(tools: T) -> Self {
        Self {
            turn: Mutex::new(tools),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The turn, where nobody has it or waits for it.
    pub fn free(&self) -> Option<MutexGuard<'_, T>> {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            return None;
        }
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            // What was in use when somebody panicked is not there any more (`Session`).
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits for the turn.
    pub fn turn(&self) -> MutexGuard<'_, T> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One append under way.
pub(super) struct UnderWay<'a> {
    count: &'a AtomicUsize,
    /// Whether there was no other.
    pub alone: bool,
}

impl<'a> UnderWay<'a> {
    /// Counts one more, until it is dropped.
    pub fn enter(count: &'a AtomicUsize) -> Self {
        let alone = count.fetch_add(1, Ordering::Relaxed) == 0;
        Self { count, alone }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_before_those_who_wait() {
        let line = Line::new(());
        drop(line.free().expect("nobody is there"));
        line.waiting.fetch_add(1, Ordering::SeqCst);
        assert!(line.free().is_none(), "one waits in the queue");
        line.waiting.fetch_sub(1, Ordering::SeqCst);
        let _turn = line.turn();
        assert!(line.free().is_none(), "one appends");
    }
}
