//! A case's time zone: the name of a place, whose clocks change as its people's do.

use chrono_tz::Tz;

use crate::forms::Form;

/// Abbreviations, of which many name a zone without summer time, with the place that is meant.
const MEANT: &[(&str, &str)] = &[
    ("est", "America/New_York (America/Panama has no summer time)"),
    ("edt", "America/New_York"),
    ("et", "America/New_York"),
    ("cst", "America/Chicago (America/Regina has no summer time)"),
    ("cdt", "America/Chicago"),
    ("ct", "America/Chicago"),
    ("mst", "America/Denver (America/Phoenix has no summer time)"),
    ("mdt", "America/Denver"),
    ("mt", "America/Denver"),
    ("pst", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("pt", "America/Los_Angeles"),
    ("akst", "America/Anchorage"),
    ("akdt", "America/Anchorage"),
    ("hst", "Pacific/Honolulu"),
    ("ast", "America/Halifax (America/Puerto_Rico has no summer time)"),
    ("adt", "America/Halifax"),
    ("nst", "America/St_Johns"),
    ("gmt", "Europe/London, or UTC"),
    ("gmt0", "Europe/London, or UTC"),
    ("gmt+0", "Europe/London, or UTC"),
    ("gmt-0", "Europe/London, or UTC"),
    ("greenwich", "Europe/London, or UTC"),
    ("bst", "Europe/London"),
    ("wet", "Europe/Lisbon"),
    ("cet", "the capital's, such as Europe/Berlin"),
    ("cest", "the capital's, such as Europe/Berlin"),
    ("met", "the capital's, such as Europe/Berlin"),
    ("eet", "the capital's, such as Europe/Athens"),
    ("eest", "the capital's, such as Europe/Athens"),
    ("est5edt", "America/New_York"),
    ("cst6cdt", "America/Chicago"),
    ("mst7mdt", "America/Denver"),
    ("pst8pdt", "America/Los_Angeles"),
    ("ist", "Asia/Kolkata"),
    ("jst", "Asia/Tokyo"),
    ("aest", "Australia/Sydney (Australia/Brisbane has no summer time)"),
];

/// Reads it from a form.
pub(super) fn zone(form: &mut Form) -> Option<String> {
    let text = form.text("time_zone", 64)?;
    let lower = text.trim().to_lowercase();
    let meant = MEANT.iter().find(|(short, _)| *short == lower).map(|(_, place)| *place);
    // Their signs are turned round, and their clocks never change.
    let fixed = lower
        .strip_prefix("etc/")
        .is_some_and(|rest| rest.starts_with("gmt") || rest == "greenwich");
    match (meant, text.parse::<Tz>()) {
        (Some(place), _) => {
            let message =
                format!("is an abbreviation, and its clocks may never change: name the place that is meant, {place}");
            form.refuse("time_zone", "place", message);
        }
        (None, Ok(_)) if fixed => {
            let message = "is a fixed distance from UTC, with its sign turned round: name the place, such as America/New_York, or UTC";
            form.refuse("time_zone", "place", message);
        }
        (None, Ok(_)) => {}
        (None, Err(_)) => {
            let message = "must be a zone of the IANA database, such as America/New_York";
            form.refuse("time_zone", "iana", message);
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn zones_are_places() {
        let told = |text: &str| {
            let mut form = Form::new(json!({"time_zone": text})).unwrap();
            zone(&mut form);
            form.done().err().map(|e| (e.errors[0].rule.to_string(), e.detail))
        };
        for fine in [
            "America/New_York",
            "UTC",
            "Etc/UTC",
            "America/Phoenix",
            "Pacific/Honolulu",
        ] {
            assert_eq!(told(fine), None, "{fine}");
        }
        for (short, place) in [
            ("EST", "America/New_York"),
            ("mst", "America/Denver"),
            ("HST", "Pacific/Honolulu"),
            ("PST", "America/Los_Angeles"),
            ("GMT", "Europe/London"),
        ] {
            assert!(
                told(short).is_some_and(|(rule, why)| rule == "place" && why.contains(place)),
                "{short}"
            );
        }
        assert_eq!(told("Etc/GMT+5").unwrap().0, "place");
        assert_eq!(told("Moon/Sea").unwrap().0, "iana");
    }
}
