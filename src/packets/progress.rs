//! How far a build is, told by the thread that builds and read by the task that writes it down.

use std::sync::Mutex;

use tokio::sync::watch;

use crate::error::{Error, Kind, Result};

/// What the builder is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its word: exhibits, custody, pages, issue, sync.
    pub name: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// How much it is in all.
    pub total: u64,
}

/// Shared between the two.
pub struct Progress {
    step: Mutex<Step>,
    stop: watch::Receiver<bool>,
}

impl Progress {
    /// Of a build that ends early when `stop` says so.
    pub fn new(stop: watch::Receiver<bool>) -> Self {
        Self {
            step: Mutex::new(Step {
                name: "exhibits",
                done: 0,
                total: 0,
            }),
            stop,
        }
    }

    /// Where the build is.
    pub fn now(&self) -> Step {
        // A poisoned lock still holds a whole step.
        *self.step.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Begins a step.
    pub fn begin(&self, name: &'static str, total: u64) -> Result<()> {
        *self.step.lock().unwrap_or_else(|e| e.into_inner()) = Step { name, done: 0, total };
        self.check()
    }

    /// Tells that so much more is done; fails when the server stops.
    pub fn advance(&self, by: u64) -> Result<()> {
        self.step.lock().unwrap_or_else(|e| e.into_inner()).done += by;
        self.check()
    }

    /// Fails when the server stops.
    pub fn check(&self) -> Result<()> {
        if *self.stop.borrow() { Err(stopped()) } else { Ok(()) }
    }
}

/// Why a build ends when the server does.
pub fn stopped() -> Error {
    Error::new(
        Kind::Unavailable,
        "stopped",
        "the server stopped while building; ask again",
    )
}
