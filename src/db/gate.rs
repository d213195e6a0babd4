//! What a write names is put where it survives while the writer already works: its commit waits for that.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::batch::Job;

/// Before the commit of one queued write: shut until what the write names survives a crash.
pub(super) struct Gate {
    pass: Mutex<Pass>,
    moved: Condvar,
}

enum Pass {
    Shut,
    /// Shut, and the write was set aside, so that others need not wait.
    Aside(Box<dyn Job>),
    Open,
    /// It will never open: nothing of the write may stay.
    Withdrawn,
}

impl Gate {
    pub(super) fn shut() -> Arc<Self> {
        Arc::new(Self {
            pass: Mutex::new(Pass::Shut),
            moved: Condvar::new(),
        })
    }

    /// Whether it is open by then.
    pub(super) fn opens(&self, until: Instant) -> bool {
        let mut pass = self.pass();
        loop {
            match *pass {
                Pass::Open => return true,
                Pass::Withdrawn => return false,
                Pass::Shut | Pass::Aside(_) => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.moved.wait_timeout(pass, left);
            pass = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The write back where its gate is open by now. Else it waits here for it, or is dropped with its answer.
    pub(super) fn set_aside(&self, job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        let mut pass = self.pass();
        match *pass {
            Pass::Open => return Some(job),
            Pass::Withdrawn => {}
            Pass::Shut | Pass::Aside(_) => *pass = Pass::Aside(job),
        }
        None
    }

    /// Opens it, once; the write, where it was set aside.
    pub(super) fn open(&self) -> Option<Box<dyn Job>> {
        self.pass_to(Pass::Open)
    }

    /// It never opens. Nothing, where it is open already.
    pub(super) fn withdraw(&self) {
        if !matches!(*self.pass(), Pass::Open) {
            self.pass_to(Pass::Withdrawn);
        }
    }

    fn pass_to(&self, next: Pass) -> Option<Box<dyn Job>> {
        let before = std::mem::replace(&mut *self.pass(), next);
        self.moved.notify_all();
        match before {
            Pass::Aside(job) => Some(job),
            _ => None,
        }
    }

    fn pass(&self) -> MutexGuard<'_, Pass> {
        self.pass.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
