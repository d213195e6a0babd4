//! Time and randomness. All other code takes both as arguments; this module alone asks the system for them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeZone, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z, the unit of every instant in the server.
pub type Micros = i64;

/// One second.
pub const SECOND: Micros = 1_000_000;
/// One minute.
pub const MINUTE: Micros = 60 * SECOND;
/// One hour.
pub const HOUR: Micros = 60 * MINUTE;
/// One day of 24 hours.
pub const DAY: Micros = 24 * HOUR;

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

/// A time as the ledger writes it: RFC 3339, UTC, six digits.
pub fn format(at: Micros) -> String {
    match Utc.timestamp_micros(at).single() {
        Some(t) => t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        None => at.to_string(),
    }
}

/// A time as people send it: RFC 3339 with a zone. `None` when it has none, or is no time.
pub fn parse(text: &str) -> Option<Micros> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.timestamp_micros())
}

/// Reads what a field for day and time gives, such as `2026-12-13T14:00`, in a zone. A time that a change of the clocks
/// skips is none; of one that it repeats, the first counts.
pub fn parse_in(text: &str, zone: chrono_tz::Tz) -> Option<Micros> {
    let read = |pattern| chrono::NaiveDateTime::parse_from_str(text, pattern).ok();
    let local = read("%Y-%m-%dT%H:%M").or_else(|| read("%Y-%m-%dT%H:%M:%S"))?;
    let at = local.and_local_timezone(zone).earliest()?;
    Some(at.timestamp_micros())
}

/// An instant as records keep it: written as `format` writes it, read as `parse` reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub Micros);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(self.0))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let at = parse(&text).ok_or_else(|| D::Error::custom(format_args!("`{text}` is no RFC 3339 time")))?;
        Ok(Self(at))
    }
}

/// A time for names of files and folders: `20261122T140731Z`.
pub fn compact(at: Micros) -> String {
    Utc.timestamp_micros(at)
        .single()
        .map(|t| t.format("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_default()
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
