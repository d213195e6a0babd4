//! Times as the papers show them: in UTC and in the case's zone, and unknown where nobody knows them.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::clock::{self, Micros};
use crate::text::Zone;

/// A time, or null: null is printed as unknown, never as 00:00.
pub fn time(zone: Zone, at: Option<Micros>) -> Value {
    let Some(at) = at else { return Value::Null };
    let moment = zone.at(at);
    let utc = moment.utc.trim_end_matches(" UTC").to_owned();
    let local = moment.local.unwrap_or_else(|| format!("{utc} UTC"));
    let (local, abbr) = local.rsplit_once(' ').unwrap_or((&local, ""));
    let day = local.get(..10).unwrap_or_default();
    let weekday = day.parse::<NaiveDate>().map(|day| day.format("%A").to_string());
    json!({"utc": utc, "local": local, "abbr": abbr, "day": day, "weekday": weekday.unwrap_or_default()})
}

/// A time as a record tells it.
pub fn told(zone: Zone, record: &Value, pointer: &str) -> Value {
    time(zone, instant(record, pointer))
}

/// The instant that a record tells.
pub fn instant(record: &Value, pointer: &str) -> Option<Micros> {
    record.pointer(pointer)?.as_str().and_then(clock::parse)
}
