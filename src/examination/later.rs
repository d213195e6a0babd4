//! Whether a file says that it was made later than it was received: then a clock was wrong, or somebody set the time.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::model::{FactSource, Findings};
use crate::clock::{Micros, SECOND};
use crate::text::Zone;

/// The zone that is farthest ahead of UTC. A time without a zone that is no more ahead than this may be right somewhere.
const FARTHEST: Micros = 14 * 3600 * SECOND;

/// When a file says that it was made: the source and name of the fact, that of its zone where another fact names it, and what
/// it is.
const TIMES: [(FactSource, &str, Option<&str>, &str); 13] = [
    (
        FactSource::Exif,
        "DateTimeOriginal",
        Some("OffsetTimeOriginal"),
        "when it was taken",
    ),
    (
        FactSource::Exif,
        "DateTimeDigitized",
        Some("OffsetTimeDigitized"),
        "when it was digitized",
    ),
    (FactSource::Exif, "DateTime", Some("OffsetTime"), "when it was changed"),
    (FactSource::Xmp, "xmp:CreateDate", None, "when it was made"),
    (FactSource::Xmp, "xmp:ModifyDate", None, "when it was changed"),
    (FactSource::Xmp, "photoshop:DateCreated", None, "when it was made"),
    (FactSource::Media, "creation_time", None, "when it was made"),
    (
        FactSource::Media,
        "com.apple.quicktime.creationdate",
        None,
        "when it was taken",
    ),
    (FactSource::Archive, "First record", None, "when it was archived"),
    (FactSource::Archive, "Last record", None, "when it was archived"),
    (FactSource::Archive, "Created", None, "when it was made"),
    (FactSource::Archive, "Main page taken", None, "when its page was taken"),
    (FactSource::Page, "Date in its head", None, "when it was saved"),
];

/// A time as a file writes it, with a zone or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WrittenTime {
    Instant(Micros),
    /// As a clock showed it, and nobody knows where.
    Local(Micros),
}

/// Why what a file says of its time cannot be: it is later than the receipt. None where nothing is.
pub fn later_than(found: &Findings, received: Micros) -> Option<String> {
    let said = |source: FactSource, name: &str| {
        let fact = found
            .facts
            .iter()
            .find(|fact| fact.source == source && fact.name == name);
        fact.map(|fact| fact.value.as_str())
    };
    TIMES.into_iter().find_map(|(source, name, zone, what)| {
        let written = said(source, name)?;
        let zone = zone.and_then(|zone| said(source, zone)).unwrap_or_default();
        let full = format!("{written} {zone}");
        let time = read(full.trim())?;
        let (at, allowed, no_zone) = match time {
            WrittenTime::Instant(at) => (at, 0, ""),
            WrittenTime::Local(at) => (at, FARTHEST, NO_ZONE),
        };
        let received_at = Zone::named(None).at(received).utc;
        (at > received.saturating_add(allowed)).then(|| {
            format!(
                "{name} says {what}: {}. It was received at {received_at}, which is earlier.{no_zone} A clock was wrong, or the time was set",
                full.trim()
            )
        })
    })
}

const NO_ZONE: &str = " The file names no zone: in the one farthest ahead, UTC+14, it would still be later.";

/// Reads EXIF (`2026:11:22 14:07:31`), RFC 3339 and its kin, and the dates of mails and web pages.
fn read(text: &str) -> Option<WrittenTime> {
    let instant = |at: DateTime<Utc>| Some(WrittenTime::Instant(at.timestamp_micros()));
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return instant(at.to_utc());
    }
    if let Ok(at) = DateTime::parse_from_rfc2822(text) {
        return instant(at.to_utc());
    }
    for format in [
        "%Y:%m:%d %H:%M:%S%.f %z",
        "%Y-%m-%d %H:%M:%S%.f %z",
        "%Y-%m-%dT%H:%M:%S%.f%z",
    ] {
        if let Ok(at) = DateTime::parse_from_str(text, format) {
            return instant(at.to_utc());
        }
    }
    for format in [
        "%Y:%m:%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
    ] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return Some(WrittenTime::Local(at.and_utc().timestamp_micros()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(facts: &[(FactSource, &str, &str)], received: &str) -> Option<String> {
        let mut found = Findings::default();
        for (source, name, value) in facts {
            found.fact(*source, *name, value);
        }
        later_than(&found, crate::clock::parse(received).expect("a time"))
    }

    const RECEIVED: &str = "2026-11-22T12:00:00.000000Z";

    #[test]
    fn a_time_without_a_zone_may_be_fourteen_hours_ahead() {
        let taken = |at: &str| told(&[(FactSource::Exif, "DateTimeOriginal", at)], RECEIVED);
        for at in [
            "2026:11:22 11:00:00",
            "2026:11:23 02:00:00",
            "0000:00:00 00:00:00",
            "unknown",
        ] {
            assert_eq!(taken(at), None, "{at}");
        }
        let why = taken("2026:11:23 02:00:01").expect("later everywhere");
        for part in [
            "2026:11:23 02:00:01",
            "received at 2026-11-22 12:00:00 UTC",
            "no zone",
            "UTC+14",
        ] {
            assert!(why.contains(part), "{why}");
        }
        assert!(why.len() < 500, "{why}");
    }

    #[test]
    fn a_time_with_a_zone_is_later_by_a_second() {
        let taken = |at: &str, zone: &str| {
            let facts = [
                (FactSource::Exif, "DateTimeOriginal", at),
                (FactSource::Exif, "OffsetTimeOriginal", zone),
            ];
            told(&facts, RECEIVED)
        };
        assert_eq!(taken("2026:11:22 14:00:00", "+02:00"), None);
        let why = taken("2026:11:22 14:00:01", "+02:00").expect("later");
        assert!(why.contains("14:00:01 +02:00") && !why.contains("no zone"), "{why}");
    }

    #[test]
    fn every_source_is_asked() {
        for (source, name, value) in [
            (FactSource::Media, "creation_time", "2026-11-22T12:00:01.000000Z"),
            (FactSource::Archive, "First record", "2026-11-22T12:00:01Z"),
            (FactSource::Archive, "Last record", "2027-01-01T00:00:00Z"),
            (FactSource::Page, "Date in its head", "Sun, 22 Nov 2026 12:00:01 GMT"),
            (FactSource::Xmp, "xmp:CreateDate", "2026-11-22T13:00:01+01:00"),
            (FactSource::Xmp, "xmp:CreateDate", "2026-11-23T02:00:01"),
        ] {
            assert!(told(&[(source, name, value)], RECEIVED).is_some(), "{name}: {value}");
            assert_eq!(
                told(&[(source, name, value)], "2027-11-22T12:00:00.000000Z"),
                None,
                "{name}"
            );
        }
        assert_eq!(
            told(&[(FactSource::Exif, "Make", "2099:01:01 00:00:00")], RECEIVED),
            None
        );
    }
}
