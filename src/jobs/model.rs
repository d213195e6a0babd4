//! A job as it is taken, and the rules of its lease.

use crate::clock::{Micros, SECOND};
use crate::error::{Error, Kind};
use crate::words;

/// How long a lease holds unless it is renewed. A server that dies delays its job by this much.
pub(super) const LEASE: Micros = 20 * SECOND;
/// How often a job may be taken before it is given up.
pub(super) const ATTEMPTS: i64 = 3;

words! {
    /// Where a job stands.
    JobState {
        /// It can be taken when it is due.
        Waiting = "waiting",
        /// A server holds its lease, or held it when it died.
        Running = "running",
        /// It made what it was for.
        Done = "done",
        /// It ended with an error.
        Failed = "failed",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

/// What a job is at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// Its word.
    pub name: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// How much it is in all.
    pub total: u64,
}

/// A job that this server has taken.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its kind, by which events name it as their actor.
    pub kind: &'static str,
    /// What it works on; empty for a job that comes again and again.
    pub object: String,
    /// The lease under which it was taken.
    pub(super) lease: String,
    /// How often it was taken, this time included.
    pub(super) attempts: i64,
    /// Whether somebody called it off.
    pub(super) cancel: bool,
}

/// Why a job has to stop before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// The server stops: the job is given back.
    Stopped,
    /// The lease is lost: the job is another server's.
    Lost,
    /// Somebody called it off.
    Cancelled,
}

impl Interrupt {
    pub(super) fn error(self) -> Error {
        let why = match self {
            Self::Stopped => "the server stopped meanwhile",
            Self::Lost => "another server has taken it up",
            Self::Cancelled => "it was cancelled",
        };
        Error::new(Kind::Unavailable, "stopped", why)
    }
}
