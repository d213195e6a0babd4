//! Time and randomness. All other code takes both as arguments; this module alone asks the system for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Utc;

use super::Micros;

/// Where the server takes its time from.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Micros;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Micros {
        Utc::now().timestamp_micros()
    }
}

/// A clock that is set by hand and ticks one microsecond a look: tests, and the history of the demo.
#[derive(Clone)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    /// A clock that shows this time.
    pub fn at(now: Micros) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    /// Moves the clock by so many microseconds.
    pub fn advance(&self, by: Micros) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Micros {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// The machine's clock, set back by an amount that can change: the demo's history, and then its present.
#[derive(Clone)]
pub struct ShiftedClock(Arc<AtomicI64>);

impl ShiftedClock {
    /// So many microseconds behind the machine's clock.
    pub fn behind(by: Micros) -> Self {
        Self(Arc::new(AtomicI64::new(by)))
    }

    /// Sets how far it is behind.
    pub fn set_behind(&self, by: Micros) {
        self.0.store(by, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Micros {
        SystemClock.now() - self.0.load(Ordering::SeqCst)
    }
}

/// Fills bytes from the operating system's generator.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0u8; N];
    // A machine without randomness must not make keys, salts or ids.
    getrandom::fill(&mut out).unwrap_or_else(|e| panic!("the operating system gives no randomness: {e}"));
    out
}

/// A new UUIDv7 (RFC 9562): ordered by time, unguessable by its 74 random bits.
pub fn new_id(now: Micros) -> String {
    let mut tail = random::<10>();
    let millis = u64::try_from(now / 1000).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid();
    tail.fill(0);
    id.to_string()
}
