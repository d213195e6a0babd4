//! The demonstration's story: a fictional agency, told as the requests that its people would send.
//!
//! `story.json` has a request a line: when (a day before today and an hour in New York, or so many hours or minutes before
//! now), by whom, what is asked of which route, under which name the answer's id is known later, and which of `files/` go
//! with it. `{name}` in an address or a text stands for such an id or a person's, `{time -19 21:47}` for a time, `{day 92 09:00}` for its day.

use chrono::{DateTime, Days};
use chrono_tz::America::New_York;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use std::collections::HashMap;

use crate::clock::{self, HOUR, MINUTE, Micros};
use crate::error::{Error, Result};
use crate::policy::Role;

/// Somebody of the demonstration: user name, name, role, unit.
pub(super) struct DemoPerson(pub &'static str, pub &'static str, pub Role, pub usize);

/// The units, the first one at the top.
pub(super) const UNITS: [&str; 3] = [
    "Harbor City Police (DEMO)",
    "Missing Persons and Fugitives",
    "Cyber Crimes",
];

/// Who can sign in; the first of each role is that role's "1".
pub(super) const PEOPLE: [DemoPerson; 12] = [
    DemoPerson("ines.moreau", "Det. Ines Moreau", Role::Investigator, 1),
    DemoPerson("tom.abara", "Det. Tom Abara", Role::Investigator, 2),
    DemoPerson("lena.fisk", "Det. Lena Fisk", Role::Investigator, 1),
    DemoPerson("ruth.calder", "Sgt. Ruth Calder", Role::Supervisor, 1),
    DemoPerson("omar.velez", "Sgt. Omar Velez", Role::Supervisor, 2),
    DemoPerson("paul.niemi", "ADA Paul Niemi", Role::Prosecutor, 0),
    DemoPerson("grace.obuya", "ADA Grace Obuya", Role::Prosecutor, 0),
    DemoPerson("hugo.lind", "Hugo Lind", Role::Auditor, 0),
    DemoPerson("mara.stein", "Mara Stein", Role::Auditor, 0),
    DemoPerson("nils.berg", "Nils Berg", Role::Administrator, 0),
    DemoPerson("vera.koch", "Vera Koch", Role::Administrator, 0),
    DemoPerson("edna.wolfe", "Capt. Edna Wolfe", Role::Supervisor, 0),
];

/// One request of the story.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryStep {
    pub at: String,
    pub by: String,
    /// Method and path below `/api/v1/`; `READY` waits until what is there is built.
    pub call: String,
    /// What the answer's id is called from here on.
    pub name: Option<String>,
    #[serde(default)]
    pub send: Map<String, Value>,
    #[serde(default)]
    pub files: Vec<StoryFile>,
}

/// A file that goes with a capture.
#[derive(Deserialize)]
pub(super) struct StoryFile {
    pub file: String,
    pub role: String,
}

/// The whole story, in the order of its times.
pub(super) fn steps() -> Result<Vec<StoryStep>> {
    Ok(serde_json::from_str(include_str!("story.json"))?)
}

/// The time that a text of the story means, seen from now.
pub(super) fn time(text: &str, now: Micros) -> Result<Micros> {
    read_time(text, now).ok_or_else(|| Error::internal(format!("the story knows no time `{text}`")))
}

fn read_time(text: &str, now: Micros) -> Option<Micros> {
    if let Some((days, hour)) = text.split_once(' ') {
        let today = DateTime::from_timestamp_micros(now)?
            .with_timezone(&New_York)
            .date_naive();
        let days: i64 = days.parse().ok()?;
        let span = Days::new(days.unsigned_abs());
        let day = if days < 0 { today - span } else { today + span };
        return clock::parse_in(&format!("{day}T{hour}"), New_York);
    }
    let (count, unit) = (text.trim_start_matches('-'), text.chars().last()?);
    let count: i64 = count.trim_end_matches(unit).parse().ok()?;
    match unit {
        'h' => Some(now - count * HOUR),
        'm' => Some(now - count * MINUTE),
        _ => None,
    }
}

/// What the names of the story stand for.
pub(super) struct Names {
    pub ids: HashMap<String, String>,
    pub now: Micros,
}

impl Names {
    /// A text with what its names stand for.
    pub fn fill(&self, text: &str) -> Result<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(&self.meant(name)?);
            rest = after;
        }
        Ok(out + rest)
    }

    fn meant(&self, name: &str) -> Result<String> {
        if let Some(text) = name.strip_prefix("time ") {
            return Ok(clock::format(time(text, self.now)?));
        }
        if let Some(text) = name.strip_prefix("day ") {
            return Ok(clock::format(time(text, self.now)?)[..10].to_owned());
        }
        let found = self.ids.get(name).cloned();
        found.ok_or_else(|| Error::internal(format!("the story knows no `{name}`")))
    }

    /// The same in every text of a request.
    pub fn fill_all(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => self.fill(text)?.into(),
            Value::Array(items) => items.iter().map(|item| self.fill_all(item)).collect::<Result<_>>()?,
            Value::Object(fields) => {
                let filled = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.fill_all(value)?)));
                Value::Object(filled.collect::<Result<_>>()?)
            }
            other => other.clone(),
        })
    }
}

/// What a capture of the demonstration says of itself where the story says nothing else. The browser took screenshots, and
/// nothing else; what was handed over says itself how it was taken, and nobody looked at a platform for it.
pub(super) fn capture(captured_at: Micros, said: Value, files: &[StoryFile]) -> Value {
    let mut capture = match said["basis"]["kind"].as_str() {
        Some("legal_process" | "consent" | "third_party") => json!({"access_means": "provided"}),
        _ => json!({"level": "overt", "device": "agency", "visibility": "public", "access_means": "official_account"}),
    };
    capture["captured_at"] = clock::format(captured_at).into();
    (capture["method"], capture["tool"]) = match files.iter().any(|file| file.role == "screenshot") {
        true => (
            "manual_screenshot".into(),
            json!({"name": "Chromium", "version": "156.0"}),
        ),
        false => (
            "import".into(),
            json!({"name": "Casetrail’s form", "version": env!("CARGO_PKG_VERSION")}),
        ),
    };
    if let (Value::Object(all), Value::Object(said)) = (&mut capture, said) {
        all.extend(said);
    }
    capture
}

/// The files of these names, each with its bytes.
macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_bytes!(concat!("files/", $name)))),*] };
}

const FILES: &[(&str, &[u8])] = files![
    "bus-shelter.png",
    "chat-friend.png",
    "dock-cam.png",
    "ferry-deck.mp4",
    "forum.mhtml",
    "forum.png",
    "house.png",
    "letter.png",
    "live-stream.mp4",
    "live-stream.png",
    "lookup.png",
    "market.png",
    "mural.png",
    "parking-lot.png",
    "phone-found.png",
    "post-harborlight.png",
    "post-tickets.png",
    "profile-river.png",
    "ride-receipt.png",
    "skate-park.png",
    "statement.pdf",
    "ticket-hall.png",
    "timetable.png",
    "voice.ogg",
];

/// The bytes of a file of the story.
pub(super) fn file(name: &str) -> Result<&'static [u8]> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    let missing = || Error::internal(format!("the story has no file `{name}`"));
    found.map(|(_, bytes)| *bytes).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_story_are_days_in_new_york_or_so_long_ago() {
        let now = clock::parse("2026-11-03T02:00:00Z").unwrap();
        let is = |text: &str| read_time(text, now).map(clock::format);
        // It is still the second of November there, and the clocks have just gone back.
        assert_eq!(is("-1 21:47").unwrap(), "2026-11-02T02:47:00.000000Z");
        assert_eq!(is("-3 21:47").unwrap(), "2026-10-31T01:47:00.000000Z");
        assert_eq!(is("200 12:00").unwrap(), "2027-05-21T16:00:00.000000Z");
        assert_eq!(is("-90m").unwrap(), "2026-11-03T00:30:00.000000Z");
        for none in ["", "soon", "-3d", "1 25:00", "x 10:00"] {
            assert_eq!(read_time(none, now), None, "{none}");
        }
    }

    #[test]
    fn every_step_can_be_told_at_any_hour() {
        let steps = steps().unwrap();
        for hour in 0..24 {
            let now = clock::parse("2026-11-20T05:30:00Z").unwrap() + hour * HOUR;
            let times: Vec<Micros> = steps.iter().map(|step| time(&step.at, now).unwrap()).collect();
            assert!(
                times.is_sorted() && times[0] > now - 15 * clock::DAY && times[times.len() - 1] < now,
                "{hour}"
            );
        }
    }

    #[test]
    fn what_was_handed_over_says_itself_how_it_was_taken() {
        for step in steps().unwrap() {
            let kind = step.send.get("basis").and_then(|basis| basis["kind"].as_str());
            if !matches!(kind, Some("legal_process" | "consent" | "third_party")) {
                continue;
            }
            assert!(
                step.send.contains_key("method") && step.send.contains_key("tool"),
                "{}",
                step.call
            );
            let said = capture(0, Value::Object(step.send.clone()), &step.files);
            assert!(said["method"] != "manual_screenshot" && said["tool"]["name"] != "Chromium");
            assert_eq!(
                (&said["access_means"], &said["visibility"]),
                (&json!("provided"), &Value::Null)
            );
        }
    }

    #[test]
    fn names_stand_for_what_was_made() {
        let names = Names {
            ids: HashMap::from([("dana".to_owned(), "1".to_owned())]),
            now: 0,
        };
        let said = json!({"path": "cases/{dana}/captures", "n": [1, "{dana}"], "t": "{time -1h}"});
        let filled = names.fill_all(&said).unwrap();
        assert_eq!(filled["path"], "cases/1/captures");
        assert_eq!(filled["n"], json!([1, "1"]));
        assert_eq!(filled["t"], "1969-12-31T23:00:00.000000Z");
        assert!(names.fill("{nobody}").is_err());
    }
}
