//! Instants as text, in UTC and as the clocks of a zone show them; and, in the server, time and randomness.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeZone, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(feature = "server")]
mod system;

#[cfg(feature = "server")]
pub use system::{Clock, SetClock, ShiftedClock, SystemClock, new_id, random};

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

/// Reads a time as people type it or copy it from a page: a blank stands for the `T`, seconds may be left out, and the
/// zone's own abbreviation may follow, or `UTC`. Of a time that a change of the clocks repeats, the abbreviation tells
/// which one is meant.
pub fn parse_typed(text: &str, zone: chrono_tz::Tz) -> Option<Micros> {
    let text = text.trim();
    let named = text
        .rsplit_once(' ')
        .filter(|(_, word)| word.bytes().all(|b| b.is_ascii_uppercase()));
    let (text, name) = named.map_or((text, None), |(text, name)| (text, Some(name)));
    let zone = if name == Some("UTC") { chrono_tz::Tz::UTC } else { zone };
    let first = parse_in(&text.replacen(' ', "T", 1), zone)?;
    let meant = |at: &Micros| {
        let local = DateTime::from_timestamp_micros(*at).map(|at| at.with_timezone(&zone));
        name.is_none_or(|name| local.is_some_and(|local| local.format("%Z").to_string() == name))
    };
    let again = Some(first + HOUR).filter(|again| is_same_hour(first, *again, zone));
    [Some(first), again].into_iter().flatten().find(meant)
}

/// Whether the clocks of a zone show the same at both times.
fn is_same_hour(one: Micros, other: Micros, zone: chrono_tz::Tz) -> bool {
    let shown = |at| Some(DateTime::from_timestamp_micros(at)?.with_timezone(&zone).naive_local());
    shown(one) == shown(other)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_pages_print_it() {
        let zone = chrono_tz::America::New_York;
        let typed = |text| parse_typed(text, zone).map(format);
        for text in [
            "2026-11-28 15:00",
            " 2026-11-28T15:00:00 ",
            "2026-11-28 15:00:00 EST",
            "2026-11-28 20:00 UTC",
        ] {
            assert_eq!(typed(text).as_deref(), Some("2026-11-28T20:00:00.000000Z"), "{text}");
        }
        // The hour that the clocks repeat.
        let (first, again) = (typed("2026-11-01 01:30 EDT"), typed("2026-11-01 01:30 EST"));
        assert_eq!(first.as_deref(), Some("2026-11-01T05:30:00.000000Z"));
        assert_eq!(again.as_deref(), Some("2026-11-01T06:30:00.000000Z"));
        for text in [
            "2026-11-28 15:00 EDT",
            "2026-11-28 15:00 CET",
            "2026-11-28",
            "15:00",
            "2026-11-28 3 pm",
            "",
        ] {
            assert_eq!(typed(text), None, "{text}");
        }
    }
}
