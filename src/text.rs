//! Words, times and numbers as pages show them, the packet's and the server's. Evidence text is hostile: characters that
//! could make a reader see something else than the text says are shown as their code points.

use std::fmt::Write;

use chrono::{Duration, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use crate::clock::{self, Micros};
use crate::proof::id::Digest;

/// A text on one line: control characters and those that turn the reading direction stand as their code points.
pub fn line(text: &str) -> String {
    shown(text, |_| false)
}

/// A text of several lines, otherwise the same.
pub fn block(text: &str) -> String {
    shown(text, |c| matches!(c, '\n' | '\t'))
}

fn shown(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() || is_bidi_or_invisible(c)) && !keep(c) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Embeddings, overrides, isolates, and characters that nobody sees. Plain marks of scripts written from right to
/// left stay.
fn is_bidi_or_invisible(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Names that are not written as other words are.
const NAMES: &[(&str, &str)] = &[
    ("api", "API"),
    ("linkedin", "LinkedIn"),
    ("ncic", "NCIC"),
    ("tiktok", "TikTok"),
    ("url", "URL"),
    ("vk", "VK"),
    ("whatsapp", "WhatsApp"),
    ("youtube", "YouTube"),
];

/// A word of the contract as people write it.
pub fn label(word: &str) -> String {
    let named = |word| {
        NAMES
            .iter()
            .find(|(known, _)| *known == word)
            .map_or(word, |(_, name)| *name)
    };
    let words: Vec<&str> = word.split(['_', ' ']).map(named).collect();
    let mut text = line(&words.join(" "));
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// A time in UTC, and in the case's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// For programs.
    pub iso: String,
    /// In UTC.
    pub utc: String,
    /// In the case's zone, with its abbreviation.
    pub local: Option<String>,
}

impl Moment {
    /// A text that is no time, as it stands.
    pub fn unread(text: &str) -> Self {
        Self {
            iso: String::new(),
            utc: line(text),
            local: None,
        }
    }

    /// In UTC, to the minute.
    pub fn minute(&self) -> String {
        match self.utc.get(..16) {
            Some(minute) if self.utc.ends_with(" UTC") => format!("{minute} UTC"),
            _ => self.utc.clone(),
        }
    }

    /// In the case's zone, or in UTC where the case has none.
    pub fn shown(&self) -> &str {
        self.local.as_deref().unwrap_or(&self.utc)
    }
}

impl Moment {
    /// To the minute, in the case's zone, or in UTC where the case has none: for buttons and other short places.
    pub fn to_the_minute(&self) -> String {
        let shown = self.shown();
        match (shown.get(..16), shown.get(19..)) {
            (Some(minute), Some(rest)) if shown.get(16..17) == Some(":") => {
                let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
                format!("{minute}{zone}")
            }
            _ => shown.to_owned(),
        }
    }
}

/// How much time a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Days, which are told apart.
    Days,
    /// Years, of which months are told apart.
    Years,
}

/// The case's time zone; `None` where the case has none that is known.
#[derive(Debug, Clone, Copy)]
pub struct Zone(Option<Tz>);

impl Zone {
    /// By its IANA name.
    pub fn named(name: Option<&str>) -> Self {
        Self(name.and_then(|n| n.parse().ok()).filter(|tz| *tz != Tz::UTC))
    }

    /// Its name.
    pub fn name(&self) -> Option<&'static str> {
        self.0.map(|tz| tz.name())
    }

    /// The first instant of a day such as 2026-11-22, or of one so many days later.
    pub fn midnight(&self, day: &str, later: i64) -> Option<Micros> {
        let day: NaiveDate = day.parse().ok()?;
        let first = day.checked_add_signed(Duration::try_days(later)?)?;
        clock::parse_in(&format!("{first}T00:00"), self.0.unwrap_or(Tz::UTC))
    }

    /// The time that somebody typed, in this zone where it names none.
    pub fn read(&self, text: &str) -> Option<Micros> {
        clock::parse(text).or_else(|| clock::parse_typed(text, self.0.unwrap_or(Tz::UTC)))
    }

    /// An instant in both.
    pub fn at(&self, at: Micros) -> Moment {
        let Some(utc) = Utc.timestamp_micros(at).single() else {
            return Moment::unread(&at.to_string());
        };
        let pattern = if at % clock::SECOND == 0 {
            "%Y-%m-%d %H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M:%S%.3f"
        };
        let local = self
            .0
            .map(|tz| utc.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S %Z").to_string());
        Moment {
            iso: clock::format(at),
            utc: format!("{} UTC", utc.format(pattern)),
            local,
        }
    }

    fn local(&self, at: Micros) -> Option<chrono::DateTime<Tz>> {
        let utc = Utc.timestamp_micros(at).single()?;
        Some(utc.with_timezone(&self.0.unwrap_or(Tz::UTC)))
    }

    /// A sentence with its times, such as 2026-11-22T14:07:31.120000Z, as this zone shows them.
    pub fn in_text(&self, text: &str) -> String {
        let told = |word: &str| {
            let bare = word.trim_end_matches([',', '.', ';', ':', ')']);
            match is_time(bare) {
                true => format!("{}{}", self.told(bare).shown(), &word[bare.len()..]),
                false => word.to_owned(),
            }
        };
        text.split(' ').map(told).collect::<Vec<_>>().join(" ")
    }

    /// How far its clocks are ahead of UTC then.
    pub fn offset(&self, at: Micros) -> Micros {
        let ahead = self.local(at).map(|local| local.offset().fix().local_minus_utc());
        i64::from(ahead.unwrap_or_default()) * clock::SECOND
    }

    /// The instant at which its clocks show this: microseconds since 1970 as if the zone were UTC.
    pub fn instant(&self, shown: Micros) -> Micros {
        // The offset may have changed between the first guess and the instant itself.
        shown - self.offset(shown - self.offset(shown))
    }

    /// Day and time, short: `30 Oct, 21:00`.
    pub fn short_time(&self, at: Micros) -> String {
        self.local(at)
            .map(|local| local.format("%-d %b, %H:%M").to_string())
            .unwrap_or_default()
    }

    /// A day, short: `30 Oct`, or with its year alone `Oct 2026`.
    pub fn short_day(&self, at: Micros, of_year: Reach) -> String {
        let pattern = match of_year {
            Reach::Days => "%-d %b",
            Reach::Years => "%b %Y",
        };
        self.local(at)
            .map(|local| local.format(pattern).to_string())
            .unwrap_or_default()
    }

    /// The month of a time: `2026-10`.
    pub fn month(&self, at: Micros) -> String {
        self.local(at)
            .map(|local| local.format("%Y-%m").to_string())
            .unwrap_or_default()
    }

    /// From when to when a month lasts, which is written as `2026-10`.
    pub fn month_range(&self, month: &str) -> Option<(Micros, Micros)> {
        let tz = self.0.unwrap_or(Tz::UTC);
        let day = chrono::NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok()?;
        let next = day.checked_add_months(chrono::Months::new(1))?;
        let start = |day: chrono::NaiveDate| {
            clock::parse_in(&format!("{day}T00:00"), tz).or_else(|| clock::parse_in(&format!("{day}T01:00"), tz))
        };
        Some((start(day)?, start(next)?))
    }

    /// A time as a record tells it, as a field for day and time holds it: without seconds and zone where that is the same
    /// instant. What is no time stays as it is.
    pub fn typed(&self, text: &str) -> String {
        let Some(at) = clock::parse(text) else {
            return text.to_owned();
        };
        let tz = self.0.unwrap_or(Tz::UTC);
        let Some(local) = self.local(at) else {
            return text.to_owned();
        };
        let shorter = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].map(|pattern| local.format(pattern).to_string());
        let same = shorter.into_iter().find(|typed| clock::parse_in(typed, tz) == Some(at));
        same.unwrap_or_else(|| local.to_rfc3339())
    }

    /// A time as a record tells it; one that is no time is shown as it stands.
    pub fn told(&self, text: &str) -> Moment {
        clock::parse(text).map_or_else(|| Moment::unread(text), |at| self.at(at))
    }
}

/// A digest in groups of eight digits, so that two can be compared by eye.
pub fn groups(digest: &Digest) -> Vec<String> {
    let hex = digest.to_string();
    (0..8).map(|i| hex[i * 8..i * 8 + 8].to_owned()).collect()
}

/// A number with its thousands apart.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number of bytes, exact and rounded.
pub fn size(bytes: u64) -> String {
    let exact = format!("{} bytes", count(bytes));
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000)];
    match units.iter().find(|(_, scale)| bytes >= *scale) {
        Some((unit, scale)) => format!("{}.{} {unit} ({exact})", bytes / scale, bytes % scale * 10 / scale),
        None => exact,
    }
}

/// A number of bytes in the largest unit that fits, for lists: without the bytes one by one.
pub fn short_size(bytes: u64) -> String {
    let whole = size(bytes);
    whole.split(" (").next().unwrap_or_default().to_owned()
}

/// The first characters of a text, on one line.
pub fn short(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    line(&short)
}

/// A thing with its number, in singular or plural.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// One line of a list of particulars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub label: String,
    /// The value.
    pub value: String,
}

impl Fact {
    /// From a label of ours and a value of anybody's.
    pub fn new(label: &str, value: impl AsRef<str>) -> Self {
        Self {
            label: label.to_owned(),
            value: block(value.as_ref()),
        }
    }
}

/// Ids of this installation's own, which no reader needs.
const IDS: &[&str] = &["id", "case_id", "unit_id", "subject_id"];

/// What a record says, without ids and without the fields in `but`, which are shown elsewhere.
pub fn facts(record: &Value, zone: Zone, but: &[&str]) -> Vec<Fact> {
    let mut out = Vec::new();
    if let Value::Object(fields) = record {
        for (name, value) in fields
            .iter()
            .filter(|(n, _)| !but.contains(&n.as_str()) && !IDS.contains(&n.as_str()))
        {
            gather(&mut out, &label(name), value, zone);
        }
    }
    out
}

fn gather(out: &mut Vec<Fact>, name: &str, value: &Value, zone: Zone) {
    match value {
        Value::Object(fields) if !fields.contains_key("name") || fields.len() > 2 => {
            fields
                .iter()
                .filter(|(n, _)| *n != "id")
                .for_each(|(n, v)| gather(out, &format!("{name}: {}", inner(n)), v, zone));
        }
        Value::Array(all)
            if all.iter().any(Value::is_object) && all.iter().any(|v| v.get("name").is_none_or(Value::is_null)) =>
        {
            all.iter()
                .enumerate()
                .for_each(|(i, v)| gather(out, &format!("{name} {}", i + 1), v, zone));
        }
        other => out.extend(phrase(other, zone).map(|value| Fact {
            label: name.to_owned(),
            value,
        })),
    }
}

/// A word inside a label; the registry's name stays in capitals.
fn inner(word: &str) -> String {
    if word == "ncic" {
        "NCIC".into()
    } else {
        label(word).to_lowercase()
    }
}

/// A value as a phrase; `None` where there is nothing to say.
pub fn phrase(value: &Value, zone: Zone) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.into()),
        Value::Number(n) => Some(n.to_string()),
        Value::String(text) if is_time(text) => {
            let moment = zone.told(text);
            Some(match moment.local {
                Some(local) => format!("{} ({local})", moment.utc),
                None => moment.utc,
            })
        }
        Value::String(text) => Some(block(text)),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().filter_map(|v| phrase(v, zone)).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        Value::Object(fields) => fields.get("name").and_then(|v| phrase(v, zone)),
    }
}

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && clock::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hostile_text_shows_what_it_holds() {
        let cases = [
            ("photo\u{202e}gpj.exe", "photo⟨U+202E⟩gpj.exe"),
            ("a\nb", "a⟨U+000A⟩b"),
            ("zero\u{200b}width", "zero⟨U+200B⟩width"),
            ("שלום\u{200f} ok", "שלום\u{200f} ok"),
        ];
        for (text, seen) in cases {
            assert_eq!(line(text), seen);
        }
        assert_eq!(block("a\nb\r"), "a\nb⟨U+000D⟩");
    }

    #[test]
    fn times_stand_in_both_zones() {
        let zone = Zone::named(Some("America/New_York"));
        let moment = zone.told("2026-11-22T14:07:31.120Z");
        assert_eq!(moment.utc, "2026-11-22 14:07:31.120 UTC");
        assert_eq!(moment.local.as_deref(), Some("2026-11-22 09:07:31 EST"));
        assert_eq!(moment.to_the_minute(), "2026-11-22 09:07 EST");
        let utc = Zone::named(None).told("2026-11-22T14:07:31.120Z");
        assert_eq!(utc.to_the_minute(), "2026-11-22 14:07 UTC");
        assert_eq!(zone.told("last night").to_the_minute(), "last night");
        assert_eq!(
            zone.in_text("captured after it ended, from 2026-11-22T14:07:31.120000Z, not from Z"),
            "captured after it ended, from 2026-11-22 09:07:31 EST, not from Z"
        );
        assert_eq!(Zone::named(Some("Moon/Sea")).at(0).local, None);
        assert_eq!(zone.told("last <night>").utc, "last <night>");
    }

    #[test]
    fn words_are_written_as_people_write_them() {
        for (word, written) in [
            ("manual_screenshot", "Manual screenshot"),
            ("tiktok", "TikTok"),
            ("ncic number", "NCIC number"),
            ("x", "X"),
            ("instagram", "Instagram"),
        ] {
            assert_eq!(label(word), written);
        }
    }

    #[test]
    fn a_day_begins_in_its_zone() {
        let begins = |zone, day, later| Zone::named(Some(zone)).midnight(day, later).map(clock::format);
        let first = begins("America/New_York", "2026-11-01", 0);
        assert_eq!(first.as_deref(), Some("2026-11-01T04:00:00.000000Z"));
        // The clocks were set back on that day.
        let next = begins("America/New_York", "2026-11-01", 1);
        assert_eq!(next.as_deref(), Some("2026-11-02T05:00:00.000000Z"));
        assert_eq!(begins("UTC", "2026-11-31", 0), None);
    }

    #[test]
    fn numbers_are_read_easily() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(7_431_002), "7.4 MB (7,431,002 bytes)");
        assert_eq!(counted(1, "file", "files"), "1 file");
    }

    #[test]
    fn a_record_becomes_a_list() {
        let zone = Zone::named(None);
        let record = json!({
            "id": "x", "unit_id": "y", "lead": {"id": "u", "name": "A. B."}, "endangered": true, "none": null,
            "particulars": {"who": "C", "ncic": {"number": "unknown"}}, "platforms": ["web", "x"],
            "accounts": [{"platform": "x", "handle": "@h"}],
        });
        let mut seen: Vec<String> = facts(&record, zone, &["title"])
            .into_iter()
            .map(|f| format!("{}={}", f.label, f.value))
            .collect();
        seen.sort();
        let expected = [
            "Accounts 1: handle=@h",
            "Accounts 1: platform=x",
            "Endangered=yes",
            "Lead=A. B.",
            "Particulars: NCIC: number=unknown",
            "Particulars: who=C",
            "Platforms=web, x",
        ];
        assert_eq!(seen, expected);
    }
}
